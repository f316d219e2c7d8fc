//! Which of one's memberships this session carries, and going on as another. Nothing for those who have
//! one.

use fleetward_common::people::OwnMembership;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::{Event, Html, TargetCast, component, html, use_state_eq};

use crate::{
    api::{people, session},
    hooks::use_query,
};

#[component(MembershipSwitch)]
pub fn membership_switch() -> Html {
    let own = use_query((), |()| people::own_memberships());
    let failed = use_state_eq(|| false);
    let Some(own) = own.ready().filter(|own| own.len() > 1).cloned() else {
        return html! {};
    };
    let switch = {
        let (own, failed) = (own.clone(), failed.clone());
        move |event: Event| {
            let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
            let Some(membership) = own
                .iter()
                .map(|own| own.membership)
                .find(|id| id.to_string() == chosen)
            else {
                return;
            };
            let failed = failed.clone();
            spawn_local(async move {
                match people::switch(membership).await {
                    // Another role has another portal: the server knows which.
                    Ok(_) => session::go_home(),
                    Err(error) if error.needs_sign_in() => session::go_to_sign_in(),
                    Err(_) => failed.set(true),
                }
            });
        }
    };
    html! {
        <div class="memberships">
            <label class="hidden" for="membership">{ "You act as" }</label>
            <select id="membership" onchange={switch}>
                { for own.iter().map(|own| html! {
                    <option value={own.membership.to_string()} selected={own.current}>{ words(own) }</option>
                }) }
            </select>
            if *failed { <p class="person-failed" role="alert">{ "Not changed: the portal does not answer, or this access has ended." }</p> }
        </div>
    }
}

fn words(own: &OwnMembership) -> String {
    format!("{}, {}", own.role.title(), own.organisation_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{access::Role, id::MembershipId};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_membership_is_called_by_its_role_and_its_house() {
        let own = OwnMembership {
            membership: MembershipId::from_bytes([1; 16]),
            organisation_name: "St Anne’s Hospital".to_owned(),
            role: Role::Physician,
            units: Vec::new(),
            current: true,
        };
        assert_eq!(words(&own), "Physician, St Anne’s Hospital");
    }
}

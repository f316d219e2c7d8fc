//! What stands around every page while an emergency access is open, and who asks whether one is.

use fleetward_common::{
    access::{Action, Kind},
    emergency::OpenEmergency,
};
use std::rc::Rc;
use yew::{Callback, Children, ContextProvider, Html, Properties, component, hook, html, use_context};

use super::banner::EmergencyBanner;
use crate::{
    api::{self, clock},
    hooks::{use_permitted, use_query, use_refresh},
};

/// Also tells pages when it began and ended.
const ASK_EVERY: u32 = 20_000;

/// What this session has open, and how to ask again.
#[derive(Clone, PartialEq)]
pub struct Emergency {
    pub open: Option<Rc<OpenEmergency>>,
    pub reload: Callback<()>,
}

/// `None` where the portal has no emergency access.
#[hook]
pub fn use_emergency() -> Option<Emergency> {
    use_context::<Emergency>()
}

#[derive(Properties, PartialEq)]
pub struct EmergencyShellProps {
    #[prop_or_default]
    pub children: Children,
}

#[component(EmergencyShell)]
pub fn emergency_shell(props: &EmergencyShellProps) -> Html {
    let may_open = use_permitted(Kind::Patient, Action::OpenEmergency);
    let state = use_query(may_open, |may_open| async move {
        if !may_open {
            return Ok(None);
        }
        let state = api::emergency::state().await?;
        clock::heard(state.server_time);
        Ok(state.open.map(Rc::new))
    });
    use_refresh(state.reload.clone(), ASK_EVERY);
    let open = state.ready().and_then(|open| (**open).clone());
    let emergency = Emergency {
        open: open.clone(),
        reload: state.reload.clone(),
    };
    let children = html! {
        <ContextProvider<Emergency> context={emergency}>{ for props.children.iter() }</ContextProvider<Emergency>>
    };
    match open {
        None => html! { <div class="around">{ children }</div> },
        Some(open) => html! {
            <div class="around in-emergency">
                <div class="emergency-frame" aria-hidden="true"></div>
                <EmergencyBanner {open} reload={state.reload.clone()} />
                { children }
            </div>
        },
    }
}

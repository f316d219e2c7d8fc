//! How long the organisation gives its privacy officers, in hours.

use fleetward_common::{
    id::OrganisationId,
    people::OrganisationView,
    review::{Deadlines, LONGEST_DEADLINE_HOURS},
};
use web_sys::SubmitEvent;
use yew::{Callback, Html, NodeRef, Properties, component, html};

use super::{ProofFirst, use_deed};
use crate::{
    api::people,
    hooks::{text_of, use_text},
    ui::panel::Panel,
};

#[derive(Properties, PartialEq)]
pub struct DeadlinesFormProps {
    pub organisation: OrganisationId,
    pub deadlines: Deadlines,
    pub on_saved: Callback<()>,
}

#[component(DeadlinesForm)]
pub fn deadlines_form(props: &DeadlinesFormProps) -> Html {
    let deed = use_deed();
    let held = props.deadlines;
    let emergency = use_text(held.emergency_hours.to_string());
    let unexplained = use_text(held.unexplained_hours.to_string());
    let answer = use_text(held.answer_hours.to_string());
    let save = {
        let (deed, on_saved, id) = (deed.clone(), props.on_saved.clone(), props.organisation);
        let (emergency, unexplained, answer) = (emergency.clone(), unexplained.clone(), answer.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            // What is no number the server refuses in a sentence.
            let hours = |field: &NodeRef| text_of(field).trim().parse().unwrap_or(0);
            let wanted = Deadlines {
                emergency_hours: hours(&emergency),
                unexplained_hours: hours(&unexplained),
                answer_hours: hours(&answer),
            };
            let on_saved = on_saved.clone();
            deed.send(
                move || async move { people::set_review_deadlines(id, &wanted).await },
                "Saved. Reviews that are open keep the time they had.",
                Callback::from(move |_: OrganisationView| on_saved.emit(())),
            );
        }
    };
    let field = |label: &'static str, field: &NodeRef| {
        html! {
            <label class="hours"><span>{ label }</span>
                <input ref={field.clone()} type="number" inputmode="numeric" min="1" max={LONGEST_DEADLINE_HOURS.to_string()} required=true /><span>{ "hours" }</span></label>
        }
    };
    html! {
        <Panel title="Time for privacy reviews">
            <form class="body deadlines" onsubmit={save}>
                { field("An emergency access is decided within", &emergency) }
                { field("A look that nothing explains, within", &unexplained) }
                { field("Whoever is asked answers within", &answer) }
                <div><button type="submit" class="button" disabled={deed.is_sending()}>{ "Save" }</button></div>
                { deed.say() }
            </form>
            <ProofFirst deed={deed.clone()} waiting={deed.proof()} />
        </Panel>
    }
}

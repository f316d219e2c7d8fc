//! The reason and the sentence: what every opening and every extension needs.

use fleetward_common::emergency::{EmergencyReason, LONGEST_SENTENCE};
use web_sys::{HtmlTextAreaElement, InputEvent};
use yew::{AttrValue, Callback, Html, Properties, TargetCast, component, html};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Why {
    pub reason: Option<EmergencyReason>,
    pub sentence: String,
}

#[derive(Properties, PartialEq)]
pub struct ReasonProps {
    /// Makes the fields' ids and names differ where two forms are on a page.
    pub id: AttrValue,
    pub why: Why,
    pub on_change: Callback<Why>,
    /// What is wrong with it, if it was sent like this.
    pub complaint: Option<AttrValue>,
}

#[component(ReasonFields)]
pub fn reason_fields(props: &ReasonProps) -> Html {
    let id = &props.id;
    let choose = |reason: EmergencyReason| {
        let (why, on_change) = (props.why.clone(), props.on_change.clone());
        move |_| {
            on_change.emit(Why {
                reason: Some(reason),
                ..why.clone()
            });
        }
    };
    let write = {
        let (why, on_change) = (props.why.clone(), props.on_change.clone());
        move |event: InputEvent| {
            if let Some(area) = event.target_dyn_into::<HtmlTextAreaElement>() {
                on_change.emit(Why {
                    sentence: area.value(),
                    ..why.clone()
                });
            }
        }
    };
    html! {
        <>
            <div class="bg-step" role="radiogroup" aria-labelledby={format!("{id}-reason")}>
                <p class="legend" id={format!("{id}-reason")}><span class="mark" aria-hidden="true">{ "1" }</span>{ "What is the emergency?" }</p>
                <div class="reasons">
                    { for EmergencyReason::ALL.iter().enumerate().map(|(at, reason)| html! {
                        <label class="reason">
                            <input type="radio" name={format!("{id}-reason")} checked={props.why.reason == Some(*reason)} onchange={choose(*reason)} />
                            <span><b>{ reason.title() }</b><span>{ reason.hint() }</span></span>
                            <kbd aria-hidden="true">{ at + 1 }</kbd>
                        </label>
                    }) }
                </div>
            </div>
            <div class="bg-step">
                <label class="legend" for={format!("{id}-why")}><span class="mark" aria-hidden="true">{ "2" }</span>{ "In one sentence, why?" }</label>
                <textarea id={format!("{id}-why")} rows="2" maxlength={LONGEST_SENTENCE.to_string()} value={props.why.sentence.clone()} oninput={write}
                    aria-describedby={format!("{id}-hint")} aria-invalid={props.complaint.is_some().to_string()} />
                <p class="hint" id={format!("{id}-hint")}>{ "The privacy officer reads it, and the patient may. Ten characters are enough." }</p>
                if let Some(complaint) = &props.complaint { <p class="bg-wrong" role="alert">{ complaint }</p> }
            </div>
        </>
    }
}

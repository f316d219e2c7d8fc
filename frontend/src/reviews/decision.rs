//! The decision: 1, 2, 3 choose, a note is always needed, then confirm. Whoever proved themselves longer
//! than five minutes ago does so once more first; what was chosen and written stays.

use fleetward_common::{
    id::AccessReviewId,
    review::{Decide, Decision, MayDecide, ReviewState},
};
use web_sys::{HtmlElement, HtmlTextAreaElement, InputEvent, KeyboardEvent, SubmitEvent};
use yew::{Callback, Html, Properties, TargetCast, component, html, use_node_ref, use_state_eq};

use crate::{
    api,
    hooks::use_keys,
    identity::{parts::step_up_dialog::Needs, use_deed},
};

#[derive(Properties, PartialEq)]
pub struct DecisionProps {
    pub review: AccessReviewId,
    pub person: String,
    pub state: ReviewState,
    pub may: MayDecide,
    /// `4 h 57 min left of 72 h`
    pub due: String,
    pub on_decided: Callback<()>,
}

const CHOICES: [Decision; 3] = [Decision::Appropriate, Decision::NeedsAnswer, Decision::Breach];

#[component(DecisionForm)]
pub fn decision_form(props: &DecisionProps) -> Html {
    let chosen = use_state_eq(|| None::<Decision>);
    let note = use_state_eq(String::new);
    let complaint = use_state_eq(|| None::<String>);
    let deed = use_deed(Needs::Strong);
    let area = use_node_ref();
    use_keys({
        let (chosen, area) = (chosen.clone(), area.clone());
        Callback::from(move |event: KeyboardEvent| {
            let key: Option<usize> = event.key().parse().ok();
            if let Some(choice) = key.and_then(|key| CHOICES.get(key.checked_sub(1)?)) {
                chosen.set(Some(*choice));
            } else if event.key() == "n" {
                event.prevent_default();
                if let Some(area) = area.cast::<HtmlElement>() {
                    // An element that can't take focus just doesn't.
                    let _ = area.focus();
                }
            }
        })
    });
    if let MayDecide::No { why } = &props.may {
        return html! {
            <section class="panel decision closed" aria-labelledby="decide">
                <header class="slim"><h2 id="decide">{ "Your decision" }</h2><span class="end">{ &props.due }</span></header>
                <p class="body">{ why }</p>
            </section>
        };
    }
    let send = {
        let (chosen, note, complaint, deed) = (chosen.clone(), note.clone(), complaint.clone(), deed.clone());
        let (review, on_decided) = (props.review, props.on_decided.clone());
        Callback::from(move |()| {
            let Some(decision) = *chosen else {
                return complaint.set(Some("Choose 1, 2 or 3 first.".to_owned()));
            };
            complaint.set(None);
            let asked = Decide {
                decision,
                note: (*note).clone(),
            };
            let (chosen, note, on_decided) = (chosen.clone(), note.clone(), on_decided.clone());
            deed.run(move || {
                let (asked, chosen, note) = (asked.clone(), chosen.clone(), note.clone());
                let on_decided = on_decided.clone();
                async move {
                    api::reviews::decide(review, &asked).await?;
                    chosen.set(None);
                    note.set(String::new());
                    on_decided.emit(());
                    Ok(())
                }
            });
        })
    };
    let on_submit = {
        let send = send.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(());
        }
    };
    let on_keydown = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            send.emit(());
        }
    };
    let write = {
        let note = note.clone();
        move |event: InputEvent| {
            if let Some(area) = event.target_dyn_into::<HtmlTextAreaElement>() {
                note.set(area.value());
            }
        }
    };
    html! {
        <section class="panel decision" aria-labelledby="decide">
            <header class="slim"><h2 id="decide">{ "Your decision" }</h2><span class="end">{ &props.due }</span></header>
            <form onsubmit={on_submit} onkeydown={on_keydown}>
                <div role="radiogroup" aria-labelledby="decide" class="verdicts">
                    { for CHOICES.iter().enumerate().map(|(at, choice)| {
                        let (title, means) = words(*choice, props);
                        let (chosen_now, chosen, choice) = (*chosen == Some(*choice), chosen.clone(), *choice);
                        html! {
                            <label class="verdict">
                                <input type="radio" name="verdict" checked={chosen_now} onchange={move |_| chosen.set(Some(choice))} />
                                <span><b>{ title }</b><span>{ means }</span></span><kbd aria-hidden="true">{ at + 1 }</kbd>
                            </label>
                        }
                    }) }
                </div>
                <label class="legend" for="note">{ "Note, always needed" }</label>
                <textarea id="note" ref={area} rows="3" maxlength="2000" value={(*note).clone()} oninput={write} />
                if let Some(complaint) = &*complaint { <p class="bg-wrong" role="alert">{ complaint }</p> }
                <div class="go"><button type="submit" class="button primary" disabled={deed.is_sending()}>{ confirm(*chosen) }{ " " }<kbd>{ "Ctrl Enter" }</kbd></button></div>
            </form>
            { deed.outcome() }
        </section>
    }
}

fn confirm(chosen: Option<Decision>) -> &'static str {
    match chosen {
        None => "Choose, then confirm",
        Some(Decision::Appropriate) => "Confirm: appropriate",
        Some(Decision::NeedsAnswer) => "Confirm: ask",
        Some(Decision::Breach) => "Confirm: breach",
    }
}

fn words(choice: Decision, props: &DecisionProps) -> (&'static str, String) {
    let second = props.state == ReviewState::SecondReview;
    match choice {
        Decision::Appropriate if second => ("Appropriate", "You disagree; it is decided anew".to_owned()),
        Decision::Appropriate => ("Appropriate", "Care, or preparing it, explains it".to_owned()),
        Decision::NeedsAnswer => (
            "Needs an answer",
            format!("Asks {}; the deadline keeps running", props.person),
        ),
        Decision::Breach if second => ("Breach", "You agree with the first reviewer".to_owned()),
        Decision::Breach => ("Breach", "A second reviewer has to agree".to_owned()),
    }
}

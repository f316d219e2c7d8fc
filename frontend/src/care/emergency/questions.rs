//! What a privacy officer asks the person who looked, and the place for the answer.

use fleetward_common::review::{GiveAnswer, Question};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlTextAreaElement, InputEvent, SubmitEvent};
use yew::{Callback, Html, Properties, TargetCast, component, html, use_state_eq};

use super::asking::{self, Next};
use crate::{
    api::{self, clock},
    hooks::{use_query, use_refresh},
    ui::{panel::Panel, zone::Zone},
};

/// Nothing where nothing is asked.
#[component(Questions)]
pub fn questions() -> Html {
    let asked = use_query((), |()| api::reviews::asked());
    use_refresh(asked.reload.clone(), 60_000);
    let questions: Rc<Vec<Question>> = asked.ready().cloned().unwrap_or_default();
    if questions.is_empty() {
        return html! {};
    }
    html! {
        <Panel title="A privacy officer asks you" class="questions">
            { for questions.iter().map(|question| html! {
                <AnswerForm key={question.review.to_string()} question={question.clone()} on_answered={asked.reload.clone()} />
            }) }
        </Panel>
    }
}

#[derive(Properties, PartialEq)]
struct AnswerFormProps {
    question: Question,
    on_answered: Callback<()>,
}

#[component(AnswerForm)]
fn answer_form(props: &AnswerFormProps) -> Html {
    let answer = use_state_eq(String::new);
    let complaint = use_state_eq(|| None::<String>);
    let (question, zone, now) = (&props.question, Zone::of_viewer(), clock::now());
    let id = format!("answer-{}", question.review);
    let send = {
        let (answer, complaint) = (answer.clone(), complaint.clone());
        let (review, on_answered) = (question.review, props.on_answered.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let given = GiveAnswer {
                answer: (*answer).clone(),
            };
            let (complaint, on_answered) = (complaint.clone(), on_answered.clone());
            spawn_local(async move {
                match api::reviews::answer(review, &given).await {
                    Ok(()) => on_answered.emit(()),
                    Err(error) => complaint.set(match asking::after(&error) {
                        Next::Say(words) => Some(words),
                        Next::Prove => None,
                    }),
                }
            });
        }
    };
    let write = {
        let answer = answer.clone();
        move |event: InputEvent| {
            if let Some(area) = event.target_dyn_into::<HtmlTextAreaElement>() {
                answer.set(area.value());
            }
        }
    };
    html! {
        <form class="question" onsubmit={send}>
            <p><b>{ &question.asked_by }</b>{ " about what you opened " }{ zone.moment(question.opened_at, now) }{ ":" }</p>
            <blockquote>{ &question.question }</blockquote>
            <label class="legend" for={id.clone()}>{ "Your answer" }</label>
            <textarea id={id} rows="2" value={(*answer).clone()} oninput={write} />
            if let Some(complaint) = &*complaint { <p class="question-wrong" role="alert">{ complaint }</p> }
            <p class="question-go"><button type="submit" class="button primary">{ "Answer" }</button>
                <span class="muted">{ if now > question.due_at { "It was expected by " } else { "Expected by " } }{ zone.moment(question.due_at, now) }</span></p>
        </form>
    }
}

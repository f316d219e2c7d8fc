//! One change on its way: Sending, then done or refused. Nothing is shown as done before the server says
//! so. When it asks for a fresh proof first, the change waits for it and is then sent again.

use fleetward_common::error::ErrorCode;
use std::{future::Future, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, Html, UseStateHandle, hook, html, use_state, use_state_eq};

use crate::{
    api::{self, ApiError},
    ui::icon::Icon,
};

#[derive(Debug, Clone, PartialEq)]
enum State {
    Idle,
    Sending,
    Done(&'static str),
    Failed(ApiError),
}

#[derive(Clone)]
pub struct Deed {
    state: UseStateHandle<State>,
    /// What is sent again once the person has proven who they are.
    after_proof: UseStateHandle<Option<Callback<()>>>,
}

/// By what the page says about it.
impl PartialEq for Deed {
    fn eq(&self, other: &Self) -> bool {
        *self.state == *other.state && *self.after_proof == *other.after_proof
    }
}

#[hook]
pub fn use_deed() -> Deed {
    Deed {
        state: use_state_eq(|| State::Idle),
        after_proof: use_state(|| None),
    }
}

impl Deed {
    pub fn is_sending(&self) -> bool {
        *self.state == State::Sending
    }

    /// Sends `ask`; `then` hears the answer, `said` is what the page says about it.
    pub fn send<T, R>(&self, ask: impl Fn() -> R + 'static, said: &'static str, then: Callback<T>)
    where
        T: 'static,
        R: Future<Output = Result<T, ApiError>> + 'static,
    {
        try_it(self.clone(), Rc::new(ask), said, then);
    }

    /// What the page says about it now.
    pub fn say(&self) -> Html {
        match &*self.state {
            State::Idle => html! { <p class="deed" role="status"></p> },
            State::Sending => html! { <p class="deed" role="status">{ "Sending …" }</p> },
            State::Done(said) => {
                html! { <p class="deed done" role="status"><Icon name="check" />{ *said }</p> }
            }
            State::Failed(error) => {
                html! { <p class="deed failed" role="alert"><Icon name="info" />{ words(error) }</p> }
            }
        }
    }

    /// Where the proof is asked for; nothing while none is needed.
    pub fn proof(&self) -> Option<Callback<()>> {
        (*self.after_proof).clone()
    }

    pub fn forget_proof(&self) {
        self.after_proof.set(None);
    }
}

fn try_it<T, R>(deed: Deed, ask: Rc<dyn Fn() -> R>, said: &'static str, then: Callback<T>)
where
    T: 'static,
    R: Future<Output = Result<T, ApiError>> + 'static,
{
    deed.state.set(State::Sending);
    spawn_local(async move {
        match ask().await {
            Ok(answer) => {
                deed.state.set(State::Done(said));
                deed.after_proof.set(None);
                then.emit(answer);
            }
            Err(error) if error.needs_sign_in() => api::session::go_to_sign_in(),
            Err(error) => {
                if error.code() == Some(ErrorCode::StepUpRequired) {
                    let again = {
                        let deed = deed.clone();
                        Callback::from(move |()| {
                            deed.after_proof.set(None);
                            try_it(deed.clone(), ask.clone(), said, then.clone());
                        })
                    };
                    deed.after_proof.set(Some(again));
                    deed.state.set(State::Idle);
                    return;
                }
                deed.state.set(State::Failed(error));
            }
        }
    });
}

fn words(error: &ApiError) -> String {
    match error {
        ApiError::NoAnswer => "Not done: the portal does not answer. Try again.".to_owned(),
        ApiError::Unreadable { status } => {
            format!("Perhaps done: the answer (number {status}) could not be read. Load the page anew.")
        }
        ApiError::Refused(body) => body.message.clone(),
    }
}

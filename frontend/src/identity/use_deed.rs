//! Something that the server may answer with "first prove who you are": it asks, and does it after the
//! proof. Sending, then done or refused; never as if it were done already.

use fleetward_common::error::ErrorCode;
use std::{future::Future, pin::Pin, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, Html, UseStateHandle, hook, html, use_state, use_state_eq};

use super::parts::step_up_dialog::{Needs, StepUpDialog};
use crate::api::{ApiError, PasskeyError};

type Work = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), PasskeyError>>>>>;

#[derive(Clone)]
pub struct Deed {
    sending: UseStateHandle<bool>,
    trouble: UseStateHandle<Option<String>>,
    waiting: UseStateHandle<Option<Work>>,
    needs: Needs,
}

/// By what the page says about it.
impl PartialEq for Deed {
    fn eq(&self, other: &Self) -> bool {
        *self.sending == *other.sending && *self.trouble == *other.trouble
    }
}

#[hook]
pub fn use_deed(needs: Needs) -> Deed {
    Deed {
        sending: use_state_eq(|| false),
        trouble: use_state_eq(|| None),
        waiting: use_state(|| None),
        needs,
    }
}

impl Deed {
    /// Does it, as often as it takes: once more after a proof.
    pub fn run<F>(&self, work: impl Fn() -> F + 'static)
    where
        F: Future<Output = Result<(), PasskeyError>> + 'static,
    {
        self.start(Rc::new(move || Box::pin(work())));
    }

    fn start(&self, work: Work) {
        let deed = self.clone();
        deed.sending.set(true);
        deed.trouble.set(None);
        spawn_local(async move {
            match work().await {
                Ok(()) => {}
                Err(PasskeyError::Api(ApiError::Refused(body))) if body.code == ErrorCode::StepUpRequired => {
                    deed.waiting.set(Some(work));
                }
                Err(PasskeyError::Api(error)) if error.needs_sign_in() => {
                    crate::api::session::go_to_sign_in()
                }
                Err(error) => deed.trouble.set(Some(error.words())),
            }
            deed.sending.set(false);
        });
    }

    pub fn is_sending(&self) -> bool {
        *self.sending
    }

    /// Beside the control: what went wrong, and the dialog when a proof is needed.
    pub fn outcome(&self) -> Html {
        let on_proven = {
            let deed = self.clone();
            Callback::from(move |()| {
                let work = (*deed.waiting).clone();
                deed.waiting.set(None);
                if let Some(work) = work {
                    deed.start(work);
                }
            })
        };
        let on_close = {
            let waiting = self.waiting.clone();
            Callback::from(move |()| waiting.set(None))
        };
        html! {
            <>
                <p class="deed-trouble" role="alert">{ (*self.trouble).clone() }</p>
                <StepUpDialog open={self.waiting.is_some()} needs={self.needs} {on_proven} {on_close} />
            </>
        }
    }
}

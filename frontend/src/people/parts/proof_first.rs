//! Some changes ask who it is once more. The change waits for the proof, and is then sent again.

use yew::{Callback, Html, Properties, component, html};

use super::Deed;
use crate::identity::parts::step_up_dialog::StepUpDialog;

#[derive(Properties, PartialEq)]
pub struct ProofFirstProps {
    pub deed: Deed,
    /// What waits for the proof. Told apart from the deed, which always knows the newest and so never
    /// differs from itself.
    pub waiting: Option<Callback<()>>,
}

#[component(ProofFirst)]
pub fn proof_first(props: &ProofFirstProps) -> Html {
    let waiting = props.waiting.clone();
    let on_close = {
        let deed = props.deed.clone();
        Callback::from(move |()| deed.forget_proof())
    };
    html! { <StepUpDialog open={waiting.is_some()} on_proven={waiting.unwrap_or_default()} {on_close} /> }
}

//! Some changes ask who it is once more. The change waits for the proof, and is then sent again.

use yew::{Callback, Html, Properties, component, html};

use super::Deed;
use crate::identity::parts::step_up_dialog::StepUpDialog;

#[derive(Properties, PartialEq)]
pub struct ProofFirstProps {
    pub deed: Deed,
}

#[component(ProofFirst)]
pub fn proof_first(props: &ProofFirstProps) -> Html {
    let waiting = props.deed.proof();
    let on_close = {
        let deed = props.deed.clone();
        Callback::from(move |()| deed.forget_proof())
    };
    html! { <StepUpDialog open={waiting.is_some()} on_proven={waiting.unwrap_or_default()} {on_close} /> }
}

//! Who is there? Asked before something dangerous, answered with a passkey, or with password and one-time
//! code. Closes by itself once it is proven; the page then sends its request again.

use fleetward_common::{credentials::ProofView, error::ErrorCode};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlDialogElement, HtmlInputElement};
use yew::{
    Callback, Html, NodeRef, Properties, SubmitEvent, component, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use crate::{
    api::credentials,
    hooks::{use_query, use_text},
    ui::{async_view::AsyncView, icon::Icon},
};

/// How good the proof has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Needs {
    /// A passkey, or password and code: for whatever touches others.
    #[default]
    Strong,
    /// As good as this person can give: for their own credentials. Who has a password only gives that.
    OwnBest,
}

#[derive(Properties, PartialEq)]
pub struct StepUpDialogProps {
    pub open: bool,
    #[prop_or_default]
    pub needs: Needs,
    /// It is proven; the server takes the request now.
    pub on_proven: Callback<()>,
    /// Closed without a proof.
    pub on_close: Callback<()>,
}

#[component(StepUpDialog)]
pub fn step_up_dialog(props: &StepUpDialogProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(props.open, move |open| show(&dialog, *open));
    }
    let on_close = props.on_close.clone();
    html! {
        <dialog class="step-up" ref={dialog} aria-labelledby="step-up-title" onclose={move |_| on_close.emit(())}>
            <h2 id="step-up-title">{ "First prove that it is you" }</h2>
            if props.open { <Ways needs={props.needs} on_proven={props.on_proven.clone()} on_close={props.on_close.clone()} /> }
        </dialog>
    }
}

fn show(dialog: &NodeRef, open: bool) {
    if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
        if open && !dialog.open() {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    }
}

#[derive(Properties, PartialEq)]
struct WaysProps {
    needs: Needs,
    on_proven: Callback<()>,
    on_close: Callback<()>,
}

#[component(Ways)]
fn ways(props: &WaysProps) -> Html {
    let proof = use_query((), |()| credentials::proof());
    let (needs, on_proven, on_close) = (props.needs, props.on_proven.clone(), props.on_close.clone());
    let ready = Callback::from(move |proof: Rc<ProofView>| {
        html! { <Choice {proof} {needs} on_proven={on_proven.clone()} on_close={on_close.clone()} /> }
    });
    html! { <AsyncView<ProofView> of={proof} what="what you can prove with" {ready} /> }
}

#[derive(Properties, PartialEq)]
struct ChoiceProps {
    proof: Rc<ProofView>,
    needs: Needs,
    on_proven: Callback<()>,
    on_close: Callback<()>,
}

#[component(Choice)]
fn choice(props: &ChoiceProps) -> Html {
    let sending = use_state_eq(|| false);
    let wrong = use_state_eq(|| None::<String>);
    let proof = &props.proof;
    let shown = proof.demo.as_ref();
    let password = use_text(shown.map(|demo| demo.password.clone()).unwrap_or_default());
    let code = use_text(shown.and_then(|demo| demo.code.clone()).unwrap_or_default());
    let with_password = proof.has_password
        && (proof.has_second_factor || (props.needs == Needs::OwnBest && !proof.has_passkey));

    let by_passkey = {
        let (sending, wrong, on_proven) = (sending.clone(), wrong.clone(), props.on_proven.clone());
        move |_| {
            sending.set(true);
            wrong.set(None);
            let (sending, wrong, on_proven) = (sending.clone(), wrong.clone(), on_proven.clone());
            spawn_local(async move {
                match credentials::prove_with_passkey().await {
                    Ok(_) => on_proven.emit(()),
                    Err(error) => wrong.set(Some(error.words())),
                }
                sending.set(false);
            });
        }
    };
    let by_password = {
        let (sending, wrong, on_proven) = (sending.clone(), wrong.clone(), props.on_proven.clone());
        let (password, code) = (password.clone(), code.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            // The form beneath, which the dialog may be part of, sends itself anew once this is proven.
            event.stop_propagation();
            let typed = |field: &NodeRef| field.cast::<HtmlInputElement>().map(|input| input.value());
            let (typed_password, typed_code) = (typed(&password).unwrap_or_default(), typed(&code));
            sending.set(true);
            wrong.set(None);
            let (sending, wrong, on_proven) = (sending.clone(), wrong.clone(), on_proven.clone());
            spawn_local(async move {
                match credentials::prove_with_password(typed_password, typed_code).await {
                    Ok(_) => on_proven.emit(()),
                    Err(error) if error.code() == Some(ErrorCode::SignInFailed) => {
                        wrong.set(Some(
                            "That did not fit. Look at the code: each counts once.".to_owned(),
                        ));
                    }
                    Err(error) => wrong.set(Some(error.words())),
                }
                sending.set(false);
            });
        }
    };
    let on_close = props.on_close.clone();
    let demo = proof.demo.as_ref();
    html! {
        <>
            if proof.has_passkey {
                <button type="button" class="button primary tall wide" disabled={*sending} onclick={by_passkey}>
                    <Icon name="key" />{ "Use a passkey" }
                </button>
            }
            if with_password {
                <form class="step-up-form" onsubmit={by_password}>
                    if proof.has_passkey { <p class="or">{ "or with your password" }</p> }
                    <div class="field">
                        <label for="step-up-password">{ "Password" }</label>
                        <input id="step-up-password" ref={password} type="password" autocomplete="current-password" required=true />
                    </div>
                    if proof.has_second_factor {
                        <div class="field">
                            <label for="step-up-code">{ "Code of your authenticator app" }</label>
                            <input id="step-up-code" ref={code} inputmode="numeric" autocomplete="one-time-code" required=true
                                aria-describedby="step-up-hint" />
                            <p class="hint" id="step-up-hint">
                                { "A recovery code does too. Counts as the weaker proof, and is recorded as such." }
                            </p>
                        </div>
                    }
                    if demo.is_some() { <p class="hint">{ "Demo: what this made-up person would type is filled in." }</p> }
                    <button type="submit" class={if proof.has_passkey { "button tall wide" } else { "button primary tall wide" }} disabled={*sending}>
                        { if *sending { "Checking …" } else { "Prove it" } }
                    </button>
                </form>
            }
            if !proof.has_passkey && !with_password {
                <p>{ "This needs a passkey, or a password with an authenticator app, and you have neither yet." }</p>
                <p><a class="button primary tall wide" href="/security">{ "Add one on your security page" }</a></p>
                <p class="hint">{ "It takes about a minute. What you were doing is not lost: come back here with Back." }</p>
            }
            <p class="step-up-wrong" role="alert">{ (*wrong).clone() }</p>
            <button type="button" class="button wide" onclick={move |_| on_close.emit(())}>{ "Cancel" }</button>
        </>
    }
}

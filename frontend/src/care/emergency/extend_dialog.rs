//! A quarter of an hour more, with a reason and a sentence of its own.

use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlDialogElement, SubmitEvent};
use yew::{
    AttrValue, Callback, Html, Properties, component, html, use_effect_with, use_node_ref, use_state_eq,
};

use super::{
    asking::{self, Next},
    prove::ProveDialog,
    reason::{ReasonFields, Why},
};
use crate::api;

#[derive(Properties, PartialEq)]
pub struct ExtendDialogProps {
    pub open: bool,
    pub on_close: Callback<()>,
    pub on_extended: Callback<()>,
}

#[component(ExtendDialog)]
pub fn extend_dialog(props: &ExtendDialogProps) -> Html {
    let dialog = use_node_ref();
    let why = use_state_eq(Why::default);
    let complaint = use_state_eq(|| None::<String>);
    let proving = use_state_eq(|| false);
    {
        let dialog = dialog.clone();
        use_effect_with(props.open && !*proving, move |open| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                if *open && !dialog.open() {
                    // Fails only for a dialog that is not in the page.
                    let _ = dialog.show_modal();
                } else if !*open && dialog.open() {
                    dialog.close();
                }
            }
        });
    }
    let send = {
        let (why, complaint, proving) = (why.clone(), complaint.clone(), proving.clone());
        let on_extended = props.on_extended.clone();
        Callback::from(move |()| {
            let asked = match asking::complete(&why) {
                Ok(asked) => asked,
                Err(missing) => return complaint.set(Some(missing.to_owned())),
            };
            let (why, complaint, proving) = (why.clone(), complaint.clone(), proving.clone());
            let on_extended = on_extended.clone();
            spawn_local(async move {
                match api::emergency::extend(&asked).await {
                    Ok(_) => {
                        why.set(Why::default());
                        complaint.set(None);
                        on_extended.emit(());
                    }
                    Err(error) => match asking::after(&error) {
                        Next::Prove => proving.set(true),
                        Next::Say(words) => complaint.set(Some(words)),
                    },
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
    let proven = {
        let (send, proving) = (send.clone(), proving.clone());
        Callback::from(move |()| {
            proving.set(false);
            send.emit(());
        })
    };
    let closed = {
        let (on_close, proving) = (props.on_close.clone(), proving.clone());
        move |_| {
            if !*proving {
                on_close.emit(());
            }
        }
    };
    let cancel = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    html! {
        <>
            <dialog class="extend-dialog" ref={dialog} aria-labelledby="extend-title" onclose={closed}>
                <form onsubmit={on_submit}>
                    <h2 id="extend-title">{ "15 minutes more, once" }</h2>
                    <ReasonFields id="extend" why={(*why).clone()} on_change={{ let why = why.clone(); Callback::from(move |next| why.set(next)) }} complaint={(*complaint).clone().map(AttrValue::from)} />
                    <p class="bg-go">
                        <button type="submit" class="button primary">{ "Confirm and extend" }</button>
                        <button type="button" class="button" onclick={cancel}>{ "Cancel" }</button>
                    </p>
                </form>
            </dialog>
            <ProveDialog open={*proving} on_proven={proven} on_close={{ let proving = proving.clone(); Callback::from(move |()| proving.set(false)) }} />
        </>
    }
}

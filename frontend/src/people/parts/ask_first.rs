//! A change that takes something away asks once more, in the browser's own dialog, and says what
//! follows. It waits for the server before it closes.

use web_sys::HtmlDialogElement;
use yew::{AttrValue, Callback, Children, Html, Properties, component, html, use_effect_with, use_node_ref};

#[derive(Properties, PartialEq)]
pub struct AskFirstProps {
    pub open: bool,
    pub title: AttrValue,
    /// On the button: what happens.
    pub deed: AttrValue,
    pub on_yes: Callback<()>,
    pub on_no: Callback<()>,
    /// While an answer of its own is missing.
    #[prop_or_default]
    pub not_yet: bool,
    #[prop_or_default]
    pub children: Children,
}

#[component(AskFirst)]
pub fn ask_first(props: &AskFirstProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(props.open, move |open| {
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
    let (on_yes, on_no, on_close) = (props.on_yes.clone(), props.on_no.clone(), props.on_no.clone());
    html! {
        <dialog class="help-dialog ask-first" ref={dialog} aria-labelledby="ask-title" onclose={move |_| on_close.emit(())}>
            <h2 id="ask-title">{ props.title.clone() }</h2>
            <div class="ask-body">{ for props.children.iter() }</div>
            <div class="ask-go">
                <button type="button" class="button primary" disabled={props.not_yet} onclick={move |_| on_yes.emit(())}>{ props.deed.clone() }</button>
                <button type="button" class="button" onclick={move |_| on_no.emit(())}>{ "Leave it" }</button>
            </div>
        </dialog>
    }
}

//! Every key of a page, in the browser's own dialog: it traps focus and gives it back.

use web_sys::HtmlDialogElement;
use yew::{Callback, Html, NodeRef, Properties, component, html, use_effect_with, use_node_ref};

#[derive(Properties, PartialEq)]
pub struct HelpDialogProps {
    /// Keys and what they do.
    pub keys: &'static [(&'static str, &'static str)],
    pub open: bool,
    pub on_close: Callback<()>,
}

#[component(HelpDialog)]
pub fn help_dialog(props: &HelpDialogProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(props.open, move |open| show(&dialog, *open));
    }
    let close = {
        let dialog = dialog.clone();
        move |_| show(&dialog, false)
    };
    let on_close = props.on_close.clone();
    html! {
        <dialog class="help-dialog" ref={dialog} aria-labelledby="help-title" onclose={move |_| on_close.emit(())}>
            <h2 id="help-title">{ "Keys on this page" }</h2>
            <dl>
                { for props.keys.iter().map(|(key, does)| html! {
                    <div><dt>{ for key.split(' ').map(|part| html! { <kbd>{ part }</kbd> }) }</dt><dd>{ *does }</dd></div>
                }) }
            </dl>
            <button type="button" class="button" onclick={close}>{ "Close" }</button>
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

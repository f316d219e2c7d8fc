//! Recovery codes, shown once.

use yew::{Callback, Html, Properties, component, html};

use crate::ui::icon::Icon;

#[derive(Properties, PartialEq)]
pub struct RecoverySheetProps {
    pub codes: Vec<String>,
    pub on_kept: Callback<()>,
}

#[component(RecoverySheet)]
pub fn recovery_sheet(props: &RecoverySheetProps) -> Html {
    let copy = {
        let text = props.codes.join("\n");
        move |_| {
            // They stand beside the button; a refused clipboard costs nothing.
            let _ = gloo::utils::window().navigator().clipboard().write_text(&text);
        }
    };
    let on_kept = props.on_kept.clone();
    html! {
        <section class="recovery" aria-label="Recovery codes">
            <h3>{ "Your recovery codes" }</h3>
            <p>{ "Each stands in once for the code of your app, on the day your phone is lost. They are shown only now: print them, or write them down." }</p>
            <ol class="mono">{ for props.codes.iter().map(|code| html! { <li>{ code }</li> }) }</ol>
            <p class="buttons">
                <button type="button" class="button" onclick={copy}><Icon name="copy" />{ "Copy" }</button>
                <button type="button" class="button primary" onclick={move |_| on_kept.emit(())}>{ "I have kept them" }</button>
            </p>
        </section>
    }
}

//! A new name for something, beside its old one.

use web_sys::SubmitEvent;
use yew::{AttrValue, Callback, Html, Properties, component, html};

use crate::hooks::{text_of, use_first_text};

#[derive(Properties, PartialEq)]
pub struct NameFormProps {
    pub label: AttrValue,
    /// What it is called now.
    pub name: AttrValue,
    #[prop_or(80)]
    pub longest: u32,
    #[prop_or_default]
    pub disabled: bool,
    pub on_save: Callback<String>,
    pub on_leave: Callback<()>,
}

#[component(NameForm)]
pub fn name_form(props: &NameFormProps) -> Html {
    let field = use_first_text(props.name.to_string());
    let save = {
        let (field, on_save) = (field.clone(), props.on_save.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            on_save.emit(text_of(&field));
        }
    };
    html! {
        <form class="name-form" onsubmit={save}>
            <input ref={field} aria-label={props.label.clone()} placeholder={props.label.clone()} required=true maxlength={props.longest.to_string()} />
            { save_or_leave(props.disabled, &props.on_leave) }
        </form>
    }
}

pub fn save_or_leave(disabled: bool, on_leave: &Callback<()>) -> Html {
    let on_leave = on_leave.clone();
    html! {
        <>
            <button type="submit" class="button primary" {disabled}>{ "Save" }</button>
            <button type="button" class="button" onclick={move |_| on_leave.emit(())}>{ "Leave it" }</button>
        </>
    }
}

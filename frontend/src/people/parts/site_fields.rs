//! What is to be said of a site: its name, and the time it keeps.

use fleetward_common::people::SiteForm;
use web_sys::SubmitEvent;
use yew::{AttrValue, Callback, Html, Properties, component, html};

use crate::{
    hooks::{text_of, use_first_text, use_text},
    ui::name_form::save_or_leave,
};

#[derive(Properties, PartialEq)]
pub struct SiteFieldsProps {
    pub name: AttrValue,
    pub time_zone: AttrValue,
    pub on_save: Callback<SiteForm>,
    pub on_leave: Callback<()>,
}

#[component(SiteFields)]
pub fn site_fields(props: &SiteFieldsProps) -> Html {
    let name = use_first_text(props.name.to_string());
    let zone = use_text(props.time_zone.to_string());
    let save = {
        let (name, zone, on_save) = (name.clone(), zone.clone(), props.on_save.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            on_save.emit(SiteForm {
                name: text_of(&name),
                time_zone: text_of(&zone),
            });
        }
    };
    html! {
        <form class="name-form" onsubmit={save}>
            <label>{ "Name of the site " }<input ref={name} required=true maxlength="80" /></label>
            <label>{ "Its time zone " }<input ref={zone} required=true maxlength="60" placeholder="Europe/London" autocapitalize="off" spellcheck="false" /></label>
            { save_or_leave(false, &props.on_leave) }
        </form>
    }
}

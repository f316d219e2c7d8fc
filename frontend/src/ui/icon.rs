//! Drawings from the one sprite, `static/icons/sprite.svg`. Always beside a word, so hidden from readers.

use yew::{AttrValue, Html, Properties, component, html};

#[derive(Properties, PartialEq)]
pub struct IconProps {
    pub name: &'static str,
    #[prop_or_default]
    pub class: AttrValue,
}

#[component(Icon)]
pub fn icon(props: &IconProps) -> Html {
    html! {
        <svg class={format!("icon {}", props.class)} aria-hidden="true">
            <use href={format!("{}#{}", sprite(), props.name)} />
        </svg>
    }
}

/// Where the sprite is: `boot.js` knows its hashed name.
fn sprite() -> String {
    gloo::utils::document_element()
        .get_attribute("data-icons")
        .unwrap_or_default()
}

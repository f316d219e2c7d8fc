//! A framed part of a page with its own heading.

use yew::{AttrValue, Children, Html, Properties, component, html};

#[derive(Properties, PartialEq)]
pub struct PanelProps {
    pub title: AttrValue,
    #[prop_or_default]
    pub class: AttrValue,
    /// Right of the heading.
    #[prop_or_default]
    pub aside: Html,
    #[prop_or_default]
    pub children: Children,
}

#[component(Panel)]
pub fn panel(props: &PanelProps) -> Html {
    html! {
        <section class={format!("panel {}", props.class)}>
            <header><h2>{ props.title.clone() }</h2>{ props.aside.clone() }</header>
            { for props.children.iter() }
        </section>
    }
}

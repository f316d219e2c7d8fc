//! An address that leads nowhere.

use yew::{AttrValue, Html, Properties, component, html};

use crate::ui::empty_state::EmptyState;

#[derive(Properties, PartialEq)]
pub struct NotFoundPageProps {
    pub home: AttrValue,
    pub home_name: AttrValue,
}

#[component(NotFoundPage)]
pub fn not_found_page(props: &NotFoundPageProps) -> Html {
    html! {
        <>
            <h1 class="hidden">{ "Not found" }</h1>
            <EmptyState title="Nothing here that you can open">
                <p>{ "Perhaps this address is old or mistyped, perhaps it is not yours to see. We answer both \
                      the same way, so that an address never tells who is a patient here." }</p>
                <p><a href={props.home.clone()}>{ "Back to " }{ props.home_name.clone() }</a></p>
            </EmptyState>
        </>
    }
}

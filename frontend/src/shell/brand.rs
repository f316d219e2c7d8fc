//! The mark, leading home.

use yew::{Html, component, html};

#[component(Brand)]
pub fn brand() -> Html {
    html! { <a class="brand" href="/">{ mark() }<span>{ "Fleetward" }</span></a> }
}

pub fn mark() -> Html {
    html! {
        <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true">
            <path class="shield" d="M4 3h16v11.5c0 3.6-3.4 5.6-8 7-4.6-1.4-8-3.4-8-7z" />
            <path class="beat" d="M5.5 12h3.2l1.8-4.2 3 7.4 1.7-3.2h3.3" />
        </svg>
    }
}

//! Nothing to show, said well: what would be here, why it is not, and what to do next.

use yew::{AttrValue, Children, Html, Properties, component, html};

#[derive(Properties, PartialEq)]
pub struct EmptyStateProps {
    pub title: AttrValue,
    #[prop_or_default]
    pub children: Children,
}

#[component(EmptyState)]
pub fn empty_state(props: &EmptyStateProps) -> Html {
    html! {
        <section class="empty-state">
            <svg class="empty-state-art" viewBox="0 0 168 128" aria-hidden="true">
                <rect class="paper" x="8" y="10" width="132" height="92" rx="4" stroke-dasharray="6 6" />
                <path d="M22 28h30M22 44h64M22 56h48" stroke-dasharray="2 6" />
            </svg>
            <div>
                <h2>{ props.title.clone() }</h2>
                { for props.children.iter() }
            </div>
        </section>
    }
}

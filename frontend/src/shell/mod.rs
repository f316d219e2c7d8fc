//! The frame around every page: start, session, header, what is said when something is missing.

pub mod brand;
pub mod clock;
pub mod error_page;
pub mod frame;
mod memberships;
pub mod offline_bar;
pub mod person;
pub mod staff;

mod heartbeat;
mod session_gate;

pub use session_gate::SessionGate;

use yew::{BaseComponent, Children, Html, Properties, component, html};
use yew_router::BrowserRouter;

/// Starts one of the three portals in the page that the server sent.
pub fn start<P>()
where
    P: BaseComponent,
    P::Properties: Default,
{
    heartbeat::begin();
    let document = gloo::utils::document();
    match document.get_element_by_id("portal") {
        Some(root) => yew::Renderer::<P>::with_root(root).render(),
        None => yew::Renderer::<P>::new().render(),
    };
}

#[derive(Properties, PartialEq)]
pub struct PortalProps {
    #[prop_or_default]
    pub children: Children,
}

/// What all three have around them.
#[component(Portal)]
pub fn portal(props: &PortalProps) -> Html {
    html! {
        <BrowserRouter>
            <a class="skip" href="#main">{ "Skip to the page" }</a>
            { for props.children.iter() }
        </BrowserRouter>
    }
}

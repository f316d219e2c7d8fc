//! The frame of the pages behind Today: a way back, the same tools.

use yew::{AttrValue, Children, Html, Properties, component, html};
use yew_router::prelude::*;

use super::{OwnRoute, tools::Tools};
use crate::ui::icon::Icon;

#[derive(Properties, PartialEq)]
pub struct OwnPageFrameProps {
    /// Read out while the page itself is not there yet.
    pub title: AttrValue,
    #[prop_or_default]
    pub children: Children,
}

#[component(OwnPageFrame)]
pub fn own_page_frame(props: &OwnPageFrameProps) -> Html {
    html! {
        <>
            <header class="own-top">
                <Link<OwnRoute> to={OwnRoute::Today} classes="tool back"><Icon name="left" />{ "Today" }</Link<OwnRoute>>
                <Tools />
            </header>
            <main id="main" class="own" aria-label={props.title.clone()}>{ for props.children.iter() }</main>
        </>
    }
}

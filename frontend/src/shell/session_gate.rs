//! Nothing is drawn before it is known who looks.

use fleetward_common::identity::SessionView;
use std::rc::Rc;
use yew::{Callback, Children, ContextProvider, Html, Properties, component, html};

use crate::{
    api::{clock, session},
    hooks::use_query,
    ui::async_view::AsyncView,
};

#[derive(Properties, PartialEq)]
pub struct SessionGateProps {
    #[prop_or_default]
    pub children: Children,
}

#[component(SessionGate)]
pub fn session_gate(props: &SessionGateProps) -> Html {
    let session = use_query((), |()| async {
        let session = session::current().await?;
        clock::heard(session.server_time);
        Ok(session)
    });
    let children = props.children.clone();
    let ready = Callback::from(move |session: Rc<SessionView>| {
        html! {
            <ContextProvider<Rc<SessionView>> context={session}>
                { for children.iter() }
            </ContextProvider<Rc<SessionView>>>
        }
    });
    let gate = html! { <AsyncView<SessionView> of={session.clone()} what="your portal" {ready} /> };
    if session.ready().is_some() {
        gate
    } else {
        html! { <main id="main" class="page">{ gate }</main> }
    }
}

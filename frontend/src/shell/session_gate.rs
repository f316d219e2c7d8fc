//! Nothing is drawn before it is known who looks, and what they may do.

use fleetward_common::{access::Capabilities, identity::SessionView};
use futures_util::future::try_join;
use std::rc::Rc;
use yew::{Callback, Children, ContextProvider, Html, Properties, component, html};

use crate::{
    api::{access, clock, session},
    hooks::{SessionDesk, use_query},
    identity::parts::session_warning::SessionWarning,
    ui::async_view::AsyncView,
};

#[derive(PartialEq)]
struct Known {
    session: Rc<SessionView>,
    capabilities: Rc<Capabilities>,
}

#[derive(Properties, PartialEq)]
pub struct SessionGateProps {
    #[prop_or_default]
    pub children: Children,
}

#[component(SessionGate)]
pub fn session_gate(props: &SessionGateProps) -> Html {
    let known = use_query((), |()| async {
        // Asked together: a phone far away waits once.
        let (session, capabilities) = try_join(session::current(), access::capabilities()).await?;
        clock::heard(session.server_time);
        Ok(Known {
            session: Rc::new(session),
            capabilities: Rc::new(capabilities),
        })
    });
    let children = props.children.clone();
    let desk = SessionDesk {
        look_again: known.reload.clone(),
    };
    let ready = Callback::from(move |known: Rc<Known>| {
        html! {
            <ContextProvider<Rc<SessionView>> context={known.session.clone()}>
                <ContextProvider<Rc<Capabilities>> context={known.capabilities.clone()}>
                    <ContextProvider<SessionDesk> context={desk.clone()}>
                        { for children.iter() }
                        <SessionWarning />
                    </ContextProvider<SessionDesk>>
                </ContextProvider<Rc<Capabilities>>>
            </ContextProvider<Rc<SessionView>>>
        }
    });
    let gate = html! { <AsyncView<Known> of={known.clone()} what="your portal" {ready} /> };
    if known.ready().is_some() {
        gate
    } else {
        html! { <main id="main" class="page">{ gate }</main> }
    }
}

//! The signed-in person. Only inside the session gate, which puts it there.

use fleetward_common::identity::SessionView;
use std::rc::Rc;
use yew::{Callback, hook, use_context};

/// `None` only outside [`crate::shell::SessionGate`].
#[hook]
pub fn use_session() -> Option<Rc<SessionView>> {
    use_context::<Rc<SessionView>>()
}

/// What can be done about the session of this page.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionDesk {
    /// Someone else acts now, or the same one longer: ask the server who.
    pub look_again: Callback<()>,
}

#[hook]
pub fn use_session_desk() -> SessionDesk {
    use_context::<SessionDesk>().unwrap_or_else(|| SessionDesk {
        look_again: Callback::noop(),
    })
}

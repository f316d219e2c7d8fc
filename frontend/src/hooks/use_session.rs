//! The signed-in person. Only inside the session gate, which puts it there.

use fleetward_common::identity::SessionView;
use std::rc::Rc;
use yew::{hook, use_context};

/// `None` only outside [`crate::shell::SessionGate`].
#[hook]
pub fn use_session() -> Option<Rc<SessionView>> {
    use_context::<Rc<SessionView>>()
}

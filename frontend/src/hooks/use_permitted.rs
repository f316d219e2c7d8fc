//! What the signed-in person may do. A control that is not permitted is not shown; the server asks the
//! policy again whatever the portal shows.

use fleetward_common::access::{Action, Capabilities, Kind};
use std::{fmt::Display, rc::Rc};
use yew::{hook, use_context};

use super::{Query, use_query};
use crate::api;

/// Whether the person could do this to some row at all: for navigation, and for what opens a list.
/// `false` outside [`crate::shell::SessionGate`].
#[hook]
pub fn use_permitted(kind: Kind, action: Action) -> bool {
    use_capabilities().may(kind, action)
}

/// All of it, for a place that decides about several things.
#[hook]
pub fn use_capabilities() -> Rc<Capabilities> {
    use_context::<Rc<Capabilities>>().unwrap_or_default()
}

/// What may be done to one row now: for the controls beside it.
#[hook]
pub fn use_permitted_on<I: Display>(kind: Kind, id: I) -> Query<Capabilities> {
    use_query((kind, id.to_string()), |(kind, id)| {
        api::access::capabilities_on(kind, id)
    })
}

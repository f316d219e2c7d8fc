//! The ward board: what a nurse sees on the corridor screen.

fn main() {
    fleetward_frontend::shell::start::<fleetward_frontend::care::ward::WardPortal>();
}

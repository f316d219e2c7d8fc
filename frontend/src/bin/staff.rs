//! The consoles of providers, manufacturers and hospital offices.

fn main() {
    fleetward_frontend::shell::start::<fleetward_frontend::shell::staff::StaffPortal>();
}

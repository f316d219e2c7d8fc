//! The page of someone who is treated at home, phone first.

fn main() {
    fleetward_frontend::shell::start::<fleetward_frontend::care::own::PatientPortal>();
}

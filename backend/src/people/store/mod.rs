pub mod changes;
pub mod invitations;
pub mod members;
pub mod places;
pub mod recoveries;

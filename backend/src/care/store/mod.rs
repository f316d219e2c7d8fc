pub mod identity;
pub mod keys;
pub mod places;

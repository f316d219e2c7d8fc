pub mod homes;
pub mod identity;
pub mod keys;
pub mod places;
pub mod summaries;
pub mod transfers;
pub mod wards;

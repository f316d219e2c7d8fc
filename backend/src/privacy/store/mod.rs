pub mod audit;
pub mod entries;
pub mod reviews;

pub mod organisations;
pub mod people;
pub mod sessions;

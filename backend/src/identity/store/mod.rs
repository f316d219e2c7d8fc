pub mod failures;
pub mod organisations;
pub mod people;
pub mod session_list;
pub mod sessions;
pub mod stations;

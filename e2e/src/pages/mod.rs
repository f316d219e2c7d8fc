//! What people see, found by the words and roles that they and their screen readers find it by.

pub mod bed_drawer;
pub mod sign_in;
pub mod ward_board;

pub use bed_drawer::BedDrawer;
pub use sign_in::SignIn;
pub use ward_board::{Tile, Vital, WardBoard};

//! Every route is guarded, and the policy's three answers are one.

mod agreement;
mod every_route;
mod random_world;

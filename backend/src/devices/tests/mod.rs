//! The whole road in: a real port, a real database, the reference agent.

mod fixture;
mod handshake;
mod history;
mod road_in;

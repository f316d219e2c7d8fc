//! The whole system as its users meet it: the real server on a real database, real device agents,
//! real Chromium. Nothing in here knows how the server is made; it knows ports, pages and people.
//!
//! Read in this order: [`built`] says where the binaries and tools are; [`world`] seeds the demo world
//! once and hands out copies; [`portal`] runs a server on such a copy; [`people`] are who signs in,
//! [`api`] is how a program does; [`bedside`] are device agents, [`recording`] is what they may
//! replay; [`stored`] reads the database behind the server's back, [`raw`] says what no
//! well-behaved client says, and [`relay`] is a good copy of the portal; [`browser`] is one person's Chromium and [`pages`] what they see in it;
//! [`a11y`] asks axe about a page; [`journey`] puts a test together and keeps the evidence when it fails.

pub mod eventually;
pub mod trouble;

pub mod built;
pub mod portal;
pub mod world;

pub mod api;
pub mod bedside;
pub mod people;
pub mod raw;
pub mod recording;
pub mod relay;
pub mod stored;

pub mod a11y;
pub mod authenticator;
pub mod browser;
pub mod chromedriver;
pub mod journey;
pub mod pages;

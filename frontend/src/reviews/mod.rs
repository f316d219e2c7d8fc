//! The privacy officers' desk in the staff portal: the queue ([`QueuePage`]), one event
//! ([`EventPage`]), the search of the record ([`SearchPage`]).
//!
//! What is written about a time left, a state or an explanation is decided in `words`, and where the
//! bars of "relation then" stand in `picture`; both are pure.

mod chain;
mod copy;
mod decision;
mod event_page;
mod opened;
mod own_view;
mod picture;
mod prove_again;
mod queue_page;
mod relation;
mod search_page;
mod similar;
mod words;

pub use event_page::EventPage;
pub use queue_page::QueuePage;
pub use search_page::SearchPage;

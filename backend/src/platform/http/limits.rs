//! How much a stranger may ask of us before anybody has signed in.

use std::time::Duration;

use actix_web::dev::RequestHead;

use super::Failure;

/// Above what any browser sends to us; far below what would cost memory.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
pub const MAX_PATH_BYTES: usize = 4 * 1024;
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// From the first byte of a connection to the last of the request's head.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
pub const KEEP_ALIVE: Duration = Duration::from_secs(30);
pub const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub const MAX_CONNECTIONS_PER_WORKER: usize = 8_192;

pub fn check(head: &RequestHead) -> Result<(), Failure> {
    let headers: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let path = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if headers > MAX_HEADER_BYTES || path > MAX_PATH_BYTES {
        return Err(Failure::TooLarge);
    }
    Ok(())
}

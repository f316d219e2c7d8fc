//! The agent against a small server that speaks the protocol over mutual TLS and misbehaves on demand.

#[cfg(test)]
mod breaks;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod protocol_page;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod support;

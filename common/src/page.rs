//! Long lists in pages.

use serde::{Deserialize, Serialize};

/// One page of a list. `next` is opaque: hand it back as `?after=` to get the following page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many there are in all, within the reader's reach.
    pub total: u64,
    pub next: Option<String>,
}

//! What can go wrong in a journey, said so that the line in the test's output is enough to start on.

use std::{
    fmt::{self, Display},
    io,
    time::Duration,
};
use thirtyfour::error::WebDriverError;
use thiserror::Error;

pub type Outcome<T = ()> = Result<T, Trouble>;

#[derive(Error)]
pub enum Trouble {
    #[error("{step}: {source}")]
    Io {
        step: String,
        #[source]
        source: io::Error,
    },
    #[error("the browser: {}", without_stack(.0))]
    Browser(#[from] WebDriverError),
    #[error("a request: {0}")]
    Request(#[from] reqwest::Error),
    #[error("{what} did not happen within {} s; last seen: {last}", waited.as_secs())]
    NeverHappened {
        what: String,
        waited: Duration,
        last: String,
    },
    /// Something needed is not there, and what to do about it.
    #[error("{0}")]
    Missing(String),
    /// It is there, but not as it should be.
    #[error("{0}")]
    Wrong(String),
}

/// What a failed test prints is this, so it is written for people.
impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Chromedriver ends its sentences with addresses of its own code.
fn without_stack(error: &WebDriverError) -> String {
    let words = error.to_string();
    let sentence = words.split("Stacktrace:").next().unwrap_or_default();
    sentence.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Trouble {
    pub fn wrong(what: impl Display) -> Self {
        Self::Wrong(what.to_string())
    }
}

/// Puts the step that failed beside an I/O error.
pub trait While<T> {
    fn while_doing(self, step: impl Display) -> Outcome<T>;
}

impl<T> While<T> for io::Result<T> {
    fn while_doing(self, step: impl Display) -> Outcome<T> {
        self.map_err(|source| Trouble::Io {
            step: step.to_string(),
            source,
        })
    }
}

/// Compares, and shows both sides when they differ.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Outcome {
    if found == wanted {
        return Ok(());
    }
    Err(Trouble::Wrong(format!(
        "{what}: found {found:?}, wanted {wanted:?}"
    )))
}

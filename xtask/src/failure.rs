//! Why a command stopped: a one-line cause, and what to do about it.

use std::fmt;

#[derive(Debug)]
pub enum Failure {
    Stopped {
        cause: String,
        remedy: Option<String>,
        /// The last lines of whatever failed, where they were not on the screen already.
        tail: Vec<String>,
    },
    /// Ctrl-C, or the same by signal: not worth a cause.
    Interrupted,
}

impl Failure {
    pub fn new(cause: impl Into<String>) -> Self {
        Failure::Stopped {
            cause: cause.into(),
            remedy: None,
            tail: Vec::new(),
        }
    }

    pub fn remedy(self, what_to_do: impl Into<String>) -> Self {
        match self {
            Failure::Stopped { cause, tail, .. } => Failure::Stopped {
                cause,
                remedy: Some(what_to_do.into()),
                tail,
            },
            Failure::Interrupted => Failure::Interrupted,
        }
    }

    pub fn last_lines(self, lines: Vec<String>) -> Self {
        match self {
            Failure::Stopped { cause, remedy, .. } => Failure::Stopped {
                cause,
                remedy,
                tail: lines,
            },
            Failure::Interrupted => Failure::Interrupted,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Interrupted => f.write_str("stopped"),
            Failure::Stopped { cause, remedy, tail } => {
                f.write_str(cause)?;
                if let Some(remedy) = remedy {
                    write!(f, ": {remedy}")?;
                }
                for line in tail {
                    write!(f, "\n  | {line}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::new(error.to_string()).remedy("`cargo xtask help` lists the options")
    }
}

/// Says what was being done when the operating system refused.
pub trait While<T> {
    fn while_doing(self, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn while_doing(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}

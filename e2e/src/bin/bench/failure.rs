//! Which step failed, and why.

use std::{error::Error, fmt};

#[derive(Debug)]
pub struct Failure {
    step: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub fn new(step: impl Into<String>) -> Self {
        Self {
            step: step.into(),
            source: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.step)?;
        let mut cause = self.source.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

// `source` is part of what `Display` says: a caller that prints the chain must not hear it twice.
impl Error for Failure {}

/// Names the step that an error ended.
pub trait Step<T> {
    fn step(self, step: &str) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, Failure> {
        self.map_err(|source| Failure {
            step: step.to_owned(),
            source: Some(source.into()),
        })
    }
}

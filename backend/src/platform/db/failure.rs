//! What a request answers when the database did not do its part.

use super::{DbError, WriteFailed};
use crate::platform::http::Failure;

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Full => Failure::Full,
            DbError::Pool(_)
            | DbError::Stopped
            | DbError::NobodyWaits
            | DbError::Write(WriteFailed::Stopped) => Failure::Unavailable {
                step: "reach the database",
                source: error.into(),
            },
            DbError::Write(_) => Failure::Unavailable {
                step: "store the change",
                source: error.into(),
            },
            _ => Failure::Internal {
                step: "read or write the database",
                source: error.into(),
            },
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

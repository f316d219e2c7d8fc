//! Why a request brought no answer.

use fleetward_common::error::{ErrorBody, ErrorCode};

#[derive(Debug, Clone, PartialEq)]
pub enum ApiError {
    /// No answer at all: the network, or the server is down.
    NoAnswer,
    /// The server said no, and why.
    Refused(ErrorBody),
    /// An answer that makes no sense here: two versions mixed, or something in between answered.
    Unreadable { status: u16 },
}

impl ApiError {
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            ApiError::Refused(body) => Some(body.code),
            ApiError::NoAnswer | ApiError::Unreadable { .. } => None,
        }
    }

    /// May be gone at the next try, and says nothing about what may be seen.
    pub fn is_glitch(&self) -> bool {
        match self {
            ApiError::NoAnswer | ApiError::Unreadable { .. } => true,
            ApiError::Refused(body) => matches!(
                body.code,
                ErrorCode::Unavailable | ErrorCode::TooManyRequests | ErrorCode::Internal
            ),
        }
    }

    /// A sentence for the person, wherever there is room for one line only.
    pub fn words(&self) -> String {
        match self {
            ApiError::NoAnswer => "The portal does not answer. Nothing was changed.".to_owned(),
            ApiError::Unreadable { .. } => {
                "The answer could not be read. Load this page anew and look whether it was done.".to_owned()
            }
            ApiError::Refused(body) => body.message.clone(),
        }
    }

    /// Nobody is signed in (any more): the only way on is the sign-in page.
    pub fn needs_sign_in(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::SignInRequired | ErrorCode::SessionExpired)
        )
    }
}

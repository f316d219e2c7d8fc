//! What goes wrong, in two languages: a closed code for programs, a sentence for the person.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::id::RequestId;

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    pub code: ErrorCode,
    /// A sentence that the person can act on. Holds no patient data.
    pub message: String,
    /// To quote when asking for help; the log knows it too. Absent on 404, whose body never varies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ErrorCode {
    /// Absent, or hidden from this person: the same answer for both.
    NotFound,
    /// Seen, but this person may not do it. The message says who can grant it.
    NotPermitted,
    SignInRequired,
    SignInFailed,
    SessionExpired,
    /// This screen only shows its board; whoever wants more has to say who they are first.
    PersonRequired,
    /// The password was right; the code of the second factor is still missing.
    SecondFactorRequired,
    /// A passkey that was not accepted here.
    PasskeyRefused,
    /// This needs a proof of the last minutes: a passkey, or password and one-time code.
    StepUpRequired,
    /// The request came from another site.
    CrossSite,
    BadRequest,
    TooLarge,
    MethodNotAllowed,
    UnsupportedMediaType,
    TooManyRequests,
    /// Nothing was changed; try again.
    Unavailable,
    Internal,
}

impl ErrorCode {
    pub const ALL: &'static [ErrorCode] = &[
        ErrorCode::NotFound,
        ErrorCode::NotPermitted,
        ErrorCode::SignInRequired,
        ErrorCode::SignInFailed,
        ErrorCode::SessionExpired,
        ErrorCode::PersonRequired,
        ErrorCode::SecondFactorRequired,
        ErrorCode::PasskeyRefused,
        ErrorCode::StepUpRequired,
        ErrorCode::CrossSite,
        ErrorCode::BadRequest,
        ErrorCode::TooLarge,
        ErrorCode::MethodNotAllowed,
        ErrorCode::UnsupportedMediaType,
        ErrorCode::TooManyRequests,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ];

    pub const fn status(self) -> u16 {
        match self {
            ErrorCode::NotFound => 404,
            ErrorCode::NotPermitted
            | ErrorCode::PersonRequired
            | ErrorCode::CrossSite
            | ErrorCode::StepUpRequired => 403,
            ErrorCode::SignInRequired
            | ErrorCode::SignInFailed
            | ErrorCode::SessionExpired
            | ErrorCode::SecondFactorRequired
            | ErrorCode::PasskeyRefused => 401,
            ErrorCode::BadRequest => 400,
            ErrorCode::TooLarge => 413,
            ErrorCode::MethodNotAllowed => 405,
            ErrorCode::UnsupportedMediaType => 415,
            ErrorCode::TooManyRequests => 429,
            ErrorCode::Unavailable => 503,
            ErrorCode::Internal => 500,
        }
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ErrorBody {}

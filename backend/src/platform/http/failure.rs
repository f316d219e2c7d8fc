//! Every way a request fails: a closed code and a sentence for the person, the chain for the log.

use std::{error::Error as StdError, fmt, time::Duration};

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use fleetward_common::error::{ErrorBody, ErrorCode};

use super::asking;

pub type Source = Box<dyn StdError + Send + Sync + 'static>;

#[derive(Debug)]
pub enum Failure {
    /// Absent, or hidden from this person: one answer for both.
    NotFound,
    /// Seen but not allowed. The sentence says who can grant it.
    NotPermitted(String),
    SignInRequired,
    SessionExpired,
    /// A ward's screen, or a board whose person has been away, asks for more than its board.
    PersonRequired,
    SignInFailed,
    /// Too many requests lately; the next one is possible after this.
    Busy(Duration),
    /// Every place for requests is taken. Worth another try, at once or nearly.
    Full,
    /// The password was right; now the code of the second factor.
    SecondFactorRequired,
    /// What should have proven who acts did not.
    ProofFailed,
    /// Not known here, switched off, or its answer was not good. Why, stands in the record.
    PasskeyRefused,
    /// Only after a strong proof of the last minutes.
    StepUpRequired,
    /// Too many failures lately; the next try is possible after this.
    SlowedDown(Duration),
    CrossSite,
    BadRequest(String),
    TooLarge,
    /// With the methods that are allowed, as in the `Allow` header.
    MethodNotAllowed(String),
    UnsupportedMediaType,
    /// Nothing was changed. Worth another try.
    Unavailable {
        step: &'static str,
        source: Source,
    },
    Internal {
        step: &'static str,
        source: Source,
    },
}

impl Failure {
    pub fn internal(step: &'static str) -> impl FnOnce(Source) -> Failure {
        move |source| Failure::Internal { step, source }
    }

    /// Says what is wrong with the request, and never what was in it.
    pub fn bad_request(error: impl fmt::Display) -> Self {
        let error = without_input(&error.to_string());
        Failure::BadRequest(format!("Check the request: {error}."))
    }

    pub const fn code(&self) -> ErrorCode {
        match self {
            Failure::NotFound => ErrorCode::NotFound,
            Failure::NotPermitted(_) => ErrorCode::NotPermitted,
            Failure::SignInRequired => ErrorCode::SignInRequired,
            Failure::SessionExpired => ErrorCode::SessionExpired,
            Failure::PersonRequired => ErrorCode::PersonRequired,
            Failure::Busy(_) => ErrorCode::TooManyRequests,
            Failure::Full => ErrorCode::Unavailable,
            Failure::SignInFailed | Failure::ProofFailed => ErrorCode::SignInFailed,
            Failure::SecondFactorRequired => ErrorCode::SecondFactorRequired,
            Failure::PasskeyRefused => ErrorCode::PasskeyRefused,
            Failure::StepUpRequired => ErrorCode::StepUpRequired,
            Failure::SlowedDown(_) => ErrorCode::TooManyRequests,
            Failure::CrossSite => ErrorCode::CrossSite,
            Failure::BadRequest(_) => ErrorCode::BadRequest,
            Failure::TooLarge => ErrorCode::TooLarge,
            Failure::MethodNotAllowed(_) => ErrorCode::MethodNotAllowed,
            Failure::UnsupportedMediaType => ErrorCode::UnsupportedMediaType,
            Failure::Unavailable { .. } => ErrorCode::Unavailable,
            Failure::Internal { .. } => ErrorCode::Internal,
        }
    }

    /// The `Retry-After` header; the sentence says the same number.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Failure::SlowedDown(wait) | Failure::Busy(wait) => Some(whole_seconds(*wait)),
            Failure::Full | Failure::Unavailable { .. } => Some(1),
            _ => None,
        }
    }

    /// What the person reads. Never holds patient data, nor what the log is for.
    fn sentence(&self) -> String {
        match self {
            Failure::NotFound => "There is nothing here, or it is not yours to see.".to_owned(),
            Failure::NotPermitted(sentence) | Failure::BadRequest(sentence) => sentence.clone(),
            Failure::SignInRequired => "Sign in to see this.".to_owned(),
            Failure::SessionExpired => "Your session has ended. Sign in again.".to_owned(),
            Failure::PersonRequired => {
                "This screen only shows its board. Say who you are to do more.".to_owned()
            }
            Failure::Busy(wait) => format!(
                "Too much was asked for at once. The next request is possible in {} s.",
                whole_seconds(*wait)
            ),
            Failure::SignInFailed => "That name and password don’t go together.".to_owned(),
            Failure::SecondFactorRequired => {
                "Now the code of your authenticator app, or one of your recovery codes.".to_owned()
            }
            Failure::ProofFailed => {
                "That is not right, or the code was used before. A new code comes every 30 seconds."
                    .to_owned()
            }
            Failure::PasskeyRefused => {
                "That passkey was not accepted. Try again, or use your password.".to_owned()
            }
            Failure::StepUpRequired => {
                "First prove again that it is you: with a passkey, or with your password and a one-time code."
                    .to_owned()
            }
            Failure::SlowedDown(wait) => format!(
                "Too many tries that failed. The next one is possible in {} s.",
                whole_seconds(*wait)
            ),
            Failure::CrossSite => "This request came from another site, so nothing was done.".to_owned(),
            Failure::TooLarge => "The request is larger than Fleetward takes.".to_owned(),
            Failure::MethodNotAllowed(_) => "This address doesn’t take that kind of request.".to_owned(),
            Failure::UnsupportedMediaType => {
                "Send JSON here, with the content type application/json.".to_owned()
            }
            Failure::Full | Failure::Unavailable { .. } => {
                "Nothing was changed. Try again in a moment.".to_owned()
            }
            Failure::Internal { .. } => {
                "Something went wrong on our side. Try again, and quote the request if it stays.".to_owned()
            }
        }
    }

    fn body(&self) -> ErrorBody {
        // Hidden and absent must not differ by a single byte, so a 404 carries no request id.
        let request = match self {
            Failure::NotFound => None,
            _ => asking::current_request(),
        };
        ErrorBody {
            code: self.code(),
            message: self.sentence(),
            request,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unavailable { step, .. } | Failure::Internal { step, .. } => {
                write!(f, "could not {step}")
            }
            other => f.write_str(&other.sentence()),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Failure::Unavailable { source, .. } | Failure::Internal { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(wait) = self.retry_after() {
            response.insert_header((header::RETRY_AFTER, wait));
        }
        if let Failure::MethodNotAllowed(allow) = self {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(source) = self.source() {
            tracing::error!(
                request.id = asking::current_request().map(tracing::field::display),
                cause = %chain(source),
                "{self}"
            );
        }
        response.json(self.body())
    }
}

/// Readers of JSON and queries quote what they did not understand, and that may be somebody's name. What
/// they expected instead stays.
fn without_input(error: &str) -> String {
    const QUOTING: [&str; 4] = [
        "unknown field ",
        "unknown variant ",
        "invalid type: ",
        "invalid value: ",
    ];
    let start = QUOTING
        .iter()
        .filter_map(|words| error.find(words).map(|at| at + words.len()))
        .min();
    let Some(start) = start else {
        return without_quoted(error);
    };
    let (before, quoted) = error.split_at(start);
    // The last one: the input itself may hold these words.
    let end = [", expected ", ", there are no "]
        .iter()
        .filter_map(|words| quoted.rfind(words))
        .max();
    let after = end.and_then(|end| quoted.get(end..)).unwrap_or_default();
    format!("{before}…{after}")
}

/// Text between the first and the last double quote.
fn without_quoted(error: &str) -> String {
    match (error.find('"'), error.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            let (before, after) = (error.get(..first), error.get(last + 1..));
            format!("{}…{}", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => error.to_owned(),
    }
}

/// Rounded up: whoever waits them is not sent away again for a fraction.
pub fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000))
        .unwrap_or(u64::MAX)
        .max(1)
}

/// An error and everything under it, in one line for the log.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// One JSON answer for whatever matched no route.
pub async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{care::PatientSearch, identity::SignIn};

    fn refusal<T: serde::de::DeserializeOwned>(json: &str) -> String {
        let error = serde_json::from_str::<T>(json).err().expect("not readable");
        Failure::bad_request(error).sentence()
    }

    #[test]
    fn the_header_and_the_sentence_say_the_same_seconds() {
        for (wait, seconds) in [(0, 1), (900, 1), (1_000, 1), (1_001, 2), (29_500, 30)] {
            let wait = Duration::from_millis(wait);
            for failure in [Failure::Busy(wait), Failure::SlowedDown(wait)] {
                assert_eq!(failure.retry_after(), Some(seconds));
                let said = failure.sentence();
                assert!(said.ends_with(&format!(" in {seconds} s.")), "{said}");
            }
        }
    }

    #[test]
    fn a_refusal_says_what_was_expected_and_repeats_nothing_of_the_request() {
        for json in [
            r#"{"by":"surname_start","family_name":["Quennell"]}"#,
            r#"{"by":"Quennell"}"#,
            r#"{"by":"record_number","Quennell":1}"#,
            r#"{"by":"record_number","Quennell, expected x":1}"#,
            r#"{"by":"record_number","record_number":8842137}"#,
            r#""Quennell""#,
            r#"{"by":"surname_start","family_name":"Quennell"#,
        ] {
            let said = refusal::<PatientSearch>(json);
            assert!(
                !said.contains("Quennell") && !said.contains("8842137"),
                "{json}: {said}"
            );
        }
        assert!(refusal::<SignIn>(r#"{"login":"x"}"#).contains("missing field `password`"));
        let said = refusal::<SignIn>(r#"{"login":"x","password":"y","Quennell":1}"#);
        assert!(
            said.contains("expected one of `login`, `password`, `code`"),
            "{said}"
        );
    }
}

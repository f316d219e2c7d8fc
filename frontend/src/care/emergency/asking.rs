//! From a reason to an open patient: what is missing, what is sent, what came of it. Pure.

use fleetward_common::{
    emergency::{OpenInEmergency, is_a_sentence},
    error::ErrorCode,
};

use super::reason::Why;
use crate::api::ApiError;

/// What can be sent, or what is still missing, in words.
pub fn complete(why: &Why) -> Result<OpenInEmergency, &'static str> {
    let Some(reason) = why.reason else {
        return Err("Choose what the emergency is: keys 1 to 4.");
    };
    if !is_a_sentence(&why.sentence) {
        return Err("Say in one sentence why. Ten characters are enough.");
    }
    Ok(OpenInEmergency {
        reason,
        sentence: why.sentence.trim().to_owned(),
    })
}

/// What happens after an answer that is no yes.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The person has to prove who they are; then the same is sent again.
    Prove,
    Say(String),
}

pub fn after(error: &ApiError) -> Next {
    match error {
        ApiError::Refused(body) if body.code == ErrorCode::StepUpRequired => Next::Prove,
        ApiError::Refused(body) if body.code == ErrorCode::NotFound => Next::Say(
            "There is no such patient whom you could open. Check the number, or the ward and bed.".to_owned(),
        ),
        ApiError::Refused(body) => Next::Say(body.message.clone()),
        ApiError::NoAnswer | ApiError::Unreadable { .. } => Next::Say(
            "The portal does not answer, so nothing was opened. The bedside devices measure and alarm by themselves."
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{emergency::EmergencyReason, error::ErrorBody};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn nothing_is_sent_without_a_reason_and_a_sentence() {
        let nothing = Why::default();
        assert!(complete(&nothing).is_err_and(|said| said.contains("1 to 4")));
        let reason = Some(EmergencyReason::Life);
        let short = Why {
            reason,
            sentence: "   help  ".into(),
        };
        assert!(complete(&short).is_err_and(|said| said.contains("Ten characters")));
        let said = Why {
            reason,
            sentence: " Called to bed 7. ".into(),
        };
        assert!(complete(&said).is_ok_and(|ready| ready.sentence == "Called to bed 7."));
    }

    #[test]
    fn only_a_missing_proof_asks_for_one() {
        let refused = |code| {
            ApiError::Refused(ErrorBody {
                code,
                message: "No.".into(),
                request: None,
            })
        };
        assert_eq!(after(&refused(ErrorCode::StepUpRequired)), Next::Prove);
        assert_eq!(after(&refused(ErrorCode::NotPermitted)), Next::Say("No.".into()));
        assert!(matches!(after(&ApiError::NoAnswer), Next::Say(_)));
    }
}

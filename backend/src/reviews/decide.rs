//! What becomes of a review. Pure.

use fleetward_common::{
    id::PersonId,
    review::{Decision, Step, Verdict},
};

/// As it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    ToDecide,
    AnswerAsked,
    SecondReview,
    Closed,
}

impl State {
    const ALL: [State; 4] = [
        State::ToDecide,
        State::AnswerAsked,
        State::SecondReview,
        State::Closed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            State::ToDecide => "to_decide",
            State::AnswerAsked => "answer_asked",
            State::SecondReview => "second_review",
            State::Closed => "closed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub state: State,
    /// Whose access it is about.
    pub about: PersonId,
    /// Who found the breach that waits for a second reviewer.
    pub found_by: Option<PersonId>,
    /// The emergency access still goes on: the answer may grow.
    pub still_open: bool,
    pub chain_broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub step: Step,
    pub state: State,
    pub verdict: Option<Verdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CantDecide {
    AboutOneself,
    Closed,
    StillOpen,
    AskedAlready,
    NeedsAnother,
    ChainBroken,
}

impl CantDecide {
    pub const fn sentence(self) -> &'static str {
        match self {
            CantDecide::AboutOneself => {
                "Nobody decides about their own access. Another privacy officer of your organisation can."
            }
            CantDecide::Closed => "This review is closed already.",
            CantDecide::StillOpen => "The access still goes on. It can be decided when it has closed.",
            CantDecide::AskedAlready => {
                "The answer has been asked for already. It can be decided with or without it."
            }
            CantDecide::NeedsAnother => {
                "You found the breach. Another privacy officer of your organisation has to agree."
            }
            CantDecide::ChainBroken => {
                "The record does not fit together, so nobody decides until that is settled. The platform’s operator can tell you when."
            }
        }
    }
}

/// Why this officer can't decide anything now, if so.
pub fn obstacle(case: &Case, officer: PersonId) -> Option<CantDecide> {
    if case.about == officer {
        Some(CantDecide::AboutOneself)
    } else if case.state == State::Closed {
        Some(CantDecide::Closed)
    } else if case.chain_broken {
        Some(CantDecide::ChainBroken)
    } else if case.still_open {
        Some(CantDecide::StillOpen)
    } else if case.state == State::SecondReview && case.found_by == Some(officer) {
        Some(CantDecide::NeedsAnother)
    } else {
        None
    }
}

pub fn decide(case: &Case, officer: PersonId, decision: Decision) -> Result<Outcome, CantDecide> {
    if let Some(obstacle) = obstacle(case, officer) {
        return Err(obstacle);
    }
    let closed = |step, verdict| Outcome {
        step,
        state: State::Closed,
        verdict: Some(verdict),
    };
    let open = |step, state| Outcome {
        step,
        state,
        verdict: None,
    };
    match (case.state, decision) {
        (State::SecondReview, Decision::Breach) => Ok(closed(Step::AgreedBreach, Verdict::Breach)),
        // Two who disagree are no decision: it is open again, and both notes stay.
        (State::SecondReview, Decision::Appropriate) => Ok(open(Step::DisagreedBreach, State::ToDecide)),
        (State::AnswerAsked, Decision::NeedsAnswer) => Err(CantDecide::AskedAlready),
        (_, Decision::NeedsAnswer) => Ok(open(Step::Asked, State::AnswerAsked)),
        (_, Decision::Appropriate) => Ok(closed(Step::FoundAppropriate, Verdict::Appropriate)),
        (_, Decision::Breach) => Ok(open(Step::FoundBreach, State::SecondReview)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    fn person(n: u8) -> PersonId {
        PersonId::new(Instant::EPOCH, [n; 10])
    }

    const TOMAS: u8 = 1;
    const HELEN: u8 = 2;
    const JONAS: u8 = 3;

    fn case(state: State) -> Case {
        Case {
            state,
            about: person(TOMAS),
            found_by: None,
            still_open: false,
            chain_broken: false,
        }
    }

    #[test]
    fn helen_finds_an_opening_appropriate_and_it_is_closed() {
        let outcome = decide(&case(State::ToDecide), person(HELEN), Decision::Appropriate).unwrap();
        assert_eq!(
            (outcome.state, outcome.verdict),
            (State::Closed, Some(Verdict::Appropriate))
        );
    }

    #[test]
    fn a_breach_is_one_only_when_another_officer_agrees() {
        let found = decide(&case(State::ToDecide), person(HELEN), Decision::Breach).unwrap();
        assert_eq!((found.state, found.verdict), (State::SecondReview, None));
        let waiting = Case {
            found_by: Some(person(HELEN)),
            ..case(State::SecondReview)
        };
        assert_eq!(
            decide(&waiting, person(HELEN), Decision::Breach),
            Err(CantDecide::NeedsAnother)
        );
        let agreed = decide(&waiting, person(JONAS), Decision::Breach).unwrap();
        assert_eq!(
            (agreed.step, agreed.verdict),
            (Step::AgreedBreach, Some(Verdict::Breach))
        );
        let disagreed = decide(&waiting, person(JONAS), Decision::Appropriate).unwrap();
        assert_eq!((disagreed.state, disagreed.verdict), (State::ToDecide, None));
    }

    #[test]
    fn an_answer_is_asked_for_once_and_a_decision_needs_no_answer() {
        let asked = case(State::AnswerAsked);
        assert_eq!(
            decide(&asked, person(HELEN), Decision::NeedsAnswer),
            Err(CantDecide::AskedAlready)
        );
        assert!(decide(&asked, person(HELEN), Decision::Appropriate).is_ok());
    }

    #[test]
    fn nobody_decides_about_themselves_while_it_goes_on_or_when_the_record_is_broken() {
        for (case, officer, why) in [
            (case(State::ToDecide), TOMAS, CantDecide::AboutOneself),
            (
                Case {
                    still_open: true,
                    ..case(State::ToDecide)
                },
                HELEN,
                CantDecide::StillOpen,
            ),
            (
                Case {
                    chain_broken: true,
                    ..case(State::ToDecide)
                },
                HELEN,
                CantDecide::ChainBroken,
            ),
            (case(State::Closed), HELEN, CantDecide::Closed),
        ] {
            for decision in [Decision::Appropriate, Decision::NeedsAnswer, Decision::Breach] {
                assert_eq!(decide(&case, person(officer), decision), Err(why));
            }
        }
    }
}

//! Answers of the policy, remembered for as long as the policy stays the same.
//!
//! The key holds the facts themselves, so a changed assignment asks a different question and nothing
//! has to be forgotten. Casbin's own cache is not used: its key leaves out part of the question.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::policy::{Policy, PolicyError, Question, Reach};
use super::relations::Facts;

#[derive(Default)]
struct Remembered {
    answers: HashMap<Question, bool>,
    reaches: HashMap<Question, Reach>,
}

/// A policy and what it has answered so far. A new policy starts with an empty memory.
pub(super) struct Memo {
    policy: Policy,
    remembered: RwLock<Remembered>,
}

impl Memo {
    pub(super) fn of(policy: Policy) -> Arc<Self> {
        Arc::new(Self {
            policy,
            remembered: RwLock::default(),
        })
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// An engine that fails has not allowed anything.
    pub(super) fn allows(&self, question: Question) -> bool {
        let known = self
            .remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .answers
            .get(&question)
            .copied();
        known.unwrap_or_else(|| match self.policy.ask(&question) {
            Ok(answer) => {
                let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
                remembered.answers.insert(question, answer);
                answer
            }
            Err(error) => {
                log_failure(&error);
                false
            }
        })
    }

    pub(super) fn reach(&self, question: Question) -> Reach {
        // A reach is about every possible row, so no facts belong into its key.
        let question = Question {
            facts: Facts::NONE,
            ..question
        };
        let known = self
            .remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .reaches
            .get(&question)
            .copied();
        known.unwrap_or_else(|| {
            let reach = self.policy.reach(&question);
            let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
            remembered.reaches.insert(question, reach);
            reach
        })
    }
}

fn log_failure(error: &PolicyError) {
    tracing::error!(cause = %crate::platform::http::failure::chain(error), "the policy engine failed, so access was refused");
}

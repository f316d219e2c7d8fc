//! Two counters that tell an open stream when to look again at what it may carry.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use fleetward_common::id::OrganisationId;

#[derive(Debug, Default)]
pub struct Epochs {
    policy: AtomicU64,
    moves: AtomicU64,
    scopes: RwLock<HashMap<OrganisationId, u64>>,
}

/// What the counters stood at when a scope was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochMark {
    policy: u64,
    scopes: u64,
}

impl EpochMark {
    /// Equal to no mark that is ever taken: counters don't get there.
    const OVERTAKEN: Self = Self {
        policy: u64::MAX,
        scopes: u64::MAX,
    };
}

impl Epochs {
    /// How often the policy was replaced since the start.
    pub fn policy(&self) -> u64 {
        self.policy.load(Ordering::SeqCst)
    }

    /// How often anything changed, at any organisation, the policy among it.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::SeqCst)
    }

    /// The policy changed.
    pub fn bump_policy(&self) {
        self.policy.fetch_add(1, Ordering::SeqCst);
        self.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// A membership, an assignment, a consent or a grant of this organisation changed. Call it after
    /// the commit: a stream that looks earlier would see the old rows.
    pub fn bump_scope(&self, organisation: OrganisationId) {
        let mut scopes = self.scopes.write().unwrap_or_else(PoisonError::into_inner);
        *scopes.entry(organisation).or_default() += 1;
        self.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// For rows that were read since `moves` was asked, when whose they are came out only by reading: what
    /// moved meanwhile may be in them or not, so the mark is an old one from the start.
    pub fn mark_read_since<'a>(
        &self,
        moves: u64,
        organisations: impl IntoIterator<Item = &'a OrganisationId>,
    ) -> EpochMark {
        let mark = self.mark(organisations);
        if self.moves() == moves {
            mark
        } else {
            EpochMark::OVERTAKEN
        }
    }

    pub fn mark<'a>(&self, organisations: impl IntoIterator<Item = &'a OrganisationId>) -> EpochMark {
        let scopes = self.scopes.read().unwrap_or_else(PoisonError::into_inner);
        EpochMark {
            policy: self.policy.load(Ordering::SeqCst),
            // Counters only grow, so an equal sum over the same organisations means nothing moved.
            scopes: organisations
                .into_iter()
                .map(|organisation| scopes.get(organisation).copied().unwrap_or(0))
                .sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    #[test]
    fn a_change_at_another_hospital_leaves_the_mark_alone() {
        let [northgate, st_annes] = [1, 2].map(|n| OrganisationId::new(Instant::EPOCH, [n; 10]));
        let epochs = Epochs::default();
        let before = epochs.mark([&northgate]);
        epochs.bump_scope(st_annes);
        assert_eq!(epochs.mark([&northgate]), before);
        epochs.bump_scope(northgate);
        assert_ne!(epochs.mark([&northgate]), before);
    }

    #[test]
    fn what_moved_while_rows_were_read_makes_their_mark_an_old_one() {
        let northgate = OrganisationId::new(Instant::EPOCH, [1; 10]);
        let epochs = Epochs::default();
        let moves = epochs.moves();
        assert_eq!(
            epochs.mark_read_since(moves, [&northgate]),
            epochs.mark([&northgate])
        );
        for moved in [
            |epochs: &Epochs| epochs.bump_scope(OrganisationId::from_bytes([2; 16])),
            Epochs::bump_policy,
        ] {
            let moves = epochs.moves();
            moved(&epochs);
            assert_ne!(
                epochs.mark_read_since(moves, [&northgate]),
                epochs.mark([&northgate])
            );
        }
    }

    #[test]
    fn a_new_policy_concerns_everybody() {
        let epochs = Epochs::default();
        let before = epochs.mark([]);
        epochs.bump_policy();
        assert_ne!(epochs.mark([]), before);
    }
}

//! Tells the audit trail what was decided, and by which relation.

use fleetward_common::{
    access::{Action, DataClass, Kind},
    id::{AccessReviewId, OrganisationId},
};

use super::{
    Access, Actor, Classes, Subject, question,
    relations::{Facts, Relation, Standing},
};
use crate::{
    platform::db::StoredId,
    privacy::trail::{self, Asker, At, Look},
};

impl Actor {
    /// Who this is in the record.
    pub fn asker(&self) -> Asker {
        Asker {
            actor: self.for_audit(),
            organisation: self.organisation,
        }
    }
}

impl Access {
    /// One row was asked about. `standing` is absent when there is no such row.
    pub(super) fn note_row<K: Subject>(
        &self,
        actor: &Actor,
        id: K::Id,
        action: Action,
        standing: Option<&Standing>,
        classes: Classes,
    ) {
        let facts = standing.map_or(Facts::NONE, |standing| Facts::between(actor, standing));
        let allowed: Vec<DataClass> = DataClass::ALL
            .iter()
            .copied()
            .filter(|class| classes.has(*class))
            .collect();
        let used: Facts = allowed
            .iter()
            .flat_map(|class| {
                self.memo()
                    .reach(question(actor, K::KIND, *class, action, facts))
                    .allow
                    .iter()
            })
            .filter(|relation| facts.has(*relation))
            .collect();
        // Towards a patient opened in an emergency the purpose is the emergency's.
        let mut asker = actor.asker();
        asker.actor.purpose = Some(actor.purpose_towards(facts));
        trail::note(Look {
            asker,
            kind: K::KIND,
            action,
            at: At::Row {
                id: id.stored().try_into().unwrap_or_default(),
                organisation: standing.and_then(|standing| standing.organisation),
                patient: standing.and_then(|standing| standing.patient),
            },
            classes: allowed,
            relations: used.iter().map(Relation::as_str).collect(),
            policy: self.memo().policy().version(),
            policy_epoch: self.epochs.policy(),
        });
    }

    /// Somebody read what they are asked about their own access. Of whom it was stays with the review.
    pub fn note_asked(&self, actor: &Actor, review: AccessReviewId, organisation: OrganisationId) {
        trail::note(Look {
            asker: actor.asker(),
            kind: Kind::AccessReview,
            action: Action::Read,
            at: At::Row {
                id: *review.as_bytes(),
                organisation: Some(organisation),
                patient: None,
            },
            classes: vec![DataClass::Administrative],
            relations: vec![Relation::AboutOneself.as_str()],
            policy: self.memo().policy().version(),
            policy_epoch: self.epochs.policy(),
        });
    }

    /// Every row in reach was asked for.
    pub(super) fn note_list(&self, actor: &Actor, kind: Kind, action: Action) {
        let allowing: Vec<(DataClass, Facts)> = DataClass::ALL
            .iter()
            .map(|class| {
                let usual = self.reach(actor, kind, *class, action).allow;
                let opened = self.reach_opened(actor, kind, *class, action);
                (
                    *class,
                    usual.and(opened.map_or(Facts::NONE, |opened| opened.allow)),
                )
            })
            .filter(|(_, allow)| *allow != Facts::NONE)
            .collect();
        let used: Facts = allowing.iter().flat_map(|(_, allow)| allow.iter()).collect();
        trail::note(Look {
            asker: actor.asker(),
            kind,
            action,
            at: At::List,
            classes: allowing.iter().map(|(class, _)| *class).collect(),
            relations: used.iter().map(Relation::as_str).collect(),
            policy: self.memo().policy().version(),
            policy_epoch: self.epochs.policy(),
        });
    }
}

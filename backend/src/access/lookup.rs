//! Asking: one row, many rows, what one device measured.

use fleetward_common::{
    access::{Action, DataClass, Kind},
    id::{AccessReviewId, BedId, ConsentId, DeviceId, MembershipId, OrganisationId, PatientId, UnitId},
    time::{Instant, Span},
};

use super::{
    Access,
    actor::Actor,
    break_glass,
    permit::{
        AccessReview, Act, Bed, Classes, Consent, Device, HistoryPermit, Listing, Membership, Organisation,
        Patient, Permit, Read, Subject, Unit,
    },
    refusal::{Refused, refusal},
    relations::{Facts, Standing},
    store::{Stands, device_standings},
};
use crate::platform::http::Failure;

/// One row about which the policy can be asked.
pub struct Lookup<'a, K: Subject> {
    access: &'a Access,
    id: K::Id,
}

impl Access {
    pub const fn unit(&self, id: UnitId) -> Lookup<'_, Unit> {
        Lookup { access: self, id }
    }

    pub const fn bed(&self, id: BedId) -> Lookup<'_, Bed> {
        Lookup { access: self, id }
    }

    pub const fn patient(&self, id: PatientId) -> Lookup<'_, Patient> {
        Lookup { access: self, id }
    }

    pub const fn device(&self, id: DeviceId) -> Lookup<'_, Device> {
        Lookup { access: self, id }
    }

    pub const fn organisation(&self, id: OrganisationId) -> Lookup<'_, Organisation> {
        Lookup { access: self, id }
    }

    pub const fn membership(&self, id: MembershipId) -> Lookup<'_, Membership> {
        Lookup { access: self, id }
    }

    pub const fn review(&self, id: AccessReviewId) -> Lookup<'_, AccessReview> {
        Lookup { access: self, id }
    }

    pub const fn consent(&self, id: ConsentId) -> Lookup<'_, Consent> {
        Lookup { access: self, id }
    }

    /// The one condition behind a list: for each class, the relations that allow and deny it.
    pub fn listing<K: Subject, A: Act>(&self, actor: &Actor) -> Listing<K, A> {
        self.note_list(actor, K::KIND, A::ACTION);
        let reaches = DataClass::ALL
            .iter()
            .map(|class| {
                let reach = self.reach(actor, K::KIND, *class, A::ACTION);
                let opened = self.reach_opened(actor, K::KIND, *class, A::ACTION);
                (*class, reach, opened)
            })
            .collect();
        Listing::new(actor.clone(), reaches, self.clock.now())
    }

    /// How far back this person may look at a device that stood like this, if only an emergency lets
    /// them look at all.
    fn open_since(&self, actor: &Actor, class: DataClass, standing: &Standing, now: Instant) -> Option<Span> {
        actor.emergency?;
        let usual = Actor {
            emergency: None,
            ..actor.clone()
        };
        let without = self.classes::<Device>(&usual, Action::ReadHistory, standing);
        (!without.has(class)).then(|| break_glass::history_at(now))
    }

    /// The classes of a row that stands like this, for this person.
    pub fn classes<K: Subject>(&self, actor: &Actor, action: Action, standing: &Standing) -> Classes {
        let facts = Facts::between(actor, standing);
        DataClass::ALL
            .iter()
            .copied()
            .filter(|class| self.allows(actor, K::KIND, *class, action, facts))
            .collect()
    }
}

impl<K: Subject + Stands> Lookup<'_, K> {
    /// A row outside the actor's reach is as absent as one that doesn't exist. A row the actor can
    /// read, but not in this way, is refused with a reason.
    pub async fn permit<A: Act>(self, actor: &Actor) -> Result<Permit<K, A>, Failure> {
        let (access, id) = (self.access, self.id);
        let now = access.clock.now();
        let standing = access
            .db
            .read(move |connection| K::standing(connection, id, now))
            .await?;
        let classes = standing.as_ref().map_or(Classes::NONE, |standing| {
            access.classes::<K>(actor, A::ACTION, standing)
        });
        access.note_row::<K>(actor, id, A::ACTION, standing.as_ref(), classes);
        let standing = standing.ok_or(Failure::NotFound)?;
        if !classes.is_empty() {
            return Ok(Permit::new(id, actor.clone(), classes, standing, now));
        }
        if access
            .classes::<K>(actor, Read::ACTION_WORD, &standing)
            .is_empty()
        {
            Err(Failure::NotFound)
        } else {
            Err(refusal(Refused {
                role: actor.role,
                kind: K::KIND,
                class: DataClass::Clinical,
                action: A::ACTION,
            }))
        }
    }
}

impl Read {
    /// Whoever can read a row in any class can see that it is there.
    const ACTION_WORD: Action = <Read as Act>::ACTION;
}

impl Lookup<'_, Device> {
    /// The parts of `span` in which the device was this actor's to read. Who holds a device now says
    /// nothing about whom it measured last month, so the policy is asked once per interval.
    pub async fn history(
        self,
        actor: &Actor,
        class: DataClass,
        span: Span,
    ) -> Result<HistoryPermit, Failure> {
        let (access, device) = (self.access, self.id);
        let now = access.clock.now();
        let (current, past) = access
            .db
            .read(move |connection| {
                let current = Device::standing(connection, device, now)?;
                Ok::<_, Failure>((current, device_standings(connection, device, span, now)?))
            })
            .await?;
        let mut spans: Vec<Span> = Vec::new();
        for (part, standing) in past {
            let classes = access.classes::<Device>(actor, Action::ReadHistory, &standing);
            if !classes.has(class) {
                continue;
            }
            let part = match access.open_since(actor, class, &standing, now) {
                Some(open) => match part.intersect(&open) {
                    Some(part) => part,
                    None => continue,
                },
                None => part,
            };
            match spans.last_mut() {
                Some(last) if last.until == part.from => last.until = part.until,
                _ => spans.push(part),
            }
        }
        let seen: Classes = if spans.is_empty() {
            Classes::NONE
        } else {
            Classes::NONE.with(class)
        };
        access.note_row::<Device>(actor, device, Action::ReadHistory, current.as_ref(), seen);
        let current = current.ok_or(Failure::NotFound)?;
        let visible_now = !access.classes::<Device>(actor, Action::Read, &current).is_empty();
        let allowed_now = access
            .classes::<Device>(actor, Action::ReadHistory, &current)
            .has(class);
        match (spans.is_empty(), visible_now, allowed_now) {
            (false, _, _) | (true, true, true) => Ok(HistoryPermit::new(device, class, spans)),
            (true, true, false) => Err(refusal(Refused {
                role: actor.role,
                kind: Kind::Device,
                class,
                action: Action::ReadHistory,
            })),
            (true, false, _) => Err(Failure::NotFound),
        }
    }
}

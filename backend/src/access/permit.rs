//! Proof, in a value's type, that the policy was asked.
//!
//! Only this module makes a [`Permit`] or a [`Listing`]; a store function that takes one can't be
//! called by someone who forgot to ask.

use std::{fmt, marker::PhantomData};

use fleetward_common::{
    access::{Action, DataClass, Kind},
    id::{AccessReviewId, BedId, ConsentId, DeviceId, MembershipId, OrganisationId, PatientId, UnitId},
    time::{Instant, Span},
};

use super::{
    actor::Actor,
    policy::Reach,
    refusal::{Refused, refusal},
    relations::Standing,
};
use crate::platform::{db::StoredId, http::Failure};

mod sealed {
    pub trait Sealed {}
}

/// A kind of row, as a type.
pub trait Subject: sealed::Sealed + Send + Sync + 'static {
    const KIND: Kind;
    type Id: Copy + fmt::Debug + StoredId + Send + Sync + 'static;
}

/// An action, as a type.
pub trait Act: sealed::Sealed + Send + Sync + 'static {
    const ACTION: Action;
}

macro_rules! subjects {
    ($($name:ident = $id:ty),+ $(,)?) => {$(
        #[derive(Debug, Clone)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Subject for $name {
            const KIND: Kind = Kind::$name;
            type Id = $id;
        }
    )+};
}

macro_rules! acts {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(Debug, Clone)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Act for $name {
            const ACTION: Action = Action::$name;
        }
    )+};
}

subjects!(
    Unit = UnitId,
    Bed = BedId,
    Patient = PatientId,
    Device = DeviceId,
    Organisation = OrganisationId,
    Membership = MembershipId,
    AccessReview = AccessReviewId,
    Consent = ConsentId,
);
acts!(
    Read,
    ReadHistory,
    Acknowledge,
    PauseAlarms,
    SwitchOffAlarms,
    ChangeLimits,
    Transfer,
    OpenEmergency,
    Administer,
    ReadAccessLog,
    ManageConsent,
    ReadAudit,
    DecideReview,
    Export,
    ReadPolicy,
    EnrolStation,
    OpenToSupport,
);

/// A set of data classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Classes(u8);

impl Classes {
    pub const NONE: Classes = Classes(0);

    pub const fn has(self, class: DataClass) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn and(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    #[must_use]
    pub const fn with(self, class: DataClass) -> Classes {
        Classes(self.0 | 1 << class as u8)
    }

    #[must_use]
    pub const fn only(self, other: Classes) -> Classes {
        Classes(self.0 & other.0)
    }
}

impl FromIterator<DataClass> for Classes {
    fn from_iter<I: IntoIterator<Item = DataClass>>(classes: I) -> Self {
        classes.into_iter().fold(Classes::NONE, Classes::with)
    }
}

/// This actor may do `A` to this one row, within [`Permit::classes`].
#[derive(Debug, Clone)]
pub struct Permit<K: Subject, A: Act> {
    id: K::Id,
    actor: Actor,
    classes: Classes,
    standing: Standing,
    at: Instant,
    act: PhantomData<A>,
}

impl<K: Subject, A: Act> Permit<K, A> {
    pub(super) fn new(id: K::Id, actor: Actor, classes: Classes, standing: Standing, at: Instant) -> Self {
        Self {
            id,
            actor,
            classes,
            standing,
            at,
            act: PhantomData,
        }
    }

    pub const fn id(&self) -> K::Id {
        self.id
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    pub const fn classes(&self) -> Classes {
        self.classes
    }

    pub const fn has(&self, class: DataClass) -> bool {
        self.classes.has(class)
    }

    /// Whose the row was when the policy was asked.
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    pub const fn granted_at(&self) -> Instant {
        self.at
    }

    /// The row is visible, but is this part of it?
    pub fn requires(&self, class: DataClass) -> Result<(), Failure> {
        if self.has(class) {
            Ok(())
        } else {
            Err(refusal(Refused {
                role: self.actor.role,
                kind: K::KIND,
                class,
                action: A::ACTION,
            }))
        }
    }
}

/// This actor may read what one device measured within these spans, and nothing outside them.
#[derive(Debug, Clone)]
pub struct HistoryPermit {
    device: DeviceId,
    class: DataClass,
    spans: Vec<Span>,
}

impl HistoryPermit {
    pub(super) const fn new(device: DeviceId, class: DataClass, spans: Vec<Span>) -> Self {
        Self { device, class, spans }
    }

    pub const fn device(&self) -> DeviceId {
        self.device
    }

    pub const fn class(&self) -> DataClass {
        self.class
    }

    /// In order, not overlapping, within the span that was asked for.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The parts of this permit that lie within any of these.
    #[must_use]
    pub fn within(mut self, held: &[Span]) -> Self {
        self.spans = self
            .spans
            .iter()
            .flat_map(|part| held.iter().filter_map(|span| part.intersect(span)))
            .collect();
        self
    }
}

/// This actor may list rows of `K`, each class within its reach.
#[derive(Debug, Clone)]
pub struct Listing<K: Subject, A: Act> {
    actor: Actor,
    reaches: Vec<(DataClass, Reach, Option<Reach>)>,
    at: Instant,
    what: PhantomData<(K, A)>,
}

impl<K: Subject, A: Act> Listing<K, A> {
    /// Each class with what the policy says of every row, and of what is open in an emergency.
    pub(super) fn new(actor: Actor, reaches: Vec<(DataClass, Reach, Option<Reach>)>, at: Instant) -> Self {
        Self {
            actor,
            reaches,
            at,
            what: PhantomData,
        }
    }

    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Rows belong to whoever holds them at this moment.
    pub const fn at(&self) -> Instant {
        self.at
    }

    pub fn reach(&self, class: DataClass) -> Reach {
        self.reaches
            .iter()
            .find_map(|(known, reach, _)| (*known == class).then_some(*reach))
            .unwrap_or_default()
    }

    /// What the policy says of the row that is open in an emergency, if one is.
    pub fn reach_opened(&self, class: DataClass) -> Option<Reach> {
        self.reaches
            .iter()
            .find_map(|(known, _, opened)| (*known == class).then_some(*opened)?)
    }

    /// Whether the policy has any way to give this class of anything.
    pub fn requires(&self, class: DataClass) -> Result<(), Failure> {
        if self.reach(class).is_open() {
            return Ok(());
        }
        Err(refusal(Refused {
            role: self.actor.role,
            kind: K::KIND,
            class,
            action: A::ACTION,
        }))
    }

    /// Classes of which there can be a row.
    pub fn open_classes(&self) -> impl Iterator<Item = DataClass> {
        self.reaches
            .iter()
            .filter(|(_, reach, opened)| {
                !reach.allow.is_none() || opened.is_some_and(|opened| !opened.allow.is_none())
            })
            .map(|(class, ..)| *class)
    }
}

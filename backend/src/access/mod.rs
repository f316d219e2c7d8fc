//! Who may do what.
//!
//! Five people ask for monitor `NW-M40-000317`, which stands at bed 7 of Northgate's Ward 4B.
//!
//! *Rashida* is a nurse on 4B. The monitor is assigned to her unit, so the relation `my_unit` holds;
//! `policy.csv` gives a nurse three classes of a device in `my_unit`: identity, clinical, technical.
//! She gets a [`Permit<Device, Read>`](permit::Permit) carrying those classes, and the page is made of
//! them. When the patient is moved to another ward, the relation ends with the stay, and within a second
//! the monitor is gone from her open board.
//!
//! *Ivo* is a nurse too, at St Anne's. No relation holds, no row allows: the monitor does not exist for
//! him, and the answer is the same 404, byte for byte and statement for statement, as for an id that
//! was never given out. Had he worked at Northgate, on another ward, he could have opened the patient
//! in an emergency: that is a relation too, `break_glass`, which a reason and a proof of who he is make
//! for a quarter of an hour, and which `policy.csv` answers only to the purpose of an emergency.
//!
//! *Ben* supports the maker's devices. `maker_of` holds: he sees faults, battery and software. Names
//! are denied to him by name, so an allow that someone adds later can't open them; values are denied
//! for as long as nobody opened the device to him. Asking for the heart rate gets him a 403 that says
//! who can help ([`refusal`]), because he can see that the device is there.
//!
//! *Ruth* keeps Northgate's accounts. She gives and takes roles ([`Membership`], `administer`), though
//! never her own, and sees no patient at all. *Helen*, the privacy officer, sees who looked at whom and
//! why, never a value, and never decides about herself.
//!
//! One policy gives three answers, and a property test holds them equal: the **point**
//! ([`lookup`]: one row, decided by Casbin on its facts), the **list** ([`permit::Listing`]: the rows'
//! relations as one SQL condition, no decision per row) and the **stream** ([`stream`]: the same,
//! compiled at subscribe and looked at again within a second of a change, see [`epochs`]). What a person
//! could do at all, the portal asks once ([`capabilities`]) and shows no control that would be refused.
//!
//! Start with `relations.rs` and `policy.csv`. Deny by default; a deny beats every allow.

pub mod actor;
pub mod break_glass;
mod capabilities;
pub mod epochs;
pub mod hours;
mod lookup;
mod memo;
mod noting;
pub mod permit;
pub mod policy;
mod refusal;
pub mod relations;
pub mod routes;
mod rule;
pub mod store;
pub mod stream;

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use fleetward_common::{
    access::{Action, DataClass, Kind},
    time::Instant,
};

pub use actor::Actor;
pub use epochs::Epochs;
pub use permit::{
    AccessReview, Acknowledge, Act, Administer, Bed, ChangeLimits, Classes, Consent, DecideReview, Device,
    EnrolStation, Export, HistoryPermit, Listing, ManageConsent, Membership, OpenEmergency, OpenToSupport,
    Organisation, Patient, PauseAlarms, Permit, Read, ReadAccessLog, ReadAudit, ReadHistory, ReadPolicy,
    Subject, SwitchOffAlarms, Transfer, Unit,
};
pub use store::held::held_since;

use crate::platform::{clock::Clock, db::Db};
use memo::Memo;
use policy::{Policy, PolicyError, Question, Reach, Rule};
use relations::{Facts, Relation};

/// Cloneable; all clones ask the same policy.
#[derive(Clone)]
pub struct Access {
    db: Db,
    clock: Clock,
    in_force: Arc<RwLock<InForce>>,
    /// Single decisions asked for since start, remembered ones among them.
    decisions: Arc<AtomicU64>,
    pub epochs: Arc<Epochs>,
}

/// The policy that decides now, and since when.
struct InForce {
    memo: Arc<Memo>,
    since: Instant,
}

impl Access {
    pub fn new(db: Db, clock: Clock, policy: Policy) -> Self {
        let in_force = InForce {
            memo: Memo::of(policy),
            since: clock.now(),
        };
        Self {
            db,
            clock,
            in_force: Arc::new(RwLock::new(in_force)),
            decisions: Arc::default(),
            epochs: Arc::default(),
        }
    }

    /// From now on this policy decides. Open streams hear of it within a second.
    pub fn replace_policy(&self, policy: Policy) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = InForce {
            memo: Memo::of(policy),
            since: self.clock.now(),
        };
        self.epochs.bump_policy();
    }

    pub async fn parse_policy(policy: &str) -> Result<Policy, PolicyError> {
        Policy::parse(policy::MODEL, policy).await
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.memo().policy().rules().to_vec()
    }

    pub fn allows(&self, actor: &Actor, kind: Kind, class: DataClass, action: Action, facts: Facts) -> bool {
        self.decisions.fetch_add(1, Ordering::Relaxed);
        self.memo().allows(question(actor, kind, class, action, facts))
    }

    /// Decisions about single rows since start. A list of any length costs none.
    pub fn decisions(&self) -> u64 {
        self.decisions.load(Ordering::Relaxed)
    }

    pub fn in_force_since(&self) -> Instant {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).since
    }

    /// What the policy says about every row at once: the condition of a list, a count, an export and a
    /// stream is made of this.
    pub fn reach(&self, actor: &Actor, kind: Kind, class: DataClass, action: Action) -> Reach {
        self.memo()
            .reach(question(actor, kind, class, action, Facts::NONE))
    }

    /// The same for what this actor has open in an emergency: such a row is judged by the emergency's
    /// purpose, every other one by the session's.
    fn reach_opened(&self, actor: &Actor, kind: Kind, class: DataClass, action: Action) -> Option<Reach> {
        actor.emergency?;
        let opened = Facts::from_iter([Relation::BreakGlass]);
        Some(self.memo().reach(question(actor, kind, class, action, opened)))
    }

    fn memo(&self) -> Arc<Memo> {
        let in_force = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&in_force.memo)
    }
}

fn question(actor: &Actor, kind: Kind, class: DataClass, action: Action, facts: Facts) -> Question {
    Question {
        role: actor.role,
        purpose: actor.purpose_towards(facts),
        kind,
        class,
        action,
        facts,
    }
}

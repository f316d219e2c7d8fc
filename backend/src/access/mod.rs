//! Who may do what.
//!
//! Three people ask for monitor `NW-M40-000317`, which stands at bed 7 of Northgate's Ward 4B.
//!
//! *Rashida* is a nurse on 4B. The monitor is assigned to her unit, so the relation `my_unit` holds;
//! `policy.csv` gives a nurse three classes of a device in `my_unit`: identity, clinical, technical.
//! She gets a [`Permit<Device, Read>`](permit::Permit) carrying those classes, and the page is made of
//! them.
//!
//! *Ivo* is a nurse too, at St Anne's. No relation holds, no row allows: the monitor does not exist for
//! him, and the answer is the same 404, byte for byte, as for an id that was never given out.
//!
//! *Ben* supports the maker's devices. `maker_of` holds: he sees faults, battery and software. Values
//! and names are denied to him by name, so an allow that someone adds later can't open them. Asking for
//! the heart rate gets him a 403 that says who can help, because he can see that the device is there.
//!
//! One policy gives three answers, and a property test holds them equal: the **point**
//! ([`lookup`]: one row, decided by Casbin on its facts), the **list** ([`permit::Listing`]: the rows'
//! relations as one SQL condition) and the **stream** ([`stream`]: the same, compiled at subscribe and
//! looked at again within a second of a change, see [`epochs`]).
//!
//! Start with `relations.rs` and `policy.csv`. Deny by default; a deny beats every allow.

pub mod actor;
pub mod epochs;
mod lookup;
mod memo;
pub mod permit;
pub mod policy;
pub mod relations;
pub mod store;
pub mod stream;

use std::sync::{Arc, PoisonError, RwLock};

use fleetward_common::access::{Action, DataClass, Kind};

pub use actor::Actor;
pub use epochs::Epochs;
pub use permit::{
    Act, Bed, Classes, Device, EnrolStation, HistoryPermit, Listing, Patient, Permit, Read, ReadHistory,
    Subject, Unit,
};

use crate::platform::{clock::Clock, db::Db};
use memo::Memo;
use policy::{Policy, PolicyError, Question, Reach, Rule};
use relations::Facts;

/// Cloneable; all clones ask the same policy.
#[derive(Clone)]
pub struct Access {
    db: Db,
    clock: Clock,
    memo: Arc<RwLock<Arc<Memo>>>,
    pub epochs: Arc<Epochs>,
}

impl Access {
    pub fn new(db: Db, clock: Clock, policy: Policy) -> Self {
        Self {
            db,
            clock,
            memo: Arc::new(RwLock::new(Memo::of(policy))),
            epochs: Arc::default(),
        }
    }

    /// From now on this policy decides. Open streams hear of it within a second.
    pub fn replace_policy(&self, policy: Policy) {
        *self.memo.write().unwrap_or_else(PoisonError::into_inner) = Memo::of(policy);
        self.epochs.bump_policy();
    }

    pub async fn parse_policy(policy: &str) -> Result<Policy, PolicyError> {
        Policy::parse(policy::MODEL, policy).await
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.memo().policy().rules().to_vec()
    }

    pub fn allows(&self, actor: &Actor, kind: Kind, class: DataClass, action: Action, facts: Facts) -> bool {
        self.memo().allows(question(actor, kind, class, action, facts))
    }

    fn reach(&self, actor: &Actor, kind: Kind, class: DataClass, action: Action) -> Reach {
        self.memo()
            .reach(question(actor, kind, class, action, Facts::NONE))
    }

    fn memo(&self) -> Arc<Memo> {
        self.memo.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const fn question(actor: &Actor, kind: Kind, class: DataClass, action: Action, facts: Facts) -> Question {
    Question {
        role: actor.role,
        purpose: actor.purpose,
        kind,
        class,
        action,
        facts,
    }
}

//! How a person can stand to a row. The list is closed.
//!
//! Every relation has two forms that a test holds equal: the predicate here, over a loaded row's
//! [`Standing`], and a condition in `store/conditions.rs`, for lists.

use fleetward_common::id::{MembershipId, OrganisationId, PatientId, PersonId, UnitId};

use super::actor::Actor;

macro_rules! relations {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Relation { $($(#[$doc])* $variant,)+ }

        impl Relation {
            pub const ALL: &'static [Relation] = &[$(Relation::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Relation::$variant => $word,)+ }
            }

            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Relation::$variant),)+ _ => None }
            }
        }
    };
}

relations! {
    /// The row is in a ward or clinic the person works in now.
    MyUnit = "my_unit",
    /// The row's patient is cared for by the person, or by a unit the person works in.
    CareTeam = "care_team",
    /// The person is the row's patient.
    OwnRecord = "own_record",
    /// The row's patient named the person to act for them.
    ProxyOf = "proxy_of",
    /// The person's organisation holds the device now.
    Custodian = "custodian",
    /// The person's organisation made the device.
    MakerOf = "maker_of",
    /// The custodian opened the device to this person for a while, and the patient it is on agreed to
    /// share with the person's organisation for support. Either one's no ends it.
    SupportGrant = "support_grant",
    /// The row's patient shares with this person, by name.
    Consented = "consented",
    /// The row's patient agreed to research by the person's organisation.
    ResearchConsented = "research_consented",
    /// The person's session opened the patient in an emergency, and it is not over.
    BreakGlass = "break_glass",
    /// Nobody opened the device to this person: what keeps a maker out, by name, until somebody does.
    WithoutSupportGrant = "without_support_grant",
    /// The row belongs to the person's organisation.
    SameOrganisation = "same_organisation",
    /// The row is the person's own membership, or a review of what they themselves opened. Nobody gives
    /// themselves a role, nobody clears themselves.
    AboutOneself = "about_oneself",
    Any = "any",
}

impl Relation {
    /// As part of a sentence on the policy page: "reads values, own units".
    pub const fn means(self) -> &'static str {
        match self {
            Relation::MyUnit => "own units",
            Relation::CareTeam => "own patients",
            Relation::OwnRecord => "own record",
            Relation::ProxyOf => "patients they act for",
            Relation::Custodian => "own organisation’s devices",
            Relation::MakerOf => "own make",
            Relation::SupportGrant => "opened to them for a while, with consent",
            Relation::WithoutSupportGrant => "unless opened to them, with consent",
            Relation::BreakGlass => "opened in an emergency",
            Relation::Consented => "who share with them by name",
            Relation::ResearchConsented => "who agreed to research",
            Relation::SameOrganisation => "own organisation",
            Relation::AboutOneself => "about themselves",
            Relation::Any => "any",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }

    pub fn holds(self, actor: &Actor, row: &Standing) -> bool {
        match self {
            Relation::MyUnit => row.unit.is_some_and(|unit| actor.units.contains(&unit)),
            Relation::CareTeam => {
                row.care_members.contains(&actor.membership)
                    || row.care_units.iter().any(|unit| actor.units.contains(unit))
            }
            Relation::OwnRecord => row
                .patient
                .is_some_and(|patient| actor.own_records.contains(&patient)),
            Relation::ProxyOf => row
                .patient
                .is_some_and(|patient| actor.acts_for.contains(&patient)),
            Relation::Custodian => row.custodian == Some(actor.organisation),
            Relation::MakerOf => row.maker == Some(actor.organisation),
            Relation::SameOrganisation => row.organisation == Some(actor.organisation),
            Relation::BreakGlass => actor
                .emergency
                .is_some_and(|emergency| row.patient == Some(emergency.patient)),
            Relation::SupportGrant => {
                row.opened_to.contains(&actor.person) && row.support_agreed_with.contains(&actor.organisation)
            }
            Relation::Consented => row.shared_with.contains(&actor.person),
            Relation::ResearchConsented => row.research_agreed_with.contains(&actor.organisation),
            Relation::WithoutSupportGrant => !Relation::SupportGrant.holds(actor, row),
            Relation::AboutOneself => row.person == Some(actor.person),
            Relation::Any => true,
        }
    }
}

/// What the relations ask about a row: whose it is at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub organisation: Option<OrganisationId>,
    pub custodian: Option<OrganisationId>,
    pub maker: Option<OrganisationId>,
    pub unit: Option<UnitId>,
    pub patient: Option<PatientId>,
    /// Whose membership it is, or whose access it reviews.
    pub person: Option<PersonId>,
    /// Who cares for that patient: whole units, and single members.
    pub care_units: Vec<UnitId>,
    pub care_members: Vec<MembershipId>,
    /// To whom the custodian opened the device, now.
    pub opened_to: Vec<PersonId>,
    /// What that patient agreed to, now: makers that may help, people by name, who does research.
    pub support_agreed_with: Vec<OrganisationId>,
    pub shared_with: Vec<PersonId>,
    pub research_agreed_with: Vec<OrganisationId>,
}

/// A set of relations: those that hold between one person and one row, or those a policy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Facts(u16);

impl Facts {
    pub const NONE: Facts = Facts(0);

    pub fn between(actor: &Actor, row: &Standing) -> Self {
        Relation::ALL
            .iter()
            .filter(|relation| relation.holds(actor, row))
            .copied()
            .collect()
    }

    pub const fn has(self, relation: Relation) -> bool {
        self.0 & relation.bit() != 0
    }

    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn and(self, other: Facts) -> Facts {
        Facts(self.0 | other.0)
    }

    pub const fn meets(self, other: Facts) -> bool {
        self.0 & other.0 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL
            .iter()
            .copied()
            .filter(move |relation| self.has(*relation))
    }

    /// As Casbin's script engine carries them.
    pub(super) fn bits(self) -> i32 {
        i32::from(self.0)
    }

    pub(super) fn from_bits(bits: i32) -> Self {
        Facts(u16::try_from(bits).unwrap_or(0))
    }
}

impl FromIterator<Relation> for Facts {
    fn from_iter<I: IntoIterator<Item = Relation>>(relations: I) -> Self {
        Facts(
            relations
                .into_iter()
                .fold(0, |bits, relation| bits | relation.bit()),
        )
    }
}

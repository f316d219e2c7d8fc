//! An organisation's people, as their administrator sees and changes them.

use serde::{Deserialize, Serialize};

use crate::{
    access::Role,
    id::{InvitationId, MembershipId, MessageId, OrganisationId, PersonId, SiteId, UnitId},
    review::Deadlines,
    time::Instant,
};

words! {
    /// What an organisation is, and so which roles exist in it.
    OrganisationKind {
        Hospital = "hospital",
        Provider = "provider",
        Manufacturer = "manufacturer",
        Platform = "platform",
    }
}

impl OrganisationKind {
    /// Whether its people look after patients, so that looks at their data are reviewed.
    pub const fn has_patients(self) -> bool {
        matches!(self, OrganisationKind::Hospital | OrganisationKind::Provider)
    }

    /// Roles that its administrator can give. Patients and who acts for them are not among them: they
    /// come with a patient's record.
    pub const fn roles(self) -> &'static [Role] {
        match self {
            OrganisationKind::Hospital => &[
                Role::Nurse,
                Role::ChargeNurse,
                Role::Physician,
                Role::BiomedicalEngineer,
                Role::PrivacyOfficer,
                Role::HospitalAdministrator,
            ],
            OrganisationKind::Provider => &[
                Role::ProviderClinician,
                Role::RespiratoryTechnician,
                Role::PrivacyOfficer,
                Role::ProviderAdministrator,
            ],
            OrganisationKind::Manufacturer => &[
                Role::SupportAgent,
                Role::FieldTechnician,
                Role::ReleaseEngineer,
                Role::ProductSecurity,
                Role::ProductManager,
                Role::ManufacturerAdministrator,
            ],
            OrganisationKind::Platform => &[Role::PlatformOperator],
        }
    }

    /// Who keeps its people. There is always at least one.
    pub const fn administrator(self) -> Role {
        match self {
            OrganisationKind::Hospital => Role::HospitalAdministrator,
            OrganisationKind::Provider => Role::ProviderAdministrator,
            OrganisationKind::Manufacturer => Role::ManufacturerAdministrator,
            OrganisationKind::Platform => Role::PlatformOperator,
        }
    }
}

/// Whether this role works in wards or clinics; what others see does not depend on a unit.
pub const fn works_in_units(role: Role) -> bool {
    matches!(
        role,
        Role::Nurse
            | Role::ChargeNurse
            | Role::Physician
            | Role::ProviderClinician
            | Role::RespiratoryTechnician
    )
}

/// Where someone's access to an organisation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MemberState {
    /// Has a link and has not joined yet.
    Invited,
    /// The first interval has not begun.
    NotYet,
    Active,
    Suspended,
    Ended,
}

impl MemberState {
    pub const ALL: &'static [MemberState] = &[
        MemberState::Invited,
        MemberState::NotYet,
        MemberState::Active,
        MemberState::Suspended,
        MemberState::Ended,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            MemberState::Invited => "invited",
            MemberState::NotYet => "not_yet",
            MemberState::Active => "active",
            MemberState::Suspended => "suspended",
            MemberState::Ended => "ended",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        MemberState::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == word)
    }
}

/// One row of the list of people. Exactly one of `membership` and `invitation` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberSummary {
    pub membership: Option<MembershipId>,
    pub invitation: Option<InvitationId>,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    /// Wards or clinics, by name.
    pub units: Vec<String>,
    /// The last moment of access; `None` when there is no end.
    pub until: Option<Instant>,
    pub last_sign_in: Option<Instant>,
    /// Ways to prove who they are, in words: `password`, `2 passkeys`.
    pub signs_in_with: Vec<String>,
    pub state: MemberState,
}

/// How many people are in each group of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberCounts {
    pub all: u64,
    pub invited: u64,
    /// Active, and without access within 30 days.
    pub ends_soon: u64,
    pub suspended: u64,
    pub ended: u64,
}

/// `GET /api/v1/people`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeoplePage {
    pub organisation: String,
    pub items: Vec<MemberSummary>,
    /// How many match.
    pub total: u64,
    /// Hand it back as `?after=`.
    pub next: Option<String>,
    pub counts: MemberCounts,
}

/// In this unit, until then if there is an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitGrant {
    pub unit: UnitId,
    #[serde(default)]
    pub until: Option<Instant>,
}

/// A role that someone has, had or will have, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleInterval {
    pub membership: MembershipId,
    pub role: Role,
    pub from: Instant,
    pub until: Option<Instant>,
    pub units: Vec<UnitInterval>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitInterval {
    pub unit: UnitId,
    pub name: String,
    pub from: Instant,
    pub until: Option<Instant>,
}

/// `GET /api/v1/people/{id}`: one person in one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    pub person: PersonId,
    /// The interval that counts now, or the last one.
    pub membership: MembershipId,
    pub name: String,
    pub login: String,
    pub email: Option<String>,
    pub since: Instant,
    pub role: Role,
    pub units: Vec<UnitGrant>,
    pub until: Option<Instant>,
    pub state: MemberState,
    pub suspended_at: Option<Instant>,
    pub last_sign_in: Option<Instant>,
    pub signs_in_with: Vec<String>,
    pub open_sessions: u64,
    /// Every interval, oldest first; those that begin later are planned.
    pub history: Vec<RoleInterval>,
    /// Why this administrator can't change this person; `None` when they can.
    pub not_changeable: Option<String>,
}

/// `POST /api/v1/people/{id}/change`: what shall hold from `from` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberChange {
    pub role: Role,
    pub units: Vec<UnitGrant>,
    /// Access ends then.
    #[serde(default)]
    pub until: Option<Instant>,
    /// Now, when absent. Never in the past: what was, was.
    #[serde(default)]
    pub from: Option<Instant>,
}

/// `POST /api/v1/organisations/{id}/invitations`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewInvitation {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub units: Vec<UnitGrant>,
    /// When access ends, once they have joined.
    #[serde(default)]
    pub until: Option<Instant>,
}

/// `GET /api/v1/invitations/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationView {
    pub id: InvitationId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub units: Vec<UnitGrant>,
    pub until: Option<Instant>,
    pub invited_by: String,
    pub invited_at: Instant,
    /// The link works until then.
    pub expires_at: Instant,
    pub state: InvitationState,
    pub delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum InvitationState {
    Open,
    /// The person has begun and not finished.
    Begun,
    Joined,
    Withdrawn,
    Expired,
}

/// What became of the message that carries a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Delivery {
    Waiting,
    Sent,
    /// Every try failed; check the address.
    Failed,
    Withdrawn,
}

/// What a role may see and do, computed from the policy. Four lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolePreview {
    pub role: Role,
    pub sees: Vec<String>,
    pub cannot_see: Vec<NotGiven>,
    pub may: Vec<String>,
    pub may_not: Vec<NotGiven>,
}

/// Something a role does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotGiven {
    pub what: String,
    /// A rule denies it by name, so nothing can open it. Otherwise no rule gives it.
    pub never: bool,
}

/// `GET /api/v1/organisations/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganisationView {
    pub id: OrganisationId,
    pub name: String,
    pub kind: OrganisationKind,
    pub home_region: String,
    /// Roles that can be given here.
    pub roles: Vec<Role>,
    pub sites: Vec<SiteView>,
    /// Where patients are looked after.
    pub review_deadlines: Option<Deadlines>,
    /// Where the demo shows its mail; `None` outside the demo.
    pub demo_mail: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SiteView {
    pub id: SiteId,
    pub name: String,
    /// What a manufacturer is told instead of the name.
    pub spoken_code: String,
    /// IANA name.
    pub time_zone: String,
    pub units: Vec<UnitView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitView {
    pub id: UnitId,
    pub name: String,
    pub beds: u64,
    /// People who work in it now.
    pub people: u64,
    pub closed_at: Option<Instant>,
    /// Why it can't be closed now, in words; empty when it can.
    pub holds: Vec<String>,
}

/// `POST /api/v1/organisations/{id}/sites`, and to change one `/api/v1/organisations/{id}/sites/{site}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SiteForm {
    pub name: String,
    /// IANA name: `Europe/London`.
    pub time_zone: String,
}

/// `POST /api/v1/organisations/{id}/units`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUnit {
    pub site: SiteId,
    pub name: String,
}

/// `POST /api/v1/units/{id}/name`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitName {
    pub name: String,
}

words! {
    /// How an administrator knew that it is their colleague who asks for a way back.
    IdentityCheck {
        /// Stood before them, and is known by sight.
        SeenInPerson = "seen_in_person",
        /// Showed a document with a picture.
        IdentityDocument = "identity_document",
        /// Answered a call to a number that was on file before.
        CalledBack = "called_back",
    }
}

impl IdentityCheck {
    /// Completes "I know that it is them: they …".
    pub const fn in_words(self) -> &'static str {
        match self {
            IdentityCheck::SeenInPerson => "stand before me, and I know them",
            IdentityCheck::IdentityDocument => "showed me a document with their picture",
            IdentityCheck::CalledBack => "answered at a number that we had before",
        }
    }
}

/// `POST /api/v1/people/{id}/recovery`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartRecovery {
    pub proven_by: IdentityCheck,
}

/// The half of the proof that the administrator hands over in
/// person. The other half, a link, goes to the colleague's mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryStarted {
    /// Eight digits, shown once.
    pub code: String,
    pub expires_at: Instant,
}

/// One of the signed-in person's own memberships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnMembership {
    pub membership: MembershipId,
    pub organisation_name: String,
    pub role: Role,
    pub units: Vec<String>,
    /// The one this session carries.
    pub current: bool,
}

/// `POST /api/v1/session/membership`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchMembership {
    pub membership: MembershipId,
}

/// `GET /api/v1/organisations/{id}/outbox`: everything about a message but its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboxMessage {
    pub id: MessageId,
    pub kind: String,
    pub recipient: String,
    pub subject: String,
    pub state: MessageState,
    pub attempts: u64,
    pub last_error: Option<String>,
    pub created_at: Instant,
    pub next_try_at: Option<Instant>,
    pub settled_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MessageState {
    Waiting,
    Sent,
    Dead,
    Withdrawn,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [OrganisationKind; 4] = [
        OrganisationKind::Hospital,
        OrganisationKind::Provider,
        OrganisationKind::Manufacturer,
        OrganisationKind::Platform,
    ];

    #[test]
    fn every_role_of_staff_can_be_given_somewhere_and_a_patients_nowhere() {
        for role in Role::ALL {
            let given = KINDS.iter().any(|kind| kind.roles().contains(role));
            assert_eq!(
                given,
                !matches!(role, Role::Patient | Role::Proxy | Role::WardStation),
                "{role}"
            );
        }
    }

    #[test]
    fn every_kind_of_organisation_can_give_its_administrator() {
        for kind in KINDS {
            assert!(kind.roles().contains(&kind.administrator()));
        }
    }
}

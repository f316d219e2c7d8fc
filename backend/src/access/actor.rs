//! Who asks: one person in one role, with everything the relations compare a row to.

use fleetward_common::{
    access::{Purpose, Role},
    id::{MembershipId, OrganisationId, PatientId, PersonId, SessionId, UnitId},
};

use super::{
    break_glass::Emergency,
    relations::{Facts, Relation},
};
use crate::privacy::audit::AuditActor;

/// Loaded with every request, so a membership that ended a moment ago opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub session: SessionId,
    pub person: PersonId,
    pub membership: MembershipId,
    pub organisation: OrganisationId,
    pub role: Role,
    pub purpose: Purpose,
    /// Wards and clinics of this membership, now.
    pub units: Vec<UnitId>,
    /// The person's own patient records, one per organisation that cares for them.
    pub own_records: Vec<PatientId>,
    /// Patients who named this person to act for them.
    pub acts_for: Vec<PatientId>,
    /// The patient this session opened in an emergency, while it lasts.
    pub emergency: Option<Emergency>,
}

impl Actor {
    /// Why this person looks at a row to which these relations lead: what was opened in an emergency is
    /// looked at for the emergency's reason, everything else for the session's.
    pub fn purpose_towards(&self, facts: Facts) -> Purpose {
        match self.emergency {
            Some(emergency) if facts.has(Relation::BreakGlass) => emergency.purpose,
            _ => self.purpose,
        }
    }

    /// The same person, who looks for research: nothing opened in an emergency comes along.
    #[must_use]
    pub fn for_research(self) -> Self {
        Self {
            purpose: Purpose::Research,
            emergency: None,
            ..self
        }
    }

    pub fn for_audit(&self) -> AuditActor {
        AuditActor {
            person: Some(self.person),
            membership: Some(self.membership),
            role: Some(self.role),
            purpose: Some(self.purpose),
        }
    }
}

/// Why people of this role look at data, unless they say otherwise.
pub const fn usual_purpose(role: Role) -> Purpose {
    match role {
        Role::Nurse
        | Role::ChargeNurse
        | Role::Physician
        | Role::ProviderClinician
        | Role::RespiratoryTechnician
        | Role::WardStation => Purpose::Treatment,
        Role::Patient => Purpose::PatientRequest,
        Role::Proxy => Purpose::FamilyRequest,
        Role::PrivacyOfficer => Purpose::Compliance,
        Role::HospitalAdministrator
        | Role::ProviderAdministrator
        | Role::ManufacturerAdministrator
        | Role::PlatformOperator => Purpose::SystemAdministration,
        Role::BiomedicalEngineer
        | Role::SupportAgent
        | Role::FieldTechnician
        | Role::ReleaseEngineer
        | Role::ProductSecurity
        | Role::ProductManager => Purpose::Operations,
    }
}

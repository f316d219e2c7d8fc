//! The vocabulary of access: what the server enforces and the portal greys out by.
//!
//! The words are closed. The policy file, the golden table and the start-up check all use
//! `as_str`; an unknown word in the policy stops the server.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

words! {
    /// What a membership makes of a person.
    Role {
        Nurse = "nurse",
        ChargeNurse = "charge_nurse",
        Physician = "physician",
        BiomedicalEngineer = "biomedical_engineer",
        PrivacyOfficer = "privacy_officer",
        HospitalAdministrator = "hospital_administrator",
        ProviderClinician = "provider_clinician",
        RespiratoryTechnician = "respiratory_technician",
        ProviderAdministrator = "provider_administrator",
        SupportAgent = "support_agent",
        FieldTechnician = "field_technician",
        ReleaseEngineer = "release_engineer",
        ProductSecurity = "product_security",
        ProductManager = "product_manager",
        ManufacturerAdministrator = "manufacturer_administrator",
        Patient = "patient",
        Proxy = "proxy",
        PlatformOperator = "platform_operator",
        /// Not a person: the screen on a ward's wall, which shows its board and does nothing.
        WardStation = "ward_station",
    }
}

impl Role {
    /// As printed under a name.
    pub const fn title(self) -> &'static str {
        match self {
            Role::Nurse => "Nurse",
            Role::ChargeNurse => "Charge nurse",
            Role::Physician => "Physician",
            Role::BiomedicalEngineer => "Biomedical engineer",
            Role::PrivacyOfficer => "Privacy officer",
            Role::HospitalAdministrator => "Administrator",
            Role::ProviderClinician => "Clinician",
            Role::RespiratoryTechnician => "Respiratory technician",
            Role::ProviderAdministrator => "Administrator",
            Role::SupportAgent => "Support agent",
            Role::FieldTechnician => "Field technician",
            Role::ReleaseEngineer => "Release engineer",
            Role::ProductSecurity => "Product security",
            Role::ProductManager => "Product manager",
            Role::ManufacturerAdministrator => "Administrator",
            Role::Patient => "Patient",
            Role::Proxy => "Family or carer",
            Role::PlatformOperator => "Operator",
            Role::WardStation => "Ward screen",
        }
    }

    /// Which of the three portals this role lands in.
    pub const fn portal(self) -> Portal {
        match self {
            Role::Nurse | Role::ChargeNurse | Role::Physician | Role::WardStation => Portal::Ward,
            Role::Patient | Role::Proxy => Portal::Patient,
            _ => Portal::Staff,
        }
    }
}

words! {
    /// The three wasm entry points, by audience.
    Portal {
        Ward = "ward",
        Staff = "staff",
        Patient = "patient",
    }
}

words! {
    /// What a permit is about.
    Kind {
        Unit = "unit",
        Bed = "bed",
        Patient = "patient",
        Device = "device",
        Organisation = "organisation",
        /// One person in one role at one organisation: what an administrator gives and takes.
        Membership = "membership",
        /// An emergency opening, or an access that nothing explains, waiting for a privacy officer.
        AccessReview = "access_review",
        /// What a patient agreed to share, and with whom.
        Consent = "consent",
    }
}

words! {
    /// A page is a composition of these; each role gets its classes.
    DataClass {
        /// Who the patient is.
        Identity = "identity",
        /// Values, alarms, therapy.
        Clinical = "clinical",
        /// Faults, battery, software, connection.
        Technical = "technical",
        /// Hours, functions used; pseudonymous.
        Usage = "usage",
        /// Contracts, parts, what is ordered.
        Commercial = "commercial",
        /// Staff accounts, memberships, credentials, access reviews, the audit record.
        Administrative = "administrative",
    }
}

words! {
    Action {
        /// Look at it now, on a page or on a stream.
        Read = "read",
        /// Look at what was measured before.
        ReadHistory = "read_history",
        /// Make a browser the screen of a ward, or take that back.
        EnrolStation = "enrol_station",
        /// Say at the bed that an alarm was seen.
        Acknowledge = "acknowledge",
        /// Hush a bed's alarms for two minutes, on the board.
        PauseAlarms = "pause_alarms",
        /// Switch a bed's alarms off on the board, until a time and for a reason.
        SwitchOffAlarms = "switch_off_alarms",
        /// A patient's own limits, on this board only.
        ChangeLimits = "change_limits",
        /// Let one person at the maker see what a device measures, for a while.
        OpenToSupport = "open_to_support",
        /// Move a patient to another bed.
        Transfer = "transfer",
        /// Open a patient to whom no relation leads, for a while and for a reason.
        OpenEmergency = "open_emergency",
        /// Invite, give roles and units, suspend.
        Administer = "administer",
        /// See who looked at a patient's data.
        ReadAccessLog = "read_access_log",
        /// Give and take back consent.
        ManageConsent = "manage_consent",
        /// Search the record of who did what.
        ReadAudit = "read_audit",
        /// Close a review, with a note.
        DecideReview = "decide_review",
        /// Take a signed copy out of the portal.
        Export = "export",
        /// See the policy in force.
        ReadPolicy = "read_policy",
    }
}

words! {
    /// HL7 PurposeOfUse (v3-ActReason). A child is matched as each of its ancestors too.
    Purpose {
        Treatment = "TREAT",
        EmergencyTreatment = "ETREAT",
        BreakTheGlass = "BTG",
        EmergencyRoom = "ERTREAT",
        Operations = "HOPERAT",
        CareManagement = "CAREMGT",
        SystemAdministration = "HSYSADMIN",
        Compliance = "HCOMPL",
        Payment = "HPAYMT",
        Research = "HRESCH",
        PatientRequest = "PATRQT",
        FamilyRequest = "FAMRQT",
        PowerOfAttorney = "PWATRNY",
        SupportNetwork = "SUPNWK",
    }
}

impl Purpose {
    pub const fn parent(self) -> Option<Purpose> {
        match self {
            Purpose::EmergencyTreatment => Some(Purpose::Treatment),
            Purpose::BreakTheGlass | Purpose::EmergencyRoom => Some(Purpose::EmergencyTreatment),
            Purpose::CareManagement | Purpose::SystemAdministration | Purpose::Compliance => {
                Some(Purpose::Operations)
            }
            Purpose::FamilyRequest | Purpose::PowerOfAttorney | Purpose::SupportNetwork => {
                Some(Purpose::PatientRequest)
            }
            Purpose::Treatment
            | Purpose::Operations
            | Purpose::Payment
            | Purpose::Research
            | Purpose::PatientRequest => None,
        }
    }

    /// This purpose, then what it is a kind of.
    pub fn with_ancestors(self) -> impl Iterator<Item = Purpose> {
        std::iter::successors(Some(self), |purpose| purpose.parent())
    }
}

/// `GET /api/v1/capabilities`: what this session could do to some row at all. With `?kind=&id=`: what it
/// may do to that row now. The portal shows no control that is not in here; the server asks the policy
/// again all the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capabilities {
    pub may: Vec<Capability>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capability {
    pub kind: Kind,
    pub action: Action,
    /// Never empty.
    pub classes: Vec<DataClass>,
}

impl Capabilities {
    pub fn may(&self, kind: Kind, action: Action) -> bool {
        self.classes(kind, action).next().is_some()
    }

    pub fn may_in(&self, kind: Kind, action: Action, class: DataClass) -> bool {
        self.classes(kind, action).any(|known| known == class)
    }

    fn classes(&self, kind: Kind, action: Action) -> impl Iterator<Item = DataClass> {
        self.may
            .iter()
            .filter(move |capability| (capability.kind, capability.action) == (kind, action))
            .flat_map(|capability| capability.classes.iter().copied())
    }
}

/// `GET /api/v1/policy`: the policy in force, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyView {
    /// Of the program whose policy this is.
    pub release: String,
    /// When this server began to decide by it.
    pub in_force_since: Instant,
    pub rules: Vec<PolicyRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyRule {
    pub role: Role,
    pub kind: Kind,
    pub class: DataClass,
    pub action: Action,
    /// The word of the policy file, and what it means as part of a sentence.
    pub relation: String,
    pub relation_means: String,
    /// Absent in a rule that denies for any purpose.
    pub purpose: Option<Purpose>,
    /// Beats every rule that allows.
    pub denies: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaking_the_glass_is_an_emergency_and_a_treatment() {
        let chain: Vec<_> = Purpose::BreakTheGlass
            .with_ancestors()
            .map(Purpose::as_str)
            .collect();
        assert_eq!(chain, ["BTG", "ETREAT", "TREAT"]);
    }

    #[test]
    fn every_word_is_read_back_as_itself() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert_eq!(Role::parse("superuser"), None);
    }
}

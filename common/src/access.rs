//! The vocabulary of access: what the server enforces and the portal greys out by.
//!
//! The words are closed. The policy file, the golden table and the start-up check all use
//! `as_str`; an unknown word in the policy stops the server.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

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
        Commercial = "commercial",
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
    }
}

words! {
    /// HL7 PurposeOfUse (v3-ActReason). A child is matched as each of its ancestors too.
    Purpose {
        Treatment = "TREAT",
        EmergencyTreatment = "ETREAT",
        BreakTheGlass = "BTG",
        Operations = "HOPERAT",
        CareManagement = "CAREMGT",
        SystemAdministration = "HSYSADMIN",
        Compliance = "HCOMPL",
        Payment = "HPAYMT",
        PatientRequest = "PATRQT",
        FamilyRequest = "FAMRQT",
    }
}

impl Purpose {
    pub const fn parent(self) -> Option<Purpose> {
        match self {
            Purpose::EmergencyTreatment => Some(Purpose::Treatment),
            Purpose::BreakTheGlass => Some(Purpose::EmergencyTreatment),
            Purpose::CareManagement | Purpose::SystemAdministration | Purpose::Compliance => {
                Some(Purpose::Operations)
            }
            Purpose::FamilyRequest => Some(Purpose::PatientRequest),
            Purpose::Treatment | Purpose::Operations | Purpose::Payment | Purpose::PatientRequest => None,
        }
    }

    /// This purpose, then what it is a kind of.
    pub fn with_ancestors(self) -> impl Iterator<Item = Purpose> {
        std::iter::successors(Some(self), |purpose| purpose.parent())
    }
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

//! What a 403 says: why not, and who can do it or change it. One sentence a person can act on.

use fleetward_common::access::{Action, DataClass, Kind, Role};

use crate::platform::http::Failure;

/// What was asked for and not given, of a row that this role can see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub role: Role,
    pub kind: Kind,
    pub class: DataClass,
    pub action: Action,
}

pub(super) fn refusal(refused: Refused) -> Failure {
    Failure::NotPermitted(sentence(refused).to_owned())
}

fn sentence(refused: Refused) -> &'static str {
    use Action as A;
    match refused.action {
        A::Read | A::ReadHistory => of_data(refused.role, refused.class),
        A::Acknowledge => {
            "Alarms are answered by those who treat the patient. The ward’s charge nurse can tell you who that is."
        }
        A::PauseAlarms => {
            "Alarms are hushed by those who treat the patient. The ward’s charge nurse can tell you who that is."
        }
        A::ChangeLimits => {
            "Limits are set by those who treat the patient on their ward. The ward’s charge nurse can tell you who that is."
        }
        A::SwitchOffAlarms => {
            "Alarms are switched off by the ward’s charge nurse or a physician. Ask one of them; a pause of two minutes is yours."
        }
        A::OpenToSupport => {
            "A device is opened to its maker by who keeps it: the hospital’s biomedical engineer, or the provider’s technician. Ask one of them."
        }
        A::Transfer => {
            "Moving a patient is for the charge nurse of the ward where the patient lies. Ask them to do it."
        }
        A::OpenEmergency => {
            "Emergency access is for the hospital’s nurses and physicians. Ask whoever treats the patient."
        }
        A::Administer if refused.kind == Kind::Membership && is_administrator(refused.role) => {
            "Nobody changes their own membership. Another administrator of your organisation can."
        }
        A::Administer => {
            "People, roles and units are kept by an administrator of your organisation. Ask them."
        }
        A::EnrolStation => {
            "A ward’s screens are set up by its charge nurse or by an administrator of your organisation. Ask them."
        }
        A::ReadAccessLog => {
            "Who looked at a record is shown to the patient and to the privacy officer. Ask one of them."
        }
        A::ManageConsent => "Only the patient, or who acts for them, gives and takes back consent. Ask them.",
        A::DecideReview if refused.role == Role::PrivacyOfficer => {
            "Nobody decides about their own access. Another privacy officer of your organisation can."
        }
        A::ReadAudit | A::DecideReview | A::Export => {
            "Reviews and the audit record are the privacy officer’s. Ask the privacy officer of your organisation."
        }
        A::ReadPolicy => {
            "The policy is shown to administrators and privacy officers. An administrator of your organisation can tell you what your role gives."
        }
    }
}

fn of_data(role: Role, class: DataClass) -> &'static str {
    match (role, class) {
        (
            Role::SupportAgent
            | Role::FieldTechnician
            | Role::ReleaseEngineer
            | Role::ProductSecurity
            | Role::ProductManager
            | Role::ManufacturerAdministrator,
            DataClass::Identity | DataClass::Clinical,
        ) => {
            "The maker of a device never sees who it is on or what it measures. The hospital’s biomedical engineer can say how the device behaves."
        }
        (Role::BiomedicalEngineer, DataClass::Identity | DataClass::Clinical) => {
            "Values and names are for those who treat the patient. The ward’s charge nurse can tell you what you need."
        }
        (_, DataClass::Identity | DataClass::Clinical) => {
            "Values and names are for those who treat the patient. An administrator of the organisation can change your units or your role."
        }
        _ => "Your role doesn’t include this. An administrator of your organisation can change that.",
    }
}

const fn is_administrator(role: Role) -> bool {
    matches!(
        role,
        Role::HospitalAdministrator
            | Role::ProviderAdministrator
            | Role::ManufacturerAdministrator
            | Role::PlatformOperator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words for someone who can be asked.
    const WHO: [&str; 9] = [
        "administrator",
        "Administrator",
        "biomedical engineer",
        "charge nurse",
        "privacy officer",
        "patient",
        "who acts for them",
        "whoever treats",
        "who that is",
    ];

    #[test]
    fn every_refusal_names_someone_who_can_help() {
        for role in Role::ALL {
            for kind in Kind::ALL {
                for class in DataClass::ALL {
                    for action in Action::ALL {
                        let said = sentence(Refused {
                            role: *role,
                            kind: *kind,
                            class: *class,
                            action: *action,
                        });
                        assert!(
                            WHO.iter().any(|who| said.contains(who)),
                            "{role} {action}: {said}"
                        );
                        assert!(said.ends_with('.'), "{said}");
                    }
                }
            }
        }
    }
}

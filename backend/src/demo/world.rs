//! Who and what there is.

use fleetward_common::{access::Role, care::Sex, devices::DeviceType};

pub const REGION: &str = "eu-west";
pub const TIME_ZONE: &str = "Europe/London";

pub const NORTHGATE: &str = "Northgate General";
pub const ST_ANNES: &str = "St Anne’s Hospital";
pub const LARKFIELD: &str = "Larkfield Sleep Clinic";
pub const NORTHWIND: &str = "Northwind Medical";
pub const SOLVI: &str = "Solvi Devices";
pub const OPERATIONS: &str = "Fleetward Operations";

/// Name and kind.
pub const ORGANISATIONS: &[(&str, &str)] = &[
    (OPERATIONS, "platform"),
    (NORTHGATE, "hospital"),
    (ST_ANNES, "hospital"),
    (LARKFIELD, "provider"),
    (NORTHWIND, "manufacturer"),
    (SOLVI, "manufacturer"),
];

/// Organisation, name, spoken code.
pub const SITES: &[(&str, &str, &str)] = &[
    (NORTHGATE, "Northgate General", "LARK-04"),
    (ST_ANNES, "St Anne’s Hospital", "HERON-11"),
    (LARKFIELD, "Larkfield home care", "WREN-02"),
];

pub const WARD_4B: &str = "Ward 4B Cardiology";
pub const WARD_5A: &str = "Ward 5A Medicine";
pub const WARD_2: &str = "Ward 2 Surgery";
pub const SLEEP_CLINIC: &str = "Sleep clinic";

pub struct UnitSeed {
    pub organisation: &'static str,
    pub name: &'static str,
    /// As in `4B/7`.
    pub short: &'static str,
    pub beds: usize,
}

#[rustfmt::skip]
pub const UNITS: &[UnitSeed] = &[
    UnitSeed { organisation: NORTHGATE, name: WARD_4B, short: "4B", beds: 24 },
    UnitSeed { organisation: NORTHGATE, name: WARD_5A, short: "5A", beds: 6 },
    UnitSeed { organisation: ST_ANNES, name: WARD_2, short: "2", beds: 6 },
    UnitSeed { organisation: LARKFIELD, name: SLEEP_CLINIC, short: "sleep", beds: 0 },
];

pub struct PersonSeed {
    pub name: &'static str,
    pub login: &'static str,
    pub organisation: &'static str,
    pub role: Role,
    pub units: &'static [&'static str],
    pub sees: &'static str,
}

const fn person(
    name: &'static str,
    login: &'static str,
    organisation: &'static str,
    role: Role,
    units: &'static [&'static str],
    sees: &'static str,
) -> PersonSeed {
    PersonSeed {
        name,
        login,
        organisation,
        role,
        units,
        sees,
    }
}

#[rustfmt::skip]
pub const PEOPLE: &[PersonSeed] = &[
    person("Louise Brandt", "louise.brandt", NORTHGATE, Role::ChargeNurse, &[WARD_4B], "24 beds, live, and which device is where"),
    person("Rashida Amadi", "rashida.amadi", NORTHGATE, Role::Nurse, &[WARD_4B], "Every bed of Ward 4B, live"),
    person("Tomas Reuter", "tomas.reuter", NORTHGATE, Role::Physician, &[WARD_4B], "His ward’s patients, now and the last day"),
    person("Daniel Brooks", "daniel.brooks", NORTHGATE, Role::BiomedicalEngineer, &[], "Every device: place, faults, software"),
    person("Helen Frost", "helen.frost", NORTHGATE, Role::PrivacyOfficer, &[], "Who looked at whom and why, and never a value"),
    person("Jonas Frey", "jonas.frey", NORTHGATE, Role::PrivacyOfficer, &[], "The same desk: a breach needs two of them"),
    person("Ruth Adler", "ruth.adler", NORTHGATE, Role::HospitalAdministrator, &[], "People, their roles and wards; no patient"),
    person("Ivo Lang", "ivo.lang", ST_ANNES, Role::Nurse, &[WARD_2], "Another hospital, and nothing of this one"),
    person("Rosa Lind", "rosa.lind", LARKFIELD, Role::RespiratoryTechnician, &[SLEEP_CLINIC], "Her home patients and whose data is missing"),
    person("Miriam Okafor", "miriam.okafor", LARKFIELD, Role::ProviderClinician, &[SLEEP_CLINIC], "The clinic’s patients and their nights"),
    person("Vera Holm", "vera.holm", LARKFIELD, Role::ProviderAdministrator, &[], "Who works at the clinic; no patient"),
    person("Ben Fischer", "ben.fischer", NORTHWIND, Role::SupportAgent, &[], "A device’s health, never its patient"),
    person("Omar Haddad", "omar.haddad", NORTHWIND, Role::FieldTechnician, &[], "Which device stands at which site, with its faults"),
    person("Rita Falk", "rita.falk", NORTHWIND, Role::ReleaseEngineer, &[], "Which software runs where"),
    person("Kola Adeyemi", "kola.adeyemi", NORTHWIND, Role::ProductSecurity, &[], "Every fielded device and its version"),
    person("Emma Lund", "emma.lund", NORTHWIND, Role::ProductManager, &[], "The fleet, without anyone in it"),
    person("Paul Winter", "paul.winter", NORTHWIND, Role::ManufacturerAdministrator, &[], "Who works with the fleet, and the fleet itself"),
    person("Alan Reed", "alan.reed", LARKFIELD, Role::Patient, &[], "Last night in a sentence"),
    person("Joan Whitfield", "joan.whitfield", LARKFIELD, Role::Patient, &[], "Since when nothing has arrived"),
    person("Martin Hughes", "martin.hughes", LARKFIELD, Role::Patient, &[], "His glucose and blood pressure"),
    person("Sofia Hughes", "sofia.hughes", LARKFIELD, Role::Proxy, &[], "What Martin agreed to share with her"),
    person("Nils Berg", "nils.berg", OPERATIONS, Role::PlatformOperator, &[], "No patient and no device; only that all is up"),
];

/// One person can work at two houses, and says as whom.
pub struct SecondMembership {
    pub login: &'static str,
    pub organisation: &'static str,
    pub role: Role,
    pub units: &'static [&'static str],
}

pub const SECOND_MEMBERSHIPS: &[SecondMembership] = &[SecondMembership {
    login: "tomas.reuter",
    organisation: ST_ANNES,
    role: Role::Physician,
    units: &[WARD_2],
}];

/// Where mail to the people of an organisation goes: nowhere, but it looks like it.
pub fn mail_host(organisation: &str) -> &'static str {
    match organisation {
        NORTHGATE => "northgate.example",
        ST_ANNES => "st-annes.example",
        LARKFIELD => "larkfield.example",
        NORTHWIND => "northwind.example",
        SOLVI => "solvi.example",
        _ => "fleetward.example",
    }
}

pub struct ModelSeed {
    pub maker: &'static str,
    pub name: &'static str,
    pub device_type: DeviceType,
    pub software: &'static str,
    pub expected_interval_s: i64,
}

pub const MONITOR: &str = "Monitor M40";
pub const PUMP: &str = "Pump P12";
pub const CPAP: &str = "CPAP C3";
pub const CUFF: &str = "Cuff B2";
pub const OXIMETER: &str = "Oximeter O1";
pub const CGM: &str = "CGM G1";

#[rustfmt::skip]
pub const MODELS: &[ModelSeed] = &[
    ModelSeed { maker: NORTHWIND, name: MONITOR, device_type: DeviceType::PatientMonitor, software: "4.2.1", expected_interval_s: 60 },
    ModelSeed { maker: NORTHWIND, name: PUMP, device_type: DeviceType::InfusionPump, software: "2.8.0", expected_interval_s: 300 },
    ModelSeed { maker: NORTHWIND, name: CPAP, device_type: DeviceType::Cpap, software: "1.14.3", expected_interval_s: 36 * 3_600 },
    ModelSeed { maker: SOLVI, name: CUFF, device_type: DeviceType::BloodPressureCuff, software: "3.0.2", expected_interval_s: 36 * 3_600 },
    ModelSeed { maker: SOLVI, name: OXIMETER, device_type: DeviceType::PulseOximeter, software: "1.6.0", expected_interval_s: 36 * 3_600 },
    ModelSeed { maker: SOLVI, name: CGM, device_type: DeviceType::ContinuousGlucoseMonitor, software: "5.1.4", expected_interval_s: 1_800 },
];

pub struct PatientSeed {
    pub family: &'static str,
    pub given: &'static str,
    pub born: &'static str,
    pub sex: Sex,
    pub record_number: &'static str,
}

const fn patient(
    family: &'static str,
    given: &'static str,
    born: &'static str,
    sex: Sex,
    record_number: &'static str,
) -> PatientSeed {
    PatientSeed {
        family,
        given,
        born,
        sex,
        record_number,
    }
}

/// Who lies where: ward, bed, patient, scenario of the monitor (`None`: no device), scenario of a pump.
pub struct BedSeed {
    pub unit: &'static str,
    pub bed: &'static str,
    pub patient: PatientSeed,
    pub monitor: Option<&'static str>,
    pub pump: Option<&'static str>,
}

const fn bed(
    unit: &'static str,
    bed: &'static str,
    monitor: Option<&'static str>,
    pump: Option<&'static str>,
    patient: PatientSeed,
) -> BedSeed {
    BedSeed {
        unit,
        bed,
        patient,
        monitor,
        pump,
    }
}

const STABLE: Option<&str> = Some("stable");

#[rustfmt::skip]
pub const BEDS: &[BedSeed] = &[
    bed(WARD_4B, "1", STABLE, STABLE, patient("ABARA", "Joseph", "1951-03-09", Sex::Male, "NG-104211")),
    bed(WARD_4B, "2", STABLE, STABLE, patient("LINDGREN", "Elsa", "1944-11-27", Sex::Female, "NG-104187")),
    bed(WARD_4B, "3", STABLE, STABLE, patient("PETROV", "Stefan", "1958-06-02", Sex::Male, "NG-103940")),
    bed(WARD_4B, "4", STABLE, None, patient("MARLOW", "Thea", "1963-01-18", Sex::Female, "NG-104302")),
    bed(WARD_4B, "5", Some("lead_off"), None, patient("YILDIZ", "Nuray", "1970-08-30", Sex::Female, "NG-104078")),
    bed(WARD_4B, "6", STABLE, STABLE, patient("CASTELLO", "Renato", "1947-05-14", Sex::Male, "NG-103877")),
    bed(WARD_4B, "7", Some("desaturation"), STABLE, patient("HARTE", "Maeve", "1939-12-05", Sex::Female, "NG-104155")),
    bed(WARD_4B, "9", STABLE, STABLE, patient("DUVALL", "Colette", "1955-09-21", Sex::Female, "NG-104220")),
    bed(WARD_4B, "10", STABLE, STABLE, patient("SORENSEN", "Per", "1949-02-11", Sex::Male, "NG-104019")),
    bed(WARD_4B, "11", STABLE, STABLE, patient("IBEKWE", "Adaeze", "1966-07-07", Sex::Female, "NG-104263")),
    bed(WARD_4B, "12", None, None, patient("FENWICK", "Grace", "1972-10-16", Sex::Female, "NG-104331")),
    bed(WARD_4B, "13", STABLE, STABLE, patient("NAKATA", "Hiroshi", "1953-04-25", Sex::Male, "NG-103998")),
    bed(WARD_4B, "14", Some("network_loss"), None, patient("ROSSELLI", "Dario", "1961-03-30", Sex::Male, "NG-104244")),
    bed(WARD_4B, "15", STABLE, STABLE, patient("VAN DER MEER", "Willem", "1942-08-12", Sex::Male, "NG-103912")),
    bed(WARD_4B, "16", Some("battery_low"), None, patient("KOWALCZYK", "Beata", "1968-01-03", Sex::Female, "NG-104290")),
    bed(WARD_4B, "17", STABLE, STABLE, patient("ASHDOWN", "Leonard", "1945-06-19", Sex::Male, "NG-104101")),
    bed(WARD_4B, "18", Some("tachycardia"), STABLE, patient("TREMBLAY", "Odette", "1957-11-08", Sex::Female, "NG-104176")),
    bed(WARD_4B, "19", STABLE, STABLE, patient("MBALU", "Kwame", "1964-05-27", Sex::Male, "NG-104315")),
    bed(WARD_4B, "20", STABLE, STABLE, patient("QUILL", "Fionn", "1975-02-22", Sex::Male, "NG-104048")),
    bed(WARD_4B, "21", STABLE, STABLE, patient("ANDERSEN", "Inga", "1950-10-01", Sex::Female, "NG-103965")),
    bed(WARD_4B, "22", STABLE, STABLE, patient("SZABO", "Viktor", "1948-07-15", Sex::Male, "NG-104133")),
    bed(WARD_4B, "23", STABLE, None, patient("O’LEARY", "Una", "1969-09-09", Sex::Female, "NG-104279")),
    bed(WARD_4B, "24", STABLE, None, patient("BRANDER", "Zelda", "1959-12-29", Sex::Female, "NG-104202")),
    bed(WARD_5A, "1", STABLE, None, patient("HOLLIS", "Edgar", "1941-04-04", Sex::Male, "NG-104340")),
    bed(WARD_5A, "2", STABLE, None, patient("NWOSU", "Chidi", "1978-06-13", Sex::Male, "NG-104352")),
    bed(WARD_5A, "4", STABLE, None, patient("FARROW", "Imogen", "1954-02-28", Sex::Female, "NG-104299")),
    bed(WARD_2, "1", STABLE, None, patient("KELLERMAN", "Jonas", "1960-05-05", Sex::Male, "SA-55018")),
    bed(WARD_2, "2", STABLE, None, patient("PRADHAN", "Leela", "1982-03-17", Sex::Female, "SA-55027")),
    bed(WARD_2, "5", STABLE, None, patient("GALLAGHER", "Roisin", "1949-09-23", Sex::Female, "SA-55031")),
];

pub struct HomeDeviceSeed {
    pub model: &'static str,
    pub serial: &'static str,
    /// How long ago it stopped sending, if it did.
    pub silent_days: Option<u64>,
}

pub struct HomeSeed {
    pub patient: PatientSeed,
    /// The patient's own login, if they have one.
    pub login: Option<&'static str>,
    pub proxy: Option<&'static str>,
    pub devices: &'static [HomeDeviceSeed],
}

const fn at_home(model: &'static str, serial: &'static str) -> HomeDeviceSeed {
    HomeDeviceSeed {
        model,
        serial,
        silent_days: None,
    }
}

#[rustfmt::skip]
pub const HOMES: &[HomeSeed] = &[
    HomeSeed {
        patient: patient("REED", "Alan", "1967-04-12", Sex::Male, "LS-20114"),
        login: Some("alan.reed"),
        proxy: None,
        devices: &[at_home(CPAP, "NW-C3-008104")],
    },
    HomeSeed {
        patient: patient("WHITFIELD", "Joan", "1954-09-30", Sex::Female, "LS-20087"),
        login: Some("joan.whitfield"),
        proxy: None,
        devices: &[HomeDeviceSeed {
            model: CPAP,
            serial: "NW-C3-007731",
            silent_days: Some(4),
        }],
    },
    HomeSeed {
        patient: patient("HUGHES", "Martin", "1959-01-24", Sex::Male, "LS-20142"),
        login: Some("martin.hughes"),
        proxy: Some("sofia.hughes"),
        devices: &[at_home(CGM, "SV-G1-330912"), at_home(CUFF, "SV-B2-118420")],
    },
    HomeSeed {
        patient: patient("OYELARAN", "Tunde", "1971-07-19", Sex::Male, "LS-20156"),
        login: None,
        proxy: None,
        devices: &[at_home(CPAP, "NW-C3-008377")],
    },
    HomeSeed {
        patient: patient("BECKETT", "Marian", "1949-05-02", Sex::Female, "LS-20063"),
        login: None,
        proxy: None,
        devices: &[at_home(OXIMETER, "SV-O1-204417")],
    },
];

pub fn model(name: &str) -> Option<&'static ModelSeed> {
    MODELS.iter().find(|model| model.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ward_4b_has_22_monitored_beds_one_unmonitored_and_one_free() {
        let on_4b: Vec<_> = BEDS.iter().filter(|seed| seed.unit == WARD_4B).collect();
        assert_eq!(on_4b.len(), 23);
        assert_eq!(on_4b.iter().filter(|seed| seed.monitor.is_some()).count(), 22);
        assert!(on_4b.iter().all(|seed| seed.bed != "8"));
    }

    #[test]
    fn fifty_devices_are_enough_for_a_crowd() {
        let at_beds: usize = BEDS
            .iter()
            .map(|seed| usize::from(seed.monitor.is_some()) + usize::from(seed.pump.is_some()))
            .sum();
        let at_home: usize = HOMES.iter().map(|home| home.devices.len()).sum();
        assert_eq!(at_beds + at_home, 50);
    }

    #[test]
    fn each_scenario_is_played_once_on_4b() {
        for scenario in [
            "desaturation",
            "tachycardia",
            "lead_off",
            "battery_low",
            "network_loss",
        ] {
            let played = BEDS.iter().filter(|seed| seed.monitor == Some(scenario));
            assert_eq!(played.count(), 1, "{scenario}");
        }
    }

    #[test]
    fn every_person_and_device_belongs_somewhere_that_exists() {
        for person in PEOPLE {
            assert!(ORGANISATIONS.iter().any(|(name, _)| *name == person.organisation));
            for unit in person.units {
                assert!(
                    UNITS
                        .iter()
                        .any(|seed| seed.name == *unit && seed.organisation == person.organisation)
                );
            }
        }
        for device in HOMES.iter().flat_map(|home| home.devices) {
            assert!(model(device.model).is_some());
        }
    }
}

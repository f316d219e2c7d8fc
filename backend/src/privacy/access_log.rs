//! Who looked at a patient's data, in words that the patient understands.
//!
//! One line per person and day. Care staff are named, with what they are and where; people of a maker
//! are their organisation, because the device is what they look at. No I/O here.

use std::collections::{BTreeMap, HashMap};

use fleetward_common::{
    access::{DataClass, Purpose, Role},
    id::MembershipId,
    sharing::{AccessLook, LookKind},
    time::Instant,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use super::store::access_log::{anything_before, looks, names, time_zone};

/// One entry of the record that is about the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    pub at: Instant,
    pub membership: MembershipId,
    pub role: Option<Role>,
    pub purpose: Option<Purpose>,
    pub way: Way,
    /// At what was measured before.
    pub earlier: bool,
    pub classes: Vec<DataClass>,
    pub relations: Vec<String>,
}

/// How the look came to the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At their own record, bed or device.
    Row,
    List,
    Board,
    /// By record number or bed, before an emergency is opened.
    LookUp,
}

impl Looked {
    fn has(&self, class: DataClass) -> bool {
        self.classes.contains(&class)
    }

    fn by(&self, relation: &str) -> bool {
        self.relations.iter().any(|known| known == relation)
    }

    fn is_emergency(&self) -> bool {
        self.by("break_glass")
            || self.purpose.is_some_and(|purpose| {
                purpose
                    .with_ancestors()
                    .any(|purpose| purpose == Purpose::EmergencyTreatment)
            })
    }
}

/// How members are called.
#[derive(Debug, Default)]
pub struct Names(HashMap<MembershipId, Named>);

#[derive(Debug)]
struct Named {
    person: String,
    organisation: String,
    is_maker: bool,
}

impl Names {
    /// `kind` is the organisation's.
    pub fn insert(&mut self, membership: MembershipId, person: String, organisation: String, kind: &str) {
        let named = Named {
            person,
            organisation,
            is_maker: kind == "manufacturer",
        };
        self.0.insert(membership, named);
    }
}

/// All looks of one person on one day.
#[derive(Default)]
struct Together {
    looks: Vec<Looked>,
}

/// Newest first. A day is one in the patient's own zone.
pub fn in_words(looks: Vec<Looked>, names: &Names, zone: &TimeZone) -> Vec<AccessLook> {
    let mut days: BTreeMap<(Date, MembershipId, bool), Together> = BTreeMap::new();
    for look in looks {
        let Ok(at) = Timestamp::from_microsecond(look.at.micros()) else {
            continue;
        };
        let day = zone.to_datetime(at).date();
        // An emergency stands by itself, whatever else the person did that day.
        let key = (day, look.membership, look.is_emergency());
        days.entry(key).or_default().looks.push(look);
    }
    let mut lines: Vec<AccessLook> = days
        .into_iter()
        .filter_map(|((_, membership, emergency), together)| {
            together.line(names.0.get(&membership)?, emergency)
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.last, line.first)));
    lines
}

impl Together {
    fn line(&self, named: &Named, emergency: bool) -> Option<AccessLook> {
        let first = self.looks.iter().map(|look| look.at).min()?;
        let last = self.looks.iter().max_by_key(|look| look.at)?;
        let kind = self.kind(last, named, emergency);
        Some(AccessLook {
            first,
            last: last.at,
            times: u32::try_from(self.looks.len()).unwrap_or(u32::MAX),
            kind,
            who: if named.is_maker {
                format!("{}, maker of your device", named.organisation)
            } else {
                format!("{}, {}", named.person, named.organisation)
            },
            role: last
                .role
                .filter(|_| !named.is_maker)
                .map(|role| role.title().to_owned()),
            what: self.what(emergency),
            why: why(last, named, emergency),
        })
    }

    fn any(&self, wanted: impl Fn(&Looked) -> bool) -> bool {
        self.looks.iter().any(wanted)
    }

    fn kind(&self, last: &Looked, named: &Named, emergency: bool) -> LookKind {
        let of_the_patient = self.any(|look| look.has(DataClass::Identity) || look.has(DataClass::Clinical));
        match last.role {
            _ if emergency => LookKind::Emergency,
            _ if named.is_maker || !of_the_patient => {
                if matches!(
                    last.role,
                    Some(Role::PrivacyOfficer | Role::HospitalAdministrator)
                ) {
                    LookKind::Office
                } else {
                    LookKind::Device
                }
            }
            Some(Role::Proxy) => LookKind::Chosen,
            _ if last.by("consented") && !last.by("care_team") && !last.by("my_unit") => LookKind::Chosen,
            Some(Role::PrivacyOfficer | Role::HospitalAdministrator) => LookKind::Office,
            _ => LookKind::Care,
        }
    }

    fn what(&self, emergency: bool) -> String {
        let mut parts = Vec::new();
        if self.any(|look| look.has(DataClass::Identity)) {
            parts.push("your name");
        }
        if self.any(|look| look.has(DataClass::Clinical) && !look.earlier) {
            parts.push("your measurements");
        }
        if self.any(|look| look.has(DataClass::Clinical) && look.earlier) {
            parts.push("your earlier measurements");
        }
        if self.any(|look| look.has(DataClass::Administrative)) {
            parts.push("who looked at your data");
            if !self.any(|look| look.has(DataClass::Clinical)) {
                return format!("Saw {}. Not your measurements.", parts.join(" and "));
            }
        }
        let seen = match parts.as_slice() {
            [] => return "Saw the device only. Not your name, not your measurements.".to_owned(),
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} and {other}"),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        };
        let how = if emergency {
            ", in an emergency"
        } else if self.looks.iter().all(|look| look.way == Way::List) {
            ", in a list"
        } else if self.looks.iter().all(|look| look.way == Way::Board) {
            ", on the ward’s board"
        } else if self.looks.iter().all(|look| look.way == Way::LookUp) {
            ", when looking somebody up in an emergency"
        } else {
            ""
        };
        format!("Saw {seen}{how}.")
    }
}

/// The reason, by what opened it.
fn why(look: &Looked, named: &Named, emergency: bool) -> String {
    let why = match look.role {
        _ if emergency => "an emergency. A privacy officer of the hospital checks each one",
        Some(Role::Proxy) if look.by("proxy_of") => "acts for you",
        _ if look.by("support_grant") => "help with your device, which you agreed to",
        _ if named.is_maker => "keeps the device working",
        _ if look.by("care_team") => "in your care team",
        _ if look.by("my_unit") => "works on your ward",
        _ if look.by("consented") => "you share with them",
        _ if look.by("research_consented") => "research that you agreed to",
        Some(Role::PrivacyOfficer) => "checks who looks at data",
        Some(Role::BiomedicalEngineer) => "keeps the devices working",
        _ => match look.purpose {
            Some(Purpose::Treatment) => "your treatment",
            Some(Purpose::Payment) => "payment",
            _ => "running the organisation",
        },
    };
    why.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 24 November 2026, 09:00 UTC.
    const MORNING: i64 = 1_795_510_800_000;

    fn member(n: u8) -> MembershipId {
        MembershipId::new(Instant::EPOCH, [n; 10])
    }

    fn names() -> Names {
        let mut names = Names::default();
        names.insert(
            member(1),
            "Rosa Lind".into(),
            "Larkfield Sleep Clinic".into(),
            "provider",
        );
        names.insert(
            member(2),
            "Ben Fischer".into(),
            "Northwind Medical".into(),
            "manufacturer",
        );
        names.insert(
            member(3),
            "Tomas Reuter".into(),
            "Northgate General".into(),
            "hospital",
        );
        names
    }

    fn look(n: u8, millis: i64, classes: &[DataClass], relation: &str) -> Looked {
        Looked {
            at: Instant::from_millis(millis),
            membership: member(n),
            role: Some(match n {
                1 => Role::RespiratoryTechnician,
                2 => Role::SupportAgent,
                _ => Role::Physician,
            }),
            purpose: Some(Purpose::Treatment),
            way: Way::Row,
            earlier: false,
            classes: classes.to_vec(),
            relations: vec![relation.to_owned()],
        }
    }

    fn words(looks: Vec<Looked>) -> Vec<AccessLook> {
        in_words(looks, &names(), &TimeZone::get("Europe/London").unwrap())
    }

    #[test]
    fn a_persons_looks_of_one_day_are_one_line_and_the_next_day_is_another() {
        let both = [DataClass::Identity, DataClass::Clinical];
        let lines = words(vec![
            look(1, MORNING, &both, "care_team"),
            look(1, MORNING + HOUR, &both, "care_team"),
            look(1, MORNING - 24 * HOUR, &[DataClass::Clinical], "care_team"),
        ]);
        assert_eq!(lines.len(), 2);
        let today = &lines[0];
        assert_eq!(
            (today.times, today.last),
            (2, Instant::from_millis(MORNING + HOUR))
        );
        assert_eq!(today.who, "Rosa Lind, Larkfield Sleep Clinic");
        assert_eq!(today.role.as_deref(), Some("Respiratory technician"));
        assert_eq!(today.what, "Saw your name and your measurements.");
        assert_eq!(today.why, "in your care team");
        assert_eq!(lines[1].what, "Saw your measurements.");
    }

    #[test]
    fn a_day_ends_at_the_patients_midnight() {
        let lines = words(vec![
            look(1, MORNING + 14 * HOUR, &[DataClass::Clinical], "care_team"),
            look(1, MORNING + 15 * HOUR, &[DataClass::Clinical], "care_team"),
        ]);
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn the_maker_is_an_organisation_that_saw_the_device_only() {
        let lines = words(vec![look(2, MORNING, &[DataClass::Technical], "maker_of")]);
        assert_eq!(lines[0].who, "Northwind Medical, maker of your device");
        assert_eq!(lines[0].role, None);
        assert_eq!(
            lines[0].what,
            "Saw the device only. Not your name, not your measurements."
        );
        assert_eq!(lines[0].why, "keeps the device working");
        assert!(lines[0].kind == LookKind::Device);
    }

    #[test]
    fn an_emergency_stands_by_itself() {
        let mut opened = look(3, MORNING, &[DataClass::Clinical], "break_glass");
        opened.purpose = Some(Purpose::BreakTheGlass);
        let lines = words(vec![
            opened,
            look(3, MORNING + HOUR, &[DataClass::Clinical], "care_team"),
        ]);
        assert_eq!(lines.len(), 2);
        let emergency = lines
            .iter()
            .find(|line| line.kind == LookKind::Emergency)
            .unwrap();
        assert_eq!(emergency.what, "Saw your measurements, in an emergency.");
        assert!(emergency.why.starts_with("an emergency"));
    }

    #[test]
    fn who_looked_the_patient_up_for_an_emergency_that_they_did_not_open_is_in_it() {
        let mut looked_up = look(3, MORNING, &[DataClass::Identity], "same_organisation");
        looked_up.way = Way::LookUp;
        let line = &words(vec![looked_up])[0];
        assert_eq!(
            line.what,
            "Saw your name, when looking somebody up in an emergency."
        );
        assert_eq!(line.why, "your treatment");
    }

    #[test]
    fn a_list_and_a_board_say_so() {
        let mut listed = look(
            1,
            MORNING,
            &[DataClass::Identity, DataClass::Clinical],
            "care_team",
        );
        listed.way = Way::List;
        assert_eq!(
            words(vec![listed])[0].what,
            "Saw your name and your measurements, in a list."
        );
    }
}

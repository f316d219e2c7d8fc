//! The rows that the world is made of, each in one call.

use std::time::Duration;

use fleetward::{
    care::{
        PatientKeys,
        store::{
            identity::{self as patients, NewPatient},
            places::{self, Carer, NewAssignment, NewBed, NewCare, NewCustody, NewStay},
        },
    },
    devices::{
        store::{
            register::{self, NewDevice, NewModel},
            snapshots,
        },
        twin::event::SnapshotRow,
    },
    fleet::support::{NewSupportGrant, grant_support},
    identity::store::{
        organisations::{self, NewOrganisation, NewSite, NewUnit},
        people::{self, NewMembership, NewPerson},
        stations::{self, NewStation},
    },
    platform::{db::DbConnection, http::Failure},
    privacy::{
        consents::{self, Grantee, NewConsent},
        review::{self, About, NewReview},
    },
};
use fleetward_common::{
    access::{Kind, Role},
    care::{PatientIdentity, Sex},
    devices::DeviceType,
    id::{
        AccessReviewId, AlarmId, BedId, ConsentId, DeviceId, DeviceModelId, IntervalId, MembershipId,
        OrganisationId, PatientId, PersonId, SiteId, StationId, UnitId,
    },
    metric::codes,
    review::Signal,
    sharing::ConsentPurpose,
    text::{SerialNumber, StationName},
    time::{Instant, Span},
};

use serde_json::json;

use super::{BEFORE, Someone, Target};
use crate::{
    access::{matrix::who::Tie, random_world::Chance},
    support::alarms::{OverAlarm, note_over},
};

/// Of every patient here: whoever may not know a patient finds this in no answer.
pub const FAMILY: &str = "FAMILY";
/// What every device here measured last: whoever may not see values finds this in no answer.
pub const VALUE: &str = "77.12345";
const FOREVER: Duration = Duration::from_secs(20 * 365 * 24 * 3_600);

pub struct Builder<'a> {
    pub connection: &'a mut DbConnection,
    pub keys: &'a PatientKeys,
    pub phc: &'a str,
    pub chance: Chance,
    pub targets: Vec<Target>,
    pub positions: i64,
}

pub struct House {
    pub organisation: OrganisationId,
    pub site: SiteId,
}

/// What stands together: a bed, who lies in it, the monitor beside it.
pub struct Bedside {
    pub unit: UnitId,
    pub bed: BedId,
    pub patient: PatientId,
    pub device: DeviceId,
    number: String,
    alarm: AlarmId,
}

impl Builder<'_> {
    pub fn id<T>(&mut self, new: impl Fn(Instant, [u8; 10]) -> T) -> T {
        new(BEFORE, self.chance.entropy())
    }

    pub fn target(&mut self, kind: Kind, id: impl ToString, ties: &[&str]) {
        self.targets.push(Target {
            kind,
            id: id.to_string(),
            ties: ties.iter().map(|tie| Tie::named(tie)).collect(),
            place: None,
            patient: None,
            number: None,
            alarm: None,
            about: None,
        });
    }

    pub fn target_at(&mut self, kind: Kind, bedside: &Bedside, ties: &[&str]) {
        match kind {
            Kind::Bed => self.target(kind, bedside.bed, ties),
            Kind::Patient => self.target(kind, bedside.patient, ties),
            _ => self.target(kind, bedside.device, ties),
        }
        let row = self.targets.last_mut().expect("the target just made");
        row.place = Some(bedside.unit);
        row.patient = Some(bedside.patient);
        row.number = Some(bedside.number.clone());
        row.alarm = Some(bedside.alarm.to_string());
    }

    pub fn targets_of(&mut self, bedside: &Bedside, ties: &[&str]) {
        for kind in [Kind::Bed, Kind::Patient, Kind::Device] {
            self.target_at(kind, bedside, ties);
        }
    }

    pub fn organisation(&mut self, name: &str) -> Result<House, Failure> {
        let organisation = self.id(OrganisationId::new);
        let new = NewOrganisation {
            id: organisation,
            name,
            kind: "hospital",
            home_region: "eu",
            created_at: BEFORE,
        };
        organisations::add(self.connection, &new)?;
        let site = self.id(SiteId::new);
        let code = format!("MATRIX-{}", self.chance.next());
        let new = NewSite {
            id: site,
            organisation,
            name: "Site",
            spoken_code: &code,
            time_zone: "UTC",
        };
        organisations::add_site(self.connection, &new)?;
        Ok(House { organisation, site })
    }

    pub fn unit(&mut self, of: &House) -> Result<UnitId, Failure> {
        let id = self.id(UnitId::new);
        let new = NewUnit {
            id,
            organisation: of.organisation,
            site: of.site,
            name: "Unit",
            created_at: BEFORE,
        };
        organisations::add_unit(self.connection, &new)?;
        Ok(id)
    }

    pub fn someone(&mut self, role: Role, login: &str, house: &House) -> Result<Someone, Failure> {
        let (person, membership) = (self.id(PersonId::new), self.id(MembershipId::new));
        let new = NewPerson {
            id: person,
            home_region: "eu",
            name: "Somebody",
            login,
            phc: self.phc,
            created_at: BEFORE,
        };
        people::add(self.connection, &new)?;
        let new = NewMembership {
            id: membership,
            person,
            organisation: house.organisation,
            role,
            valid_from: BEFORE,
        };
        people::add_membership(self.connection, &new)?;
        Ok(Someone {
            role,
            login: login.to_owned(),
            person,
            membership,
            opens: false,
        })
    }

    /// A bed with a patient in it and a monitor on them.
    pub fn bedside(
        &mut self,
        of: &House,
        unit: UnitId,
        maker: OrganisationId,
        custodian: OrganisationId,
    ) -> Result<Bedside, Failure> {
        let organisation = of.organisation;
        let (bed, patient) = (self.id(BedId::new), self.id(PatientId::new));
        self.positions += 1;
        let label = self.positions.to_string();
        let new = NewBed {
            id: bed,
            organisation,
            unit,
            label: &label,
            position: self.positions,
        };
        places::add_bed(self.connection, &new)?;
        let number = format!("M-{label}");
        let identity = PatientIdentity {
            family_name: FAMILY.to_owned(),
            given_name: "Given".to_owned(),
            born: "2000-01-01".to_owned(),
            sex: Sex::Unknown,
            record_number: number.clone(),
        };
        let new = NewPatient {
            id: patient,
            organisation,
            home_region: "eu",
            time_zone: "UTC",
            identity,
            created_at: BEFORE,
        };
        patients::admit(self.connection, self.keys, organisation, &[new])?;
        let stay = NewStay {
            id: self.id(IntervalId::new),
            organisation,
            patient,
            bed,
            from: BEFORE,
        };
        places::begin_stay(self.connection, &stay)?;
        let device = self.device(maker, custodian)?;
        let assignment = NewAssignment {
            id: self.id(IntervalId::new),
            device,
            organisation,
            patient: Some(patient),
            bed: Some((bed, unit)),
            from: BEFORE,
        };
        places::begin_assignment(self.connection, &assignment)?;
        let alarm = self.id(AlarmId::new);
        let over = OverAlarm {
            id: alarm,
            organisation,
            unit,
            bed,
            patient,
            device,
            at: BEFORE,
        };
        note_over(self.connection, &over)?;
        Ok(Bedside {
            unit,
            bed,
            patient,
            device,
            number,
            alarm,
        })
    }

    /// A monitor that is on nobody yet.
    pub fn device(&mut self, maker: OrganisationId, custodian: OrganisationId) -> Result<DeviceId, Failure> {
        let (device, model) = (self.id(DeviceId::new), self.id(DeviceModelId::new));
        let new = NewModel {
            id: model,
            maker,
            name: "Monitor M",
            device_type: DeviceType::PatientMonitor,
            expected_interval_s: 60,
        };
        register::add_model(self.connection, &new)?;
        let serial = SerialNumber::parse(&format!("MX-{}", self.chance.next())).unwrap();
        let new = NewDevice {
            id: device,
            model,
            maker,
            home_region: "eu",
            serial: &serial,
            software: "1",
            created_at: BEFORE,
        };
        register::add_device(self.connection, &new)?;
        let custody = NewCustody {
            id: self.id(IntervalId::new),
            device,
            organisation: custodian,
            site: None,
            from: BEFORE,
        };
        places::begin_custody(self.connection, &custody)?;
        self.measured(device)?;
        Ok(device)
    }

    /// One heart rate, the newest there is.
    fn measured(&mut self, device: DeviceId) -> Result<(), Failure> {
        let at = BEFORE + Duration::from_secs(60);
        let reading = json!({ "at": at, "known": VALUE });
        let heart_rate = json!({
            "code": codes::HEART_RATE, "signal": { "Numeric": { "interval_ms": 1_000 } },
            "newest": at, "latest": reading, "last_known": reading,
            "open_minute": null, "newest_minute": null,
        });
        let state = json!({
            "last_heard": at, "run": { "epoch": 1, "next": 1 }, "clock": null, "software": null,
            "faults": [], "newest_measured": at, "metrics": [heart_rate],
        });
        let row = SnapshotRow {
            epoch: 1,
            next_seq: 1,
            state: state.to_string().into_bytes(),
            saved_at: at,
        };
        Ok(snapshots::store(self.connection, device, &row)?)
    }

    pub fn care(
        &mut self,
        patient: PatientId,
        organisation: OrganisationId,
        by: &Someone,
    ) -> Result<(), Failure> {
        let care = NewCare {
            id: self.id(IntervalId::new),
            organisation,
            patient,
            carer: Carer::Member(by.membership),
            from: BEFORE,
        };
        Ok(places::begin_care(self.connection, &care)?)
    }

    pub fn related(&mut self, patient: PatientId, to: &Someone, how: &str) -> Result<(), Failure> {
        let id = self.id(IntervalId::new);
        Ok(places::tie_person(
            self.connection,
            id,
            patient,
            to.person,
            how,
            BEFORE,
        )?)
    }

    /// No route opens a device yet.
    pub fn grant(
        &mut self,
        device: DeviceId,
        custodian: OrganisationId,
        to: &Someone,
    ) -> Result<(), Failure> {
        let new = NewSupportGrant {
            id: self.id(IntervalId::new),
            organisation: custodian,
            device,
            person: to.person,
            granted_by: to.person,
            from: BEFORE,
            until: BEFORE + FOREVER,
        };
        Ok(grant_support(self.connection, &new)?)
    }

    pub fn consent(
        &mut self,
        patient: PatientId,
        of: &House,
        purpose: ConsentPurpose,
        with: OrganisationId,
    ) -> Result<ConsentId, Failure> {
        let id = self.id(ConsentId::new);
        let new = NewConsent {
            id,
            patient,
            organisation: of.organisation,
            purpose,
            grantee: Grantee::Organisation(with),
            given_by: self.anybody(),
            at: BEFORE,
        };
        consents::add(self.connection, &new)?.expect("a first consent");
        Ok(id)
    }

    fn anybody(&mut self) -> PersonId {
        let known = people::account(self.connection, "matrix.nurse", BEFORE);
        known.unwrap().expect("everybody comes first").person
    }

    /// Of what somebody looked at.
    pub fn review(
        &mut self,
        about: &Someone,
        of: &House,
        patient: PatientId,
        ties: &[&str],
    ) -> Result<(), Failure> {
        let id = self.id(AccessReviewId::new);
        let new = NewReview {
            id,
            organisation: of.organisation,
            person: about.person,
            membership: about.membership,
            role: about.role,
            about: About::Patient(patient),
            signals: vec![Signal::NoCareRelation],
            rules_version: 1,
            span: Span {
                from: BEFORE,
                until: BEFORE + Duration::from_secs(60),
            },
            raised_at: BEFORE,
        };
        review::raise(self.connection, &new)?;
        self.target(Kind::AccessReview, id, ties);
        self.targets.last_mut().expect("the review").about = Some(about.person);
        Ok(())
    }

    pub fn station(&mut self, unit: UnitId, of: &House, by: &Someone) -> Result<StationId, Failure> {
        let id = self.id(StationId::new);
        let new = NewStation {
            id,
            organisation: of.organisation,
            unit,
            name: StationName::parse("Desk").unwrap(),
            person: self.id(PersonId::new),
            membership: self.id(MembershipId::new),
            works_in: self.id(IntervalId::new),
            enrolled_by: by.membership,
            enrolled_at: BEFORE,
        };
        stations::enrol(self.connection, &new)?;
        Ok(id)
    }
}

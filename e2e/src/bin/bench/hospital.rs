//! A hospital of any size, put into an empty database through the server's own stores: wards of
//! monitored beds, and nurses who watch them. No patient, no history, nothing to look at.

use fleetward::{
    app::App,
    care::store::places::{self, NewAssignment, NewBed, NewCustody},
    devices::store::register::{self as models, NewDevice, NewModel},
    identity::store::{
        organisations::{self, NewOrganisation, NewSite, NewUnit},
        people::{self, NewMembership, NewPerson},
    },
    platform::{
        clock::Clock,
        db::{DbConnection, DbError},
    },
};
use fleetward_common::{
    access::Role,
    devices::DeviceType,
    id::{
        BedId, DeviceId, DeviceModelId, Entropy, IntervalId, MembershipId, OrganisationId, PersonId, SiteId,
        UnitId,
    },
    text::SerialNumber,
    time::Instant,
};
use std::time::Duration;

use crate::failure::{Failure, Step};

const REGION: &str = "eu-west";
const AGE: Duration = Duration::from_secs(90 * 86_400);
/// One nurse is a member of so many wards.
const WARDS_OF_A_NURSE: usize = 10;
const PASSWORD: &str = "watches all night";

/// The n-th monitor stands in the n-th ward, round and round.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub wards: usize,
    pub monitors: usize,
}

pub struct Hospital {
    pub wards: Vec<UnitId>,
    pub monitors: Vec<Monitor>,
    /// Together they watch every ward once, in the wards' order.
    pub nurses: Vec<Nurse>,
}

#[derive(Debug, Clone)]
pub struct Monitor {
    pub device: DeviceId,
    pub serial: SerialNumber,
}

pub struct Nurse {
    pub login: String,
    pub password: &'static str,
    /// How many wards are theirs.
    pub wards: usize,
}

pub async fn build(app: &App, size: Size) -> Result<Hospital, Failure> {
    let phc = app
        .sign_in
        .hashing
        .hash(PASSWORD.to_owned())
        .await
        .step("hash a password")?;
    let builder = Builder {
        clock: app.clock.clone(),
        phc,
    };
    let built = app
        .db
        .write(move |connection| builder.build(connection, size))
        .await;
    built.step("put a hospital into the database")
}

struct Builder {
    clock: Clock,
    phc: String,
}

/// What everything else hangs on.
struct Ground {
    hospital: OrganisationId,
    site: SiteId,
    maker: OrganisationId,
    model: DeviceModelId,
}

impl Builder {
    fn id<T>(&self, make: impl Fn(Instant, Entropy) -> T) -> T {
        make(self.clock.now(), self.clock.entropy())
    }

    fn long_ago(&self) -> Instant {
        self.clock.now() - AGE
    }

    fn build(&self, connection: &mut DbConnection, size: Size) -> Result<Hospital, DbError> {
        let ground = self.break_ground(connection)?;
        let mut wards = Vec::with_capacity(size.wards);
        for number in 1..=size.wards {
            let id = self.id(UnitId::new);
            let new = NewUnit {
                id,
                organisation: ground.hospital,
                site: ground.site,
                name: &format!("Ward {number}"),
                created_at: self.long_ago(),
            };
            organisations::add_unit(connection, &new)?;
            wards.push(id);
        }
        let mut monitors = Vec::with_capacity(size.monitors);
        for (number, ward) in (0..size.monitors).zip(wards.iter().cycle()) {
            let place = number / size.wards.max(1) + 1;
            monitors.push(self.stand_monitor(connection, &ground, number, *ward, place)?);
        }
        let mut nurses = Vec::new();
        for (number, wards) in wards.chunks(WARDS_OF_A_NURSE).enumerate() {
            nurses.push(self.hire(connection, &ground, number, wards)?);
        }
        Ok(Hospital {
            wards,
            monitors,
            nurses,
        })
    }

    fn break_ground(&self, connection: &mut DbConnection) -> Result<Ground, DbError> {
        let ground = Ground {
            hospital: self.id(OrganisationId::new),
            site: self.id(SiteId::new),
            maker: self.id(OrganisationId::new),
            model: self.id(DeviceModelId::new),
        };
        for (id, name, kind) in [
            (ground.hospital, "Measured General", "hospital"),
            (ground.maker, "Measured Devices", "manufacturer"),
        ] {
            let new = NewOrganisation {
                id,
                name,
                kind,
                home_region: REGION,
                created_at: self.long_ago(),
            };
            organisations::add(connection, &new)?;
        }
        let site = NewSite {
            id: ground.site,
            organisation: ground.hospital,
            name: "Measured General",
            spoken_code: "STORK-01",
            time_zone: "Europe/London",
        };
        organisations::add_site(connection, &site)?;
        let model = NewModel {
            id: ground.model,
            maker: ground.maker,
            name: "Monitor",
            device_type: DeviceType::PatientMonitor,
            expected_interval_s: 60,
        };
        models::add_model(connection, &model)?;
        Ok(ground)
    }

    fn stand_monitor(
        &self,
        connection: &mut DbConnection,
        ground: &Ground,
        number: usize,
        ward: UnitId,
        place: usize,
    ) -> Result<Monitor, DbError> {
        let (device, bed, from) = (self.id(DeviceId::new), self.id(BedId::new), self.long_ago());
        let serial = SerialNumber::parse(&format!("MD-MON-{number:06}"))
            .map_err(|bad| DbError::Settings(bad.to_string()))?;
        let new = NewDevice {
            id: device,
            model: ground.model,
            maker: ground.maker,
            home_region: REGION,
            serial: &serial,
            software: "4.2.1",
            created_at: from,
        };
        models::add_device(connection, &new)?;
        let custody = NewCustody {
            id: self.id(IntervalId::new),
            device,
            organisation: ground.hospital,
            site: Some(ground.site),
            from,
        };
        places::begin_custody(connection, &custody)?;
        let new = NewBed {
            id: bed,
            organisation: ground.hospital,
            unit: ward,
            label: &place.to_string(),
            position: i64::try_from(place).unwrap_or(i64::MAX),
        };
        places::add_bed(connection, &new)?;
        let assignment = NewAssignment {
            id: self.id(IntervalId::new),
            device,
            organisation: ground.hospital,
            patient: None,
            bed: Some((bed, ward)),
            from,
        };
        places::begin_assignment(connection, &assignment)?;
        Ok(Monitor { device, serial })
    }

    fn hire(
        &self,
        connection: &mut DbConnection,
        ground: &Ground,
        number: usize,
        wards: &[UnitId],
    ) -> Result<Nurse, DbError> {
        let (person, membership) = (self.id(PersonId::new), self.id(MembershipId::new));
        let login = format!("nurse.{number}");
        let new = NewPerson {
            id: person,
            home_region: REGION,
            name: &format!("Nurse {number}"),
            login: &login,
            phc: &self.phc,
            created_at: self.long_ago(),
        };
        people::add(connection, &new)?;
        let new = NewMembership {
            id: membership,
            person,
            organisation: ground.hospital,
            role: Role::Nurse,
            valid_from: self.long_ago(),
        };
        people::add_membership(connection, &new)?;
        for ward in wards {
            let id = self.id(IntervalId::new);
            people::join_unit(connection, id, membership, *ward, self.long_ago())?;
        }
        Ok(Nurse {
            login,
            password: PASSWORD,
            wards: wards.len(),
        })
    }
}

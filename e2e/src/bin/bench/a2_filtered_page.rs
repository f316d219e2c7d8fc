//! A2: what it costs that a list is filtered by the policy.
//!
//! A million devices of 10 makers in the custody of 100 hospitals with 40 wards each. Three people ask
//! for their first page of 50, in the order of serial numbers: a support agent of one maker (100,000
//! devices), a biomedical engineer of one hospital (10,000) and a nurse on two wards (500). Measured:
//! `ids_page_within`, the statement behind `GET /devices`. Ruler: the same SELECT with the filter that
//! somebody wrote by hand who knows the schema and the person. Both run on one connection, in turns.

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Binary};
use fleetward::{
    access::{Access, Actor, Device, Listing, Read, policy::Policy},
    devices::store::summaries,
    platform::{
        clock::Clock,
        db::{Db, DbConnection, DbError},
    },
};
use fleetward_common::{
    access::{DataClass, Purpose, Role},
    id::{MembershipId, OrganisationId, PersonId, SessionId, UnitId},
};
use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Step},
    load::now,
    plan::Plan,
    quantiles::{Delays, millis},
    report::{Figure, Outcome, Report},
    world,
};

const MAKERS: usize = 10;
const HOSPITALS: usize = 100;
const WARDS: usize = 40;
const PAGE: i64 = 50;
const AT_MOST: f64 = 1.3;

/// Ids are 16 letters and digits, so that a row can be named before it is made.
fn named(prefix: &str, number: usize) -> [u8; 16] {
    let mut id = [b'0'; 16];
    let text = format!("{prefix}{number:012}");
    for (byte, letter) in id.iter_mut().zip(text.bytes()) {
        *byte = letter;
    }
    id
}

pub async fn measure(folder: &Path, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let (db, _) = world::register(&folder.join("pages"), 1).await?;
    let devices = plan.listed;
    let filled = db.write(move |connection| fill(connection, devices)).await;
    filled.step("put the devices into the database")?;
    let policy = Policy::built_in().await.step("read the policy")?;
    let access = Access::new(db.clone(), Clock::system(), policy);
    let decisions = access.decisions();
    for person in people() {
        one_person(&access, &db, person, plan.pages, report).await?;
    }
    let decided = access.decisions() - decisions;
    report.add(Figure {
        promise: "A2",
        what: "decisions about single rows for all these pages".into(),
        goal: "0".into(),
        measured: decided.to_string(),
        ruler: "counted".into(),
        ratio: "–".into(),
        outcome: Outcome::when(decided == 0),
    });
    report.note(format!(
        "A2: pages of {PAGE} out of {devices} devices, {} times each, ours and the ruler’s in turns on one connection; p50 of \
         each. The page is its ids in order; the rows of 50 ids are read afterwards and cost the same for both.",
        plan.pages,
    ));
    Ok(())
}

struct Asking {
    told: &'static str,
    actor: Actor,
    by_hand: String,
}

fn people() -> Vec<Asking> {
    let actor = |role, purpose, organisation, units| {
        let at = now();
        Actor {
            session: SessionId::new(at, [1; 10]),
            person: PersonId::new(at, [2; 10]),
            membership: MembershipId::new(at, [3; 10]),
            organisation,
            role,
            purpose,
            units,
            own_records: Vec::new(),
            acts_for: Vec::new(),
            emergency: None,
        }
    };
    let now = now().micros();
    let open = |table: &str| {
        format!(
            "{table}.valid_from <= {now} AND ({table}.valid_until IS NULL OR {table}.valid_until > {now})"
        )
    };
    let (maker, hospital) = (named("MAKR", 3), named("HOSP", 7));
    let wards = [named("WARD", 7 * WARDS), named("WARD", 7 * WARDS + 1)];
    let page = format!("ORDER BY d.serial LIMIT {PAGE}");
    vec![
        Asking {
            told: "support agent, a maker’s devices",
            actor: actor(
                Role::SupportAgent,
                Purpose::Operations,
                OrganisationId::from_bytes(maker),
                Vec::new(),
            ),
            by_hand: format!(
                "SELECT d.id FROM devices d WHERE d.maker_id = {} AND d.serial > '' {page}",
                blob(&maker)
            ),
        },
        Asking {
            told: "biomedical engineer, a hospital’s devices",
            actor: actor(
                Role::BiomedicalEngineer,
                Purpose::Operations,
                OrganisationId::from_bytes(hospital),
                Vec::new(),
            ),
            by_hand: format!(
                "SELECT d.id FROM device_custody c JOIN devices d ON d.id = c.device_id \
                 WHERE c.organisation_id = {} AND {} AND d.serial > '' {page}",
                blob(&hospital),
                open("c")
            ),
        },
        Asking {
            told: "nurse, devices of two wards",
            actor: actor(
                Role::Nurse,
                Purpose::Treatment,
                OrganisationId::from_bytes(hospital),
                wards.map(UnitId::from_bytes).to_vec(),
            ),
            by_hand: format!(
                "SELECT d.id FROM device_assignments a JOIN devices d ON d.id = a.device_id \
                 WHERE a.unit_id IN ({}, {}) AND {} AND d.serial > '' {page}",
                blob(&wards[0]),
                blob(&wards[1]),
                open("a")
            ),
        },
    ]
}

async fn one_person(
    access: &Access,
    db: &Db,
    asking: Asking,
    pages: usize,
    report: &mut Report,
) -> Result<(), Failure> {
    let listing: Listing<Device, Read> = access.listing(&asking.actor);
    let by_hand = asking.by_hand;
    let timed = db.read(move |connection| in_turns(connection, &listing, &by_hand, pages));
    let (ours, ruler) = timed.await.step("read pages")?;
    let ratio = ours.as_secs_f64() / ruler.as_secs_f64();
    report.add(Figure {
        promise: "A2",
        what: format!("a page of {PAGE}: {}", asking.told),
        goal: format!("≤ {AT_MOST}×"),
        measured: millis(ours),
        ruler: format!("by hand {}", millis(ruler)),
        ratio: format!("{ratio:.2}×"),
        outcome: Outcome::when(ratio <= AT_MOST),
    });
    Ok(())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
}

fn in_turns(
    connection: &mut DbConnection,
    listing: &Listing<Device, Read>,
    by_hand: &str,
    pages: usize,
) -> Result<(Duration, Duration), DbError> {
    let (mut ours, mut ruler) = (Delays::default(), Delays::default());
    for round in 0..=pages {
        let started = Instant::now();
        let page = summaries::ids_page_within(connection, listing, DataClass::Technical, None, PAGE)?;
        let our_time = started.elapsed();
        let started = Instant::now();
        let rows: Vec<Id> = sql_query(by_hand).load(connection)?;
        let their_time = started.elapsed();
        let expected: Vec<Vec<u8>> = rows.into_iter().map(|row| row.id).collect();
        if page != expected || page.is_empty() {
            return Err(DbError::Settings("the two pages differ, or are empty".to_owned()));
        }
        // The first round fills the caches.
        if round > 0 {
            ours.push(our_time);
            ruler.push(their_time);
        }
    }
    let p50 = |delays: Delays| delays.summary().map_or(Duration::ZERO, |summary| summary.p50);
    Ok((p50(ours), p50(ruler)))
}

fn blob(id: &[u8; 16]) -> String {
    let mut text = String::from("x'");
    for byte in id {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

/// `CAST(printf('DEVC%012d', n) AS BLOB)`: the SQL form of [`named`].
fn sql_id(prefix: &str, number: &str) -> String {
    format!("CAST(printf('{prefix}%012d', {number}) AS BLOB)")
}

fn fill(connection: &mut DbConnection, devices: usize) -> Result<(), DbError> {
    let since = now().micros() - 86_400_000_000;
    let count = |to: usize| {
        format!("WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < {to})")
    };
    let (maker, hospital, ward, device) = (
        sql_id("MAKR", "n"),
        sql_id("HOSP", "n"),
        sql_id("WARD", "n"),
        sql_id("DEVC", "n"),
    );
    let hospital_of_ward = sql_id("HOSP", &format!("n / {WARDS}"));
    let makers_model = sql_id("MODL", "n");
    let of = |prefix: &str, number: String| sql_id(prefix, &number);
    let statements = [
        format!(
            "INSERT INTO organisations (id, name, kind, home_region, created_at) \
             {} SELECT {maker}, 'Maker', 'manufacturer', 'eu', {since} FROM c",
            count(MAKERS)
        ),
        format!(
            "INSERT INTO device_models (id, organisation_id, name, device_type, expected_interval_s) \
             {} SELECT {makers_model}, {maker}, 'Monitor', 'patient_monitor', 60 FROM c",
            count(MAKERS)
        ),
        format!(
            "INSERT INTO organisations (id, name, kind, home_region, created_at) \
             {} SELECT {hospital}, 'Hospital', 'hospital', 'eu', {since} FROM c",
            count(HOSPITALS)
        ),
        format!(
            "INSERT INTO sites (id, organisation_id, name, spoken_code, time_zone) \
             {} SELECT {hospital}, {hospital}, 'Site', 'BENCH-' || n, 'UTC' FROM c",
            count(HOSPITALS)
        ),
        format!(
            "INSERT INTO units (id, organisation_id, site_id, name, created_at) \
             {} SELECT {ward}, {hospital_of_ward}, {hospital_of_ward}, 'Ward', {since} FROM c",
            count(HOSPITALS * WARDS)
        ),
        format!(
            "INSERT INTO devices (id, model_id, maker_id, home_region, serial, software, created_at) \
             {} SELECT {device}, {}, {}, 'eu', printf('BENCH-%09d', (n * 7919) % {devices}), '1', {since} FROM c",
            count(devices),
            of("MODL", format!("n % {MAKERS}")),
            of("MAKR", format!("n % {MAKERS}"))
        ),
        format!(
            "INSERT INTO device_custody (id, device_id, organisation_id, valid_from) \
             {} SELECT {}, {device}, {}, {since} FROM c",
            count(devices),
            sql_id("CUST", "n"),
            of("HOSP", format!("(n / {MAKERS}) % {HOSPITALS}"))
        ),
        format!(
            "INSERT INTO device_assignments (id, device_id, organisation_id, unit_id, valid_from) \
             {} SELECT {}, {device}, {}, {}, {since} FROM c",
            count(devices),
            sql_id("ASGN", "n"),
            of("HOSP", format!("(n / {MAKERS}) % {HOSPITALS}")),
            of(
                "WARD",
                format!(
                    "((n / {MAKERS}) % {HOSPITALS}) * {WARDS} + (n / {}) % {WARDS}",
                    MAKERS * HOSPITALS
                )
            )
        ),
    ];
    for statement in statements {
        connection.batch_execute(&statement)?;
    }
    Ok(())
}

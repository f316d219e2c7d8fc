//! H1: what one read over HTTP costs, with everything that stands around the query.
//!
//! `GET /api/v1/devices/{id}` by nurses, each request with its session, its permit and its audit entry.
//! Ruler: the same query for the device's row plus one audit entry through the same group commit, called
//! directly, without HTTP, session or policy. As many at a time in both. What is held against each other
//! is work per CPU-second of the process that does it, so that the load generator's own CPU counts for
//! neither.

use fleetward::{
    access::{Actor, Device, Permit},
    app::App,
    devices::store::summaries,
    identity::store::people,
    platform::db::DbError,
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};
use fleetward_common::{
    access::{Purpose, Role},
    id::{DeviceId, SessionId},
};
use reqwest::header;
use serde_json::json;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::{
    failure::{Failure, Step},
    load::now,
    plan::Plan,
    process::cpu_of_tree,
    report::{Figure, Outcome, Report},
    server::Server,
    world::{self, World},
};

const MONITORS: usize = 1_000;
const WARDS: usize = 10;
const TOGETHER: usize = 64;
const AT_LEAST: f64 = 0.5;

pub async fn measure(folder: &Path, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let data = folder.join("reads");
    let world = World::create(&data, MONITORS, WARDS).await?;
    let devices: Vec<DeviceId> = world.devices.iter().map(|device| device.id).collect();
    let (ruler, before) = {
        let app = Arc::new(world::open(&data).await?);
        let ruler = bare(&app, &world, &devices, plan).await?;
        (ruler, audited(&app).await?)
    };
    let server = Server::start(&data, &["--limit-factor", "100000"]).await?;
    let cookies = world.sign_in(&server.listening.portal).await?;
    let cookie = cookies.first().ok_or_else(|| Failure::new("nobody signed in"))?;
    let reads = over_http(&server, cookie, &devices, plan).await?;
    server.stop().await?;
    let after = audited(&world::open(&data).await?).await?;
    let per_read = (after - before) as f64 / reads.count as f64;
    let ratio = reads.per_cpu_second() / ruler.per_cpu_second();
    report.add(Figure {
        promise: "H1",
        what: "HTTP reads per CPU-second, with session, policy and read-audit".into(),
        goal: format!("≥ {AT_LEAST}×"),
        measured: format!("{:.0}", reads.per_cpu_second()),
        ruler: format!("bare query and audit {:.0}", ruler.per_cpu_second()),
        ratio: format!("{ratio:.2}×"),
        outcome: Outcome::when(ratio >= AT_LEAST && per_read >= 0.99),
    });
    report.note(format!(
        "H1: {TOGETHER} requests at a time for {} s; {} reads answered ({:.0}/s), {per_read:.2} audit entries for each; the \
         ruler made {} ({:.0}/s) before the server started, in this process.",
        plan.ruler.as_secs(),
        reads.count,
        reads.count as f64 / reads.seconds,
        ruler.count,
        ruler.count as f64 / ruler.seconds,
    ));
    Ok(())
}

struct Work {
    count: u64,
    seconds: f64,
    cpu_seconds: f64,
}

impl Work {
    fn per_cpu_second(&self) -> f64 {
        self.count as f64 / self.cpu_seconds
    }
}

/// Runs as many copies of `one` as are answered together, for as long as the plan says.
async fn keep_busy<F>(
    plan: &Plan,
    pid: u32,
    one: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Result<Work, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let count = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let cpu = cpu_of_tree(pid);
    let until = started + plan.ruler;
    let workers: Vec<_> = (0..TOGETHER)
        .map(|worker| {
            let (one, count) = (one.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                let mut number = worker;
                while Instant::now() < until {
                    one(number).await?;
                    number += TOGETHER;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    for worker in workers {
        worker.await.step("keep busy")??;
    }
    Ok(Work {
        count: count.load(Ordering::Relaxed),
        seconds: started.elapsed().as_secs_f64(),
        cpu_seconds: cpu_of_tree(pid) - cpu,
    })
}

async fn bare(app: &Arc<App>, world: &World, devices: &[DeviceId], plan: &Plan) -> Result<Work, Failure> {
    let at = now();
    let account = app
        .db
        .read(move |connection| people::account(connection, "nurse.0", at))
        .await
        .step("find a nurse")?;
    let account = account.ok_or_else(|| Failure::new("there is no nurse"))?;
    let actor = Actor {
        session: SessionId::new(at, app.clock.entropy()),
        person: account.person,
        membership: account.membership,
        organisation: account.organisation,
        role: Role::Nurse,
        purpose: Purpose::Treatment,
        units: world.wards.clone(),
        own_records: Vec::new(),
        acts_for: Vec::new(),
        emergency: None,
    };
    let mut permits: Vec<Permit<Device, fleetward::access::Read>> = Vec::new();
    for device in devices {
        let permit = app.access.device(*device).permit(&actor).await;
        permits.push(permit.step("permit a nurse her monitor")?);
    }
    let (app, permits, actor) = (Arc::clone(app), Arc::new(permits), Arc::new(actor));
    keep_busy(plan, std::process::id(), move |number| {
        let (app, permits, actor) = (Arc::clone(&app), Arc::clone(&permits), Arc::clone(&actor));
        async move {
            let permit = permits.get(number % permits.len()).cloned();
            let permit = permit.ok_or_else(|| Failure::new("no permit"))?;
            let device = permit.id();
            let row = app.db.read(move |connection| summaries::one(connection, &permit));
            row.await.step("read a device")?;
            let entry = AuditEntry {
                organisation: actor.organisation,
                at: now(),
                action: AuditAction::Read,
                event: "device_read",
                outcome: AuditOutcome::Success,
                actor: actor.for_audit(),
                entity: Some(AuditEntity {
                    kind: "device",
                    id: *device.as_bytes(),
                }),
                patient: None,
                detail: json!({}),
            };
            let key = app.secrets.audit.clone();
            let written = app.db.write(move |connection| {
                audit::append(connection, &key, &entry)?;
                Ok::<_, DbError>(())
            });
            written.await.step("write an audit entry")
        }
    })
    .await
}

async fn over_http(
    server: &Server,
    cookie: &HeaderValue,
    devices: &[DeviceId],
    plan: &Plan,
) -> Result<Work, Failure> {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(TOGETHER)
        .build();
    let client = client.step("make a client")?;
    let portal = server.listening.portal.clone();
    let (devices, cookie) = (Arc::new(devices.to_vec()), cookie.clone());
    keep_busy(plan, server.pid(), move |number| {
        let (client, cookie) = (client.clone(), cookie.clone());
        let device = devices.get(number % devices.len()).copied();
        let portal = portal.clone();
        async move {
            let device = device.ok_or_else(|| Failure::new("no device"))?;
            let answer = client
                .get(format!("{portal}/api/v1/devices/{device}"))
                .header(header::COOKIE, cookie.as_bytes())
                .send()
                .await
                .and_then(reqwest::Response::error_for_status)
                .step("read over HTTP")?;
            answer.bytes().await.step("read over HTTP").map(drop)
        }
    })
    .await
}

/// Entries in the record so far.
async fn audited(app: &App) -> Result<i64, Failure> {
    let counted = app.db.read(|connection| {
        use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
        #[derive(QueryableByName)]
        struct Entries {
            #[diesel(sql_type = BigInt)]
            entries: i64,
        }
        let row: Entries =
            sql_query("SELECT COUNT(*) AS entries FROM audit_entries").get_result(connection)?;
        Ok::<_, DbError>(row.entries)
    });
    counted.await.step("count audit entries")
}

//! A3: how long until a change of policy or of an assignment is everywhere.
//!
//! 1,000 tabs, each on a ward of its own, of one hospital. Measured: from the moment at which the change
//! is made to the moment at which the last tab has read that it is concerned. Three changes: a nurse
//! leaves a ward (hers must be refused, all others of the hospital look again), a monitor is taken off
//! its ward (all look again), and a policy under which nurses have no wards (all must be refused). The
//! server runs in this process, because that is where its policy can be replaced.

use actix_web::web::Data;
use fleetward::{
    access::Access,
    app::App,
    care::store::places,
    identity::store::people,
    platform::db::DbError,
    serve::{self, Ports},
};
use fleetward_common::live::LiveMessage;
use std::{path::Path, sync::mpsc, thread, time::Duration};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    failure::{Failure, Step},
    load::now,
    plan::Plan,
    quantiles::{Delays, millis},
    report::{Figure, Outcome, Report},
    tab::Tab,
    world::World,
};

const AT_MOST: Duration = Duration::from_secs(1);
/// Nurses, without their wards.
const WITHOUT_NURSES: (&str, &str) = ("p, nurse|charge_nurse", "p, charge_nurse");

pub async fn measure(folder: &Path, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let data = folder.join("changes");
    let world = World::create(&data, plan.listeners, plan.listeners).await?;
    let server = InProcess::start(&data)?;
    let cookies = world.sign_in(&server.portal).await?;
    let mut tabs = Vec::new();
    for (ward, cookie) in world.wards.iter().zip(&cookies) {
        tabs.push(Tab::open(&server.portal, cookie, *ward).await?);
    }
    let app = server.app.clone();
    let mut add = |what: &str, delays: Delays| -> Result<(), Failure> {
        let summary = delays.summary().ok_or_else(|| Failure::new("no tab heard"))?;
        report.add(Figure {
            promise: "A3",
            what: format!("{what} reaches {} tabs", summary.count),
            goal: "≤ 1 s, the last one".into(),
            measured: millis(summary.max),
            ruler: format!("p50 {}", millis(summary.p50)),
            ratio: "–".into(),
            outcome: Outcome::when(summary.max <= AT_MOST),
        });
        Ok(())
    };

    let first_ward = *world.wards.first().ok_or_else(|| Failure::new("no ward"))?;
    let at = now();
    let organisation = app
        .db
        .write(move |connection| {
            let account = people::account(connection, "nurse.0", at)?;
            let account = account.ok_or_else(|| DbError::Settings("no nurse".to_owned()))?;
            people::leave_unit(connection, account.membership, first_ward, at)?;
            Ok::<_, DbError>(account.organisation)
        })
        .await
        .step("let a nurse leave a ward")?;
    let (delays, back) = reaching(tabs, || app.access.epochs.bump_scope(organisation), is_told).await?;
    tabs = back;
    add("a ward that a nurse leaves", delays)?;

    let monitor = world.monitor(0)?;
    let taken = app.db.write(move |connection| {
        places::end_assignment(connection, monitor, now())?;
        Ok::<_, DbError>(())
    });
    taken.await.step("take a monitor away")?;
    // The first tab has no topic any more.
    let rest = tabs.split_off(1);
    let (delays, rest) = reaching(rest, || app.access.epochs.bump_scope(organisation), is_told).await?;
    add("a monitor that is taken away", delays)?;

    let (from, to) = WITHOUT_NURSES;
    let text = fleetward::access::policy::POLICY.replace(from, to);
    let policy = Access::parse_policy(&text).await.step("read a policy")?;
    let access = app.access.clone();
    let (delays, _rest) = reaching(rest, move || access.replace_policy(policy), is_refused).await?;
    add("a policy without nurses", delays)?;
    report.note(format!(
        "A3: {} tabs of one hospital, so that one change concerns them all; the clock starts when the server knows of the \
         change, after its commit. Every tab asks anew who it belongs to and what it may hear.",
        plan.listeners
    ));
    server.stop()
}

fn is_told(message: &LiveMessage) -> bool {
    matches!(message, LiveMessage::Changed { .. } | LiveMessage::Refused { .. })
}

fn is_refused(message: &LiveMessage) -> bool {
    matches!(message, LiveMessage::Refused { .. })
}

/// Makes the change and reads every tab until it has heard.
async fn reaching(
    tabs: Vec<Tab>,
    change: impl FnOnce(),
    is_wanted: fn(&LiveMessage) -> bool,
) -> Result<(Delays, Vec<Tab>), Failure> {
    let waiting: Vec<_> = tabs
        .into_iter()
        .map(|mut tab| {
            tokio::spawn(async move {
                let heard = tab.until(is_wanted).await?;
                Ok::<_, Failure>((heard, tab))
            })
        })
        .collect();
    let made = Instant::now();
    change();
    let mut delays = Delays::default();
    let mut tabs = Vec::with_capacity(waiting.len());
    for tab in waiting {
        let (heard, tab) = tab.await.step("watch as a tab")??;
        delays.push(heard - made);
        tabs.push(tab);
    }
    Ok((delays, tabs))
}

/// The server on a thread of its own, with its inside within reach.
struct InProcess {
    portal: String,
    app: Data<App>,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl InProcess {
    fn start(data: &Path) -> Result<Self, Failure> {
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let data = data.to_owned();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let opened = crate::world::open(&data).await.and_then(|app| {
                    let app = Data::new(app);
                    let running = serve::start(&app, Ports::default()).step("open the ports")?;
                    Ok((app, running))
                });
                match opened {
                    Ok((app, running)) => {
                        let portal = format!("http://localhost:{}", running.portal.port());
                        if ready.send(Ok((portal, app))).is_ok() {
                            // Dropped counts as told.
                            let _ = stopped.await;
                        }
                        running.stop().await;
                    }
                    Err(failure) => drop(ready.send(Err(failure))),
                }
            });
        });
        let (portal, app) = started.recv().step("start a server")??;
        Ok(Self {
            portal,
            app,
            stop,
            thread,
        })
    }

    fn stop(self) -> Result<(), Failure> {
        let _ = self.stop.send(());
        drop(self.app);
        self.thread
            .join()
            .map_err(|_closed| Failure::new("the server broke off"))
    }
}

//! Keeps watch over every occupied bed: what devices measured goes in, alarms come out.
//!
//! What decides is pure ([`device_watch`](super::device_watch), [`bedside`](super::bedside)); what is
//! watched, and how a change becomes true, is in [`beds`](super::beds). This hears the twins, looks at the
//! clock, and lets people in. One lock holds all beds.

use std::{
    collections::VecDeque,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::web::Data;
use fleetward_common::{
    alarms::lane::AlarmNews,
    id::{BedId, DeviceId, PatientId, UnitId},
    time::Instant,
};
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval},
};

use super::{
    beds::{Also, Beds},
    bedside::{Event, Refused},
    device_watch::Observation,
    store::{lane, limits::NewLimits},
};
use crate::{
    app::App,
    devices::twin::{Audience, event::Publication},
    platform::{
        db::{Db, DbError},
        http::{Failure, failure::chain},
    },
    privacy::audit::AuditEntry,
};

/// How often time itself is looked at: delays, silences, pauses that end.
const ROUND: Duration = Duration::from_millis(500);
/// Observations that may wait. More than this means that judging is far behind; the oldest go, and are counted.
const MOST_WAITING: usize = 200_000;

/// Cloneable; all clones keep one watch.
#[derive(Clone, Default)]
pub struct Vigil {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    waiting: std::sync::Mutex<VecDeque<(DeviceId, Observation)>>,
    bell: Notify,
    overrun: AtomicU64,
    beds: tokio::sync::Mutex<Beds>,
}

impl Vigil {
    /// Never waits: the twin's thread calls it.
    fn hear(&self, device: DeviceId, observations: impl Iterator<Item = Observation>) {
        let mut waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = waiting.len();
        waiting.extend(observations.map(|observation| (device, observation)));
        let (heard, over) = (waiting.len() > before, waiting.len().saturating_sub(MOST_WAITING));
        waiting.drain(..over);
        drop(waiting);
        if over > 0 {
            self.inner.overrun.fetch_add(over as u64, Ordering::Relaxed);
        }
        if heard {
            self.inner.bell.notify_one();
        }
    }

    fn take_waiting(&self) -> Vec<(DeviceId, Observation)> {
        let mut waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain(..).collect()
    }

    /// Observations that were thrown away because judging was too far behind, since the start.
    pub fn overrun(&self) -> u64 {
        self.inner.overrun.load(Ordering::Relaxed)
    }

    /// The number of the last change of all.
    pub async fn last_number(&self, db: &Db) -> Result<u64, DbError> {
        db.read(|connection| Ok(lane::last_number(connection)?)).await
    }

    /// What happened in a unit after this number, in order.
    pub async fn news(
        &self,
        db: &Db,
        unit: UnitId,
        number: u64,
        most: usize,
        now: Instant,
    ) -> Result<Vec<AlarmNews>, DbError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        db.read(move |connection| lane::after(connection, unit, number, most, now))
            .await
    }

    /// Somebody does something at a bed. Written down with `entry` in one transaction, unless it changed
    /// nothing because somebody else was quicker.
    pub async fn act(
        &self,
        app: &App,
        bed: BedId,
        event: Event,
        entry: AuditEntry,
    ) -> Result<(), ActFailure> {
        let mut beds = self.inner.beds.lock().await;
        beds.look_around(app).await?;
        let place = beds.place_of_bed(bed).map_err(ActFailure::Refused)?;
        let step = beds.apply(app, place, vec![event]).map_err(ActFailure::Refused)?;
        if step.changes.is_empty() {
            return Ok(());
        }
        let also = Also {
            entry: Some(entry),
            limits: None,
        };
        beds.commit(app, vec![step], also).await?;
        Ok(())
    }

    /// Other limits for a patient, in force at once.
    pub async fn change_limits(
        &self,
        app: &App,
        patient: PatientId,
        new: NewLimits,
        entry: AuditEntry,
    ) -> Result<(), ActFailure> {
        let mut beds = self.inner.beds.lock().await;
        beds.look_around(app).await?;
        let place = beds.place_of_patient(patient).map_err(ActFailure::Refused)?;
        let event = Event::LimitsChanged { by: new.by };
        let step = beds.apply(app, place, vec![event]).map_err(ActFailure::Refused)?;
        let also = Also {
            entry: Some(entry),
            limits: Some((place, new)),
        };
        if !beds.commit(app, vec![step], also).await? {
            return Err(ActFailure::Overtaken);
        }
        // The next look reads the rules anew; it is due now.
        beds.look_again();
        self.inner.bell.notify_one();
        Ok(())
    }
}

/// Why a deed was not done.
#[derive(Debug)]
pub enum ActFailure {
    Refused(Refused),
    /// Somebody else changed it since it was read.
    Overtaken,
    Failed(Failure),
}

impl From<Failure> for ActFailure {
    fn from(failure: Failure) -> Self {
        ActFailure::Failed(failure)
    }
}

impl Audience for Vigil {
    fn publish(&self, device: DeviceId, publication: &Publication) {
        let measured = publication.measured.iter().map(|update| Observation::Measured {
            metric: update.metric,
            interval_ms: update.interval_ms,
            reading: update.reading,
        });
        let technical = publication.technical.clone().map(Observation::Technical);
        self.hear(device, measured.chain(technical));
    }
}

/// For as long as the server runs.
pub async fn keep_watch(app: Data<App>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let judged = tokio::select! {
            biased;
            _ = rounds.tick() => round(&app).await,
            () = app.vigil.inner.bell.notified() => judge(&app).await,
        };
        if let Err(failure) = judged {
            tracing::error!(cause = %chain(&failure), "alarms could not be judged; it is tried again");
            tokio::time::sleep(ROUND).await;
        }
    }
}

/// One look at everything that waits.
async fn judge(app: &App) -> Result<(), Failure> {
    let mut beds = app.vigil.inner.beds.lock().await;
    beds.look_around(app).await?;
    let found = beds.heard(&app.vigil.take_waiting(), app.clock.now());
    beds.carry_out(app, found).await
}

/// One look at everything that waits, and at what time alone makes.
pub async fn round(app: &App) -> Result<(), Failure> {
    let mut beds = app.vigil.inner.beds.lock().await;
    beds.look_around(app).await?;
    let now = app.clock.now();
    let mut found = beds.heard(&app.vigil.take_waiting(), now);
    found.extend(beds.passed(now));
    beds.carry_out(app, found).await
}

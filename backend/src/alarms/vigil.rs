//! Keeps watch over every occupied bed: what devices measured goes in, alarms come out.
//!
//! What decides is pure ([`device_watch`](super::device_watch), [`bedside`](super::bedside)); this is the
//! shell that feeds it, writes down what changed and tells the wards. One lock holds all beds: a change is
//! applied to a copy, committed, and only then true here, so a screen never shows what a restart would
//! forget. A commit that fails is tried again with the next round; what was found is not lost.

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
use tokio::{sync::Notify, time::timeout};

use super::{
    beds::{Also, Beds},
    bedside::{Change, Event, Refused},
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
    fn hear(&self, device: DeviceId, observation: Observation) {
        let mut waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            waiting.pop_front();
            self.inner.overrun.fetch_add(1, Ordering::Relaxed);
        }
        waiting.push_back((device, observation));
        drop(waiting);
        self.inner.bell.notify_one();
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

    /// Somebody does something at a bed. Written down with `entry` in one transaction; answers with what it
    /// changed, which is nothing when somebody else was quicker.
    pub async fn act(
        &self,
        app: &App,
        bed: BedId,
        event: Event,
        entry: AuditEntry,
    ) -> Result<Vec<Change>, ActFailure> {
        let mut beds = self.inner.beds.lock().await;
        beds.look_around(app).await?;
        let place = beds.place_of_bed(bed).map_err(ActFailure::Refused)?;
        let step = beds.apply(app, place, vec![event]).map_err(ActFailure::Refused)?;
        let changes = step.changes.clone();
        let also = Also {
            entry: (!changes.is_empty()).then_some(entry),
            limits: None,
        };
        beds.commit(app, vec![step], also).await?;
        Ok(changes)
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
        for update in &publication.measured {
            self.hear(
                device,
                Observation::Measured {
                    metric: update.metric,
                    interval_ms: update.interval_ms,
                    reading: update.reading,
                },
            );
        }
        if let Some(technical) = &publication.technical {
            self.hear(device, Observation::Technical(technical.clone()));
        }
    }
}

/// For as long as the server runs.
pub async fn keep_watch(app: Data<App>) {
    loop {
        let bell = app.vigil.inner.bell.notified();
        // Whether something came or time passed: both are looked at.
        let _ = timeout(ROUND, bell).await;
        if let Err(failure) = round(&app).await {
            tracing::error!(cause = %chain(&failure), "alarms could not be judged; it is tried again");
            tokio::time::sleep(ROUND).await;
        }
    }
}

/// One look at everything that waits, and at the time.
pub async fn round(app: &App) -> Result<(), Failure> {
    let vigil = &app.vigil;
    let mut beds = vigil.inner.beds.lock().await;
    beds.look_around(app).await?;
    let waiting: Vec<(DeviceId, Observation)> = {
        let mut waiting = vigil.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain(..).collect()
    };
    let events = beds.found(&waiting, app.clock.now());
    beds.carry_out(app, events).await
}

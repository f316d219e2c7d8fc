//! Replacing an organisation's key while the portal goes on.
//!
//! A new key is made; from then on everything new is wrapped by it. What older keys wrapped is wrapped
//! anew in small steps behind the readers' backs: each row says which key opens it, so every row can be
//! read at every moment.

use std::{collections::HashMap, time::Duration};

use actix_web::web::Data;
use fleetward_common::id::OrganisationId;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::store::identity;
use crate::{
    app::{self, App, Parts, StartError},
    identity::store::organisations,
    platform::{
        clock::Clock,
        config::Store,
        db::DbError,
        http::{Failure, assets::Portal, budget::Limits},
        secrets::Secrets,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// So few that nobody waits for the lock.
const AT_ONCE: i64 = 100;
/// Looked at and not told: `keys rotate` is another process, and the key's file is all it leaves. A look is
/// a listing of one small folder.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    pub version: u32,
    /// A running server did the work.
    pub by_the_server: bool,
}

/// Wraps anew whatever an older key wrapped, and indexes who came before there were indexes.
pub async fn keep(app: Data<App>) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = Known::default();
    loop {
        tick.tick().await;
        if let Err(failure) = catch_up(&app, &mut known).await {
            tracing::error!(cause = %crate::platform::http::failure::chain(&failure), "keys or indexes are not up to date");
        }
    }
}

/// What needs no second look: rows are looked at only when a key is new.
#[derive(Default)]
struct Known {
    versions: HashMap<OrganisationId, u32>,
    everyone_is_indexed: bool,
}

/// Returns when every key is wrapped by its organisation's newest.
async fn catch_up(app: &App, known: &mut Known) -> Result<(), Failure> {
    let organisations = app.db.read(organisations::all).await?;
    for organisation in organisations {
        let keys = app.keys.clone();
        let newest = on_a_blocking_thread(move || keys.newest(organisation)).await?;
        let Some(newest) = newest.filter(|newest| known.versions.get(&organisation) != Some(newest)) else {
            continue;
        };
        let keys = app.keys.clone();
        if on_a_blocking_thread(move || keys.outdated(organisation)).await? > 0 {
            wrap_anew(app, organisation, newest).await?;
        }
        known.versions.insert(organisation, newest);
    }
    while !known.everyone_is_indexed {
        let keys = app.keys.clone();
        let indexed: Result<usize, Failure> = app
            .db
            .write(move |connection| Ok(identity::index_missing(connection, &keys, AT_ONCE)?))
            .await;
        known.everyone_is_indexed = indexed? == 0;
    }
    Ok(())
}

async fn wrap_anew(app: &App, organisation: OrganisationId, version: u32) -> Result<(), Failure> {
    let mut done = 0;
    loop {
        let keys = app.keys.clone();
        let step = on_a_blocking_thread(move || keys.wrap_anew(organisation, AT_ONCE)).await?;
        done += step;
        if step == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let entry = AuditEntry {
        organisation,
        at: app.clock.now(),
        action: AuditAction::Update,
        event: "organisation_key_rotated",
        outcome: AuditOutcome::Success,
        actor: AuditActor::SYSTEM,
        entity: Some(AuditEntity {
            kind: "organisation",
            id: *organisation.as_bytes(),
        }),
        patient: None,
        detail: json!({ "version": version, "wrapped_anew": done }),
    };
    let key = app.secrets.audit.clone();
    app.db
        .write(move |connection| {
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}

async fn on_a_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DbError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or(Err(DbError::Stopped))?)
}

/// `fleetward keys rotate`. Beside a running server it makes the new key and waits until the server has
/// wrapped everything by it; without one it does the work itself.
pub async fn rotate(store: Store, organisation: &str) -> Result<Rotated, StartError> {
    let secrets = Secrets::open_existing(&store.data.join("secrets"))?;
    let organisation = {
        let mut connection = app::location(&store)?.connect_reader()?;
        organisations::by_name_or_id(&mut connection, organisation)?
            .ok_or_else(|| StartError::NoSuchOrganisation(organisation.to_owned()))?
    };
    let keys = app::open_keys(&store.data, &secrets)?;
    let version = keys.rotate(organisation)?;
    let parts = Parts {
        store,
        clock: Clock::system(),
        portal: Portal::default(),
        demo: false,
        limits: Limits::default(),
    };
    let by_the_server = match App::open(parts).await {
        Ok(app) => {
            catch_up(&app, &mut Known::default()).await?;
            app.recorder.note_checkpoint(app.clock.now()).await?;
            false
        }
        Err(StartError::InUse { .. }) => {
            while keys.outdated(organisation)? > 0 {
                sleep(Duration::from_millis(200)).await;
            }
            true
        }
        Err(other) => return Err(other),
    };
    Ok(Rotated {
        version,
        by_the_server,
    })
}

//! A ward's screen: made by whoever answers for the ward, ended by them too.

use fleetward_common::{
    credentials::ProofKind,
    id::{IntervalId, MembershipId, PersonId, SessionId, StationId},
    sessions::EnrolStation,
    time::Instant,
};
use serde_json::json;

use super::{
    browser::Browser,
    rules::{Rules, SessionKind},
    session::Token,
    sign_in::Started,
    store::{
        self,
        sessions::NewSession,
        stations::{NewStation, Station},
    },
};
use crate::{
    access::{Actor, EnrolStation as Enrol, Permit, Unit, actor::usual_purpose},
    app::App,
    platform::http::Failure,
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};
use fleetward_common::access::Role;

/// Makes the browser that asks a screen of the permitted unit. Whoever asked is signed out of it: from now
/// on it is nobody's.
pub async fn enrol(
    app: &App,
    permit: &Permit<Unit, Enrol>,
    wanted: EnrolStation,
    asking: SessionId,
    browser: &Browser,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let unit = permit.id();
    let organisation = permit.standing().organisation.ok_or(Failure::NotFound)?;
    let station = NewStation {
        id: StationId::new(now, app.clock.entropy()),
        organisation,
        unit,
        name: wanted.name,
        person: PersonId::new(now, app.clock.entropy()),
        membership: MembershipId::new(now, app.clock.entropy()),
        works_in: IntervalId::new(now, app.clock.entropy()),
        enrolled_by: permit.actor().membership,
        enrolled_at: now,
    };
    let token = Token::random();
    let lifetime = Rules::of(SessionKind::Kiosk, Role::WardStation).lifetime;
    let session = NewSession {
        id: SessionId::new(now, app.clock.entropy()),
        kind: SessionKind::Kiosk,
        kiosk: None,
        browser: browser.words.clone(),
        network: browser.network(),
        token_sha256: token.sha256(),
        person: station.person,
        membership: station.membership,
        purpose: usual_purpose(Role::WardStation),
        // Of whoever made it a screen; the screen itself proves nothing, and is asked for nothing.
        proof: ProofKind::Password,
        created_at: now,
        expires_at: now + lifetime,
    };
    let (id, person) = (session.id, station.person);
    let key = app.secrets.audit.clone();
    let entry = entry(permit.actor(), station.id, "station_enrolled", now);
    app.db
        .write(move |connection| {
            store::stations::enrol(connection, &station)?;
            store::sessions::start(connection, &session)?;
            store::sessions::end(connection, asking, now)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(())
        })
        .await?;
    app.live.end_session(asking);
    Ok(Started {
        token,
        kind: SessionKind::Kiosk,
        lifetime,
        session: id,
        person,
    })
}

/// The station, if it is in use.
pub async fn find(app: &App, id: StationId) -> Result<Option<Station>, Failure> {
    app.db
        .read(move |connection| store::stations::in_use(connection, id).map_err(Failure::from))
        .await
}

/// The screen is one no more: its own session and those of whoever acts on it end.
pub async fn retire(
    app: &App,
    permit: &Permit<Unit, Enrol>,
    id: StationId,
    station: &Station,
) -> Result<(), Failure> {
    let now = app.clock.now();
    let key = app.secrets.audit.clone();
    let entry = entry(permit.actor(), id, "station_retired", now);
    let person = station.person;
    let ended = app
        .db
        .write(move |connection| {
            let own = store::sessions::end_all_of_person(connection, person, now)?;
            let mut ended = own.clone();
            for kiosk in own {
                ended.extend(store::sessions::end_all_on_kiosk(connection, kiosk, now)?);
            }
            store::stations::retire(connection, id, person, now)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(ended)
        })
        .await?;
    for session in ended {
        app.live.end_session(session);
    }
    app.access.epochs.bump_scope(permit.actor().organisation);
    Ok(())
}

fn entry(by: &Actor, station: StationId, event: &'static str, now: Instant) -> AuditEntry {
    AuditEntry {
        organisation: by.organisation,
        at: now,
        action: AuditAction::Execute,
        event,
        outcome: AuditOutcome::Success,
        actor: by.for_audit(),
        entity: Some(AuditEntity {
            kind: "station",
            id: *station.as_bytes(),
        }),
        patient: None,
        detail: json!({}),
    }
}

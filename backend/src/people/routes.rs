//! `/people`: who has access to the organisation, and every change of it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, Kind},
    error::ErrorBody,
    id::{MembershipId, OrganisationId, SessionId, UnitId},
    people::{MemberChange, MemberState, MemberView, RoleInterval, UnitGrant, UnitInterval},
    time::Instant,
};
use serde_json::json;

use super::{
    change::{self, House},
    desk::{Desk, about_membership, must_have_proven},
    invitations, join, list,
    member::{Interval, Member, UnitSpan},
    notices::AccessNews,
    outbox, own_memberships, places, recovery,
    store::{
        changes, members,
        places::{self as houses, House as StoredHouse},
    },
};
use crate::{
    access::{Act, Actor, Administer, Membership, Permit, Read},
    app::App,
    identity::{SignedIn, store::sessions},
    platform::{
        db::{DbConnection, DbError},
        http::{Failure, Guard, Routes, body},
    },
    privacy::audit::AuditAction,
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/people", Guard::List(Kind::Membership, Action::Read), list::list)
        .get("/people/{id}", Guard::Point(Kind::Membership, Action::Read), one)
        .post(
            "/people/{id}/change",
            Guard::Point(Kind::Membership, Action::Administer),
            change,
        )
        .delete(
            "/people/{id}/plan",
            Guard::Point(Kind::Membership, Action::Administer),
            take_back_plan,
        )
        .post(
            "/people/{id}/suspension",
            Guard::Point(Kind::Membership, Action::Administer),
            suspend,
        )
        .delete(
            "/people/{id}/suspension",
            Guard::Point(Kind::Membership, Action::Administer),
            lift_suspension,
        )
        .post(
            "/people/{id}/end",
            Guard::Point(Kind::Membership, Action::Administer),
            end,
        )
        .and(recovery::routes())
        .and(invitations::routes())
        .and(places::routes())
        .and(own_memberships::routes())
        .and(outbox::routes())
}

/// Outside the API: what opens before anybody has signed in.
pub fn page_routes() -> Routes {
    join::page_routes()
        .and(recovery::page_routes())
        .and(outbox::page_routes())
}

#[utoipa::path(
    get, path = "/api/v1/people/{id}", tag = "people", params(("id" = MembershipId, Path)),
    responses((status = 200, body = MemberView), (status = 404, body = ErrorBody))
)]
pub async fn one(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<Json<MemberView>, Failure> {
    let id: MembershipId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app.access.membership(id).permit::<Read>(&signed_in.actor).await?;
    Ok(Json(view_of(&app, &signed_in.actor, permit.id()).await?))
}

/// The member as this person may see them now. A permit for one of their memberships was asked for.
async fn view_of(app: &App, actor: &Actor, id: MembershipId) -> Result<MemberView, Failure> {
    let now = app.clock.now();
    let not_changeable = match app.access.membership(id).permit::<Administer>(actor).await {
        Ok(_) => None,
        Err(Failure::NotPermitted(sentence)) => Some(sentence),
        Err(Failure::NotFound) => {
            Some("People are kept by an administrator of your organisation.".to_owned())
        }
        Err(other) => return Err(other),
    };
    app.db
        .read(move |connection| {
            let member = members::of(connection, id, now)?.ok_or(Failure::NotFound)?;
            let open_sessions = members::open_sessions(connection, &member, now)?;
            Ok::<_, Failure>(view(&member, open_sessions, not_changeable, now))
        })
        .await
}

fn view(member: &Member, open_sessions: u64, not_changeable: Option<String>, now: Instant) -> MemberView {
    let current = &member.current;
    let at = now.max(current.from);
    MemberView {
        person: member.person,
        membership: current.id,
        name: member.name.clone(),
        login: member.login.clone(),
        email: member.email.clone(),
        since: member.since(),
        role: current.role,
        units: current
            .units_at(at)
            .map(|span| UnitGrant {
                unit: span.unit,
                until: span.until,
            })
            .collect(),
        until: current.until,
        state: member.state(now),
        suspended_at: current.suspended_at,
        last_sign_in: member.last_sign_in,
        signs_in_with: member.signs_in_with.clone(),
        open_sessions,
        history: member.history.iter().map(role_interval).collect(),
        not_changeable,
    }
}

fn role_interval(interval: &Interval) -> RoleInterval {
    let unit = |span: &UnitSpan| UnitInterval {
        unit: span.unit,
        name: span.name.clone(),
        from: span.from,
        until: span.until,
    };
    RoleInterval {
        membership: interval.id,
        role: interval.role,
        from: interval.from,
        until: interval.until,
        units: interval.units.iter().map(unit).collect(),
    }
}

/// What a change left behind, to be told once it is committed.
struct Done {
    membership: MembershipId,
    ended: Vec<SessionId>,
}

/// Everything that the changes below have in common: permit, proof, one transaction with the record and
/// the notice, then the sessions and screens.
async fn alter(
    app: &Data<App>,
    signed_in: &SignedIn,
    permit: Permit<Membership, Administer>,
    work: impl FnOnce(&mut DbConnection, &Desk) -> Result<Done, Failure> + Send + 'static,
) -> Result<HttpResponse, Failure> {
    let now = app.clock.now();
    must_have_proven(signed_in, now)?;
    let desk = Desk::of(app, signed_in, now);
    let id = permit.id();
    let done = app.db.write(move |connection| work(connection, &desk)).await?;
    for session in done.ended {
        app.live.end_session(session);
    }
    let organisation = permit
        .standing()
        .organisation
        .unwrap_or(signed_in.actor.organisation);
    app.access.epochs.bump_scope(organisation);
    let shown = if done.membership == id {
        id
    } else {
        done.membership
    };
    Ok(HttpResponse::Ok().json(view_of(app, &signed_in.actor, shown).await?))
}

/// The member behind a permit, and the house they are in.
fn member_and_house(
    connection: &mut DbConnection,
    permit: &Permit<Membership, Administer>,
    desk: &Desk,
) -> Result<(Member, StoredHouse, Vec<UnitId>, i64), Failure> {
    let member = members::of(connection, permit.id(), desk.now)?.ok_or(Failure::NotFound)?;
    let organisation = organisation_of(permit)?;
    let house = houses::house_of(connection, organisation)?;
    let units = houses::open_units(connection, organisation)?;
    let others =
        members::other_administrators(connection, organisation, house.kind, member.person, desk.now)?;
    Ok((member, house, units, others))
}

fn organisation_of<A: Act>(permit: &Permit<Membership, A>) -> Result<OrganisationId, Failure> {
    permit.standing().organisation.ok_or(Failure::NotFound)
}

fn asked<'a>(house: &StoredHouse, units: &'a [UnitId], other_administrators: i64) -> House<'a> {
    House {
        kind: house.kind,
        units,
        other_administrators,
    }
}

async fn to_administer(
    app: &App,
    signed_in: &SignedIn,
    id: &str,
) -> Result<Permit<Membership, Administer>, Failure> {
    let id: MembershipId = id.parse().or(Err(Failure::NotFound))?;
    app.access
        .membership(id)
        .permit::<Administer>(&signed_in.actor)
        .await
}

#[utoipa::path(
    post, path = "/api/v1/people/{id}/change", tag = "people", params(("id" = MembershipId, Path)),
    request_body = MemberChange,
    responses(
        (status = 200, description = "What holds now", body = MemberView),
        (status = 400, description = "Why it can’t be so", body = ErrorBody),
        (status = 403, description = "Oneself, the last administrator, or a proof is needed first", body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub async fn change(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let wanted: MemberChange = body::json(&request, payload).await?;
    let asked_for = permit.clone();
    alter(&app, &signed_in, permit, move |connection, desk| {
        let (member, house, units, others) = member_and_house(connection, &asked_for, desk)?;
        let plan = change::plan(&member, &wanted, &asked(&house, &units, others), desk.now)?;
        let membership = changes::carry_out(connection, house.id, &member, &plan, &desk.clock)?;
        let begins_now = plan.at <= desk.now;
        // A session carries the role it was started with: whoever changes theirs signs in anew.
        let ended = if plan.role.is_some() && begins_now {
            sessions::end_all_of_membership(connection, member.current.id, desk.now)?
        } else {
            Vec::new()
        };
        desk.note(
            connection,
            if plan.role.is_some() {
                "member_role_changed"
            } else {
                "member_access_changed"
            },
            AuditAction::Update,
            about_membership(membership),
            json!({
                "before": member.current.id,
                "role": wanted.role,
                "from": plan.at,
                "until": plan.until,
                "units": wanted.units,
            }),
        )?;
        let ids: Vec<UnitId> = wanted.units.iter().map(|grant| grant.unit).collect();
        let names = houses::unit_names(connection, house.id, &ids)?;
        let news = AccessNews::Changed {
            role: wanted.role,
            units: names,
            from: plan.at,
            until: plan.until,
        };
        desk.tell(connection, member.person, &house, &news)?;
        Ok(Done {
            membership: if begins_now { membership } else { member.current.id },
            ended,
        })
    })
    .await
}

#[utoipa::path(
    delete, path = "/api/v1/people/{id}/plan", tag = "people", params(("id" = MembershipId, Path)),
    responses(
        (status = 200, description = "The planned change is off", body = MemberView),
        (status = 400, description = "Nothing is planned", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn take_back_plan(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let asked_for = permit.clone();
    alter(&app, &signed_in, permit, move |connection, desk| {
        let (member, ..) = member_and_house(connection, &asked_for, desk)?;
        let Some(planned) = member.planned(desk.now) else {
            return Err(Failure::BadRequest(
                "No change is planned for this person.".to_owned(),
            ));
        };
        changes::unplan(connection, &member, desk.now)?;
        desk.note(
            connection,
            "member_plan_taken_back",
            AuditAction::Update,
            about_membership(member.current.id),
            json!({ "planned_from": planned }),
        )?;
        Ok(Done {
            membership: member.current.id,
            ended: Vec::new(),
        })
    })
    .await
}

#[utoipa::path(
    post, path = "/api/v1/people/{id}/suspension", tag = "people", params(("id" = MembershipId, Path)),
    responses(
        (status = 200, description = "Signed out everywhere, for as long as it is not lifted", body = MemberView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn suspend(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let asked_for = permit.clone();
    alter(&app, &signed_in, permit, move |connection, desk| {
        let (member, house, units, others) = member_and_house(connection, &asked_for, desk)?;
        if !matches!(member.state(desk.now), MemberState::Active | MemberState::NotYet) {
            return Err(Failure::BadRequest(
                "Only access that is open can be suspended.".to_owned(),
            ));
        }
        change::may_lose_access(&member, &asked(&house, &units, others))?;
        changes::suspend(connection, &member, Some(desk.now))?;
        let ended = end_sessions(connection, &member, desk.now)?;
        desk.note(
            connection,
            "member_suspended",
            AuditAction::Update,
            about_membership(member.current.id),
            json!({ "sessions_ended": ended.len() }),
        )?;
        desk.tell(connection, member.person, &house, &AccessNews::Suspended)?;
        Ok(Done {
            membership: member.current.id,
            ended,
        })
    })
    .await
}

#[utoipa::path(
    delete, path = "/api/v1/people/{id}/suspension", tag = "people", params(("id" = MembershipId, Path)),
    responses(
        (status = 200, description = "Access is open again", body = MemberView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn lift_suspension(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let asked_for = permit.clone();
    alter(&app, &signed_in, permit, move |connection, desk| {
        let (member, house, ..) = member_and_house(connection, &asked_for, desk)?;
        if member.state(desk.now) != MemberState::Suspended {
            return Err(Failure::BadRequest("This access is not suspended.".to_owned()));
        }
        changes::suspend(connection, &member, None)?;
        desk.note(
            connection,
            "member_suspension_lifted",
            AuditAction::Update,
            about_membership(member.current.id),
            json!({}),
        )?;
        desk.tell(connection, member.person, &house, &AccessNews::Lifted)?;
        Ok(Done {
            membership: member.current.id,
            ended: Vec::new(),
        })
    })
    .await
}

#[utoipa::path(
    post, path = "/api/v1/people/{id}/end", tag = "people", params(("id" = MembershipId, Path)),
    responses(
        (status = 200, description = "Access has ended; what was planned has fallen", body = MemberView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn end(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let asked_for = permit.clone();
    alter(&app, &signed_in, permit, move |connection, desk| {
        let (member, house, units, others) = member_and_house(connection, &asked_for, desk)?;
        if member.state(desk.now) == MemberState::Ended {
            return Err(Failure::BadRequest("This access has ended already.".to_owned()));
        }
        change::may_lose_access(&member, &asked(&house, &units, others))?;
        changes::end(connection, &member, desk.now)?;
        let ended = end_sessions(connection, &member, desk.now)?;
        desk.note(
            connection,
            "member_ended",
            AuditAction::Update,
            about_membership(member.current.id),
            json!({ "sessions_ended": ended.len() }),
        )?;
        desk.tell(connection, member.person, &house, &AccessNews::Ended)?;
        Ok(Done {
            membership: member.current.id,
            ended,
        })
    })
    .await
}

/// Sessions of this membership; a person's sessions elsewhere are nobody's business here.
fn end_sessions(
    connection: &mut DbConnection,
    member: &Member,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let mut ended = Vec::new();
    for interval in &member.history {
        ended.extend(sessions::end_all_of_membership(connection, interval.id, now)?);
    }
    Ok(ended)
}

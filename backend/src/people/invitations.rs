//! Inviting somebody: a link that works once, for a while, and can be sent again or taken back.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, Kind},
    error::ErrorBody,
    id::{InvitationId, OrganisationId},
    people::{Delivery, InvitationView, MemberState, NewInvitation},
    time::Instant,
};
use serde_json::json;

use super::{
    change::{self, House},
    desk::{Desk, must_have_proven},
    links::LinkToken,
    naming, notices,
    store::{
        invitations::{self, Invitation},
        members, places,
    },
};
use crate::{
    access::{Administer, Organisation, Permit},
    app::App,
    identity::SignedIn,
    platform::{
        db::{DbConnection, DbError},
        http::{Failure, Guard, Routes, body},
        outbox,
    },
    privacy::audit::{AuditAction, AuditEntity},
};

/// From Friday noon to Monday noon.
pub const LINK_WORKS_FOR: Duration = Duration::from_secs(72 * 3_600);
const LONGEST_NAME: usize = 120;

pub fn routes() -> Routes {
    let administer = || Guard::Point(Kind::Organisation, Action::Administer);
    Routes::new()
        .post("/organisations/{id}/invitations", administer(), invite)
        .get("/invitations/{id}", administer(), one)
        .post("/invitations/{id}/link", administer(), send_again)
        .delete("/invitations/{id}", administer(), withdraw)
}

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/invitations", tag = "people",
    params(("id" = OrganisationId, Path)), request_body = NewInvitation,
    responses(
        (status = 201, description = "The link is on its way", body = InvitationView),
        (status = 400, description = "Why they can’t be invited so", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn invite(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let id: OrganisationId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app
        .access
        .organisation(id)
        .permit::<Administer>(&signed_in.actor)
        .await?;
    let wanted: NewInvitation = body::json(&request, payload).await?;
    let now = app.clock.now();
    must_have_proven(&signed_in, now)?;
    let wanted = parsed(wanted)?;
    let desk = Desk::of(&app, &signed_in, now);
    let origin = app.origin.as_str().to_owned();
    let view = app
        .db
        .write(move |connection| {
            let id = InvitationId::new(now, desk.clock.entropy());
            check(connection, &permit, &wanted, &desk)?;
            let (token, message) = (LinkToken::random(), desk.message_id());
            // The message is written first: the invitation names it.
            let house = places::house(connection, &permit)?;
            let invitation = Invitation {
                id,
                organisation: house.id,
                organisation_name: house.name.clone(),
                home_region: house.home_region,
                name: wanted.name.clone(),
                email: wanted.email.clone(),
                role: wanted.role,
                member_until: wanted.until,
                invited_by: desk.actor.person,
                created_at: now,
                expires_at: now + LINK_WORKS_FOR,
                message,
                withdrawn_at: None,
                joined_at: None,
                membership: None,
                confirmed_at: None,
                units: wanted
                    .units
                    .iter()
                    .map(|grant| {
                        let name = places::unit_names(connection, house.id, &[grant.unit])?;
                        Ok((grant.clone(), name.into_iter().next().unwrap_or_default()))
                    })
                    .collect::<Result<_, DbError>>()?,
            };
            let link = link(&origin, &token);
            desk.send(
                connection,
                &notices::invitation(message, &invitation, &desk.name, &link, now),
            )?;
            invitations::add(
                connection,
                &invitations::NewInvitation {
                    id,
                    organisation: house.id,
                    name: &wanted.name,
                    email: &wanted.email,
                    role: wanted.role,
                    member_until: wanted.until,
                    units: &wanted.units,
                    invited_by: desk.actor.person,
                    created_at: now,
                    token_sha256: token.sha256(),
                    expires_at: invitation.expires_at,
                    message,
                },
            )?;
            desk.note(
                connection,
                "person_invited",
                AuditAction::Create,
                about(id),
                json!({ "role": wanted.role, "units": wanted.units, "until": wanted.until }),
            )?;
            view(connection, &invitation, &desk.name, now)
        })
        .await?;
    Ok(HttpResponse::Created().json(view))
}

fn link(origin: &str, token: &LinkToken) -> String {
    format!("{origin}/join/{}", token.as_str())
}

pub fn about(id: InvitationId) -> AuditEntity {
    AuditEntity {
        kind: "invitation",
        id: *id.as_bytes(),
    }
}

/// Name and address as they are stored.
fn parsed(wanted: NewInvitation) -> Result<NewInvitation, Failure> {
    let name = naming::name(&wanted.name, LONGEST_NAME, "the person’s name")?;
    let email = naming::mail_address(&wanted.email)?;
    Ok(NewInvitation {
        name,
        email,
        ..wanted
    })
}

fn check(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, Administer>,
    wanted: &NewInvitation,
    desk: &Desk,
) -> Result<(), Failure> {
    let house = places::house(connection, permit)?;
    let units = places::open_units(connection, house.id)?;
    let asked = House {
        kind: house.kind,
        units: &units,
        other_administrators: 1,
    };
    change::grants(wanted.role, &wanted.units, wanted.until, &asked, desk.now)?;
    let waiting = invitations::open_of(connection, house.id)?;
    if waiting.iter().any(|invitation| invitation.email == wanted.email) {
        return Err(Failure::BadRequest(
            "This address is invited already. Send the link again, or take the invitation back.".to_owned(),
        ));
    }
    for person in invitations::people_at(connection, &wanted.email)? {
        if person == desk.actor.person {
            return Err(Failure::NotPermitted(
                "Nobody invites themselves to another role. Another administrator can.".to_owned(),
            ));
        }
        let has_access = members::of_person(connection, person, house.id, desk.now)?
            .iter()
            .any(|member| member.current.role == wanted.role && member.state(desk.now) != MemberState::Ended);
        if has_access {
            return Err(Failure::BadRequest(
                "This person has this role at your organisation already.".to_owned(),
            ));
        }
    }
    Ok(())
}

fn view(
    connection: &mut DbConnection,
    invitation: &Invitation,
    invited_by: &str,
    now: Instant,
) -> Result<InvitationView, Failure> {
    Ok(InvitationView {
        id: invitation.id,
        name: invitation.name.clone(),
        email: invitation.email.clone(),
        role: invitation.role,
        units: invitation.grants(),
        until: invitation.member_until,
        invited_by: invited_by.to_owned(),
        invited_at: invitation.created_at,
        expires_at: invitation.expires_at,
        state: invitation.state(now),
        delivery: match invitations::delivery(connection, invitation.message)? {
            outbox::State::Waiting => Delivery::Waiting,
            outbox::State::Sent => Delivery::Sent,
            outbox::State::Dead => Delivery::Failed,
            outbox::State::Withdrawn => Delivery::Withdrawn,
        },
    })
}

/// An invitation of the actor's own organisation. Whoever may not invite finds none, as if there were
/// none.
async fn to_administer(
    app: &App,
    signed_in: &SignedIn,
    id: &str,
) -> Result<(Permit<Organisation, Administer>, InvitationId), Failure> {
    let permit = app
        .access
        .organisation(signed_in.actor.organisation)
        .permit::<Administer>(&signed_in.actor)
        .await
        .map_err(|failure| match failure {
            Failure::NotPermitted(_) => Failure::NotFound,
            other => other,
        })?;
    let id: InvitationId = id.parse().or(Err(Failure::NotFound))?;
    Ok((permit, id))
}

fn found(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, Administer>,
    id: InvitationId,
) -> Result<(Invitation, String), Failure> {
    let invitation = invitations::one(connection, permit.id(), id)?.ok_or(Failure::NotFound)?;
    let inviter = members::name_of(connection, invitation.invited_by)?.unwrap_or_default();
    Ok((invitation, inviter))
}

#[utoipa::path(
    get, path = "/api/v1/invitations/{id}", tag = "people", params(("id" = InvitationId, Path)),
    responses((status = 200, body = InvitationView), (status = 404, body = ErrorBody))
)]
pub async fn one(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<InvitationView>, Failure> {
    let (permit, id) = to_administer(&app, &signed_in, &id).await?;
    let now = app.clock.now();
    let view = app
        .db
        .read(move |connection| {
            let (invitation, inviter) = found(connection, &permit, id)?;
            view(connection, &invitation, &inviter, now)
        })
        .await?;
    Ok(Json(view))
}

/// Somebody may still join by it, if only it were sent again.
fn must_be_open(invitation: &Invitation) -> Result<(), Failure> {
    if invitation.joined_at.is_some() {
        Err(Failure::BadRequest("This person has joined already.".to_owned()))
    } else if invitation.withdrawn_at.is_some() {
        Err(Failure::BadRequest(
            "This invitation was taken back. Invite the person again.".to_owned(),
        ))
    } else {
        Ok(())
    }
}

#[utoipa::path(
    post, path = "/api/v1/invitations/{id}/link", tag = "people", params(("id" = InvitationId, Path)),
    responses(
        (status = 200, description = "A new link is on its way; the old one opens nothing", body = InvitationView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn send_again(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<InvitationView>, Failure> {
    let (permit, id) = to_administer(&app, &signed_in, &id).await?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    let origin = app.origin.as_str().to_owned();
    let view = app
        .db
        .write(move |connection| {
            let (mut invitation, inviter) = found(connection, &permit, id)?;
            must_have_proven(&signed_in, now)?;
            must_be_open(&invitation)?;
            outbox::withdraw(connection, invitation.message, now)?;
            let (token, message) = (LinkToken::random(), desk.message_id());
            invitation.expires_at = now + LINK_WORKS_FOR;
            invitation.message = message;
            let link = link(&origin, &token);
            desk.send(
                connection,
                &notices::invitation(message, &invitation, &inviter, &link, now),
            )?;
            invitations::renew(connection, id, &token.sha256(), invitation.expires_at, message)?;
            desk.note(
                connection,
                "invitation_sent_again",
                AuditAction::Update,
                about(id),
                json!({}),
            )?;
            view(connection, &invitation, &inviter, now)
        })
        .await?;
    Ok(Json(view))
}

#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", tag = "people", params(("id" = InvitationId, Path)),
    responses(
        (status = 204, description = "The link opens nothing any more"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn withdraw(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let (permit, id) = to_administer(&app, &signed_in, &id).await?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    app.db
        .write(move |connection| {
            let (invitation, _) = found(connection, &permit, id)?;
            must_be_open(&invitation)?;
            outbox::withdraw(connection, invitation.message, now)?;
            invitations::withdraw(connection, id, now)?;
            desk.note(
                connection,
                "invitation_taken_back",
                AuditAction::Update,
                about(id),
                json!({}),
            )
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::access::Role;

    fn invited(email: &str) -> Result<String, Failure> {
        let wanted = NewInvitation {
            name: " Mira Solberg ".to_owned(),
            email: email.to_owned(),
            role: Role::Nurse,
            units: Vec::new(),
            until: None,
        };
        parsed(wanted).map(|parsed| format!("{} <{}>", parsed.name, parsed.email))
    }

    #[test]
    fn an_address_is_kept_in_small_letters_and_nonsense_is_not_kept() {
        assert_eq!(
            invited("Mira.Solberg@Northgate.example").unwrap(),
            "Mira Solberg <mira.solberg@northgate.example>"
        );
        for text in [
            "",
            "mira",
            "mira@",
            "@northgate.example",
            "mira@localhost",
            "a@b.c, d@e.f",
            "a b@c.d",
            "<a@b.c>",
        ] {
            assert!(invited(text).is_err(), "{text}");
        }
    }
}

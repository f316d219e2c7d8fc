//! A way back for a colleague who lost every proof: an administrator who knows them starts it, and it
//! takes both halves, the link that goes to the colleague and the code that the administrator tells
//! them. Until it is used, what they had goes on working.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, Kind, Role},
    error::ErrorBody,
    id::{MembershipId, MessageId, OrganisationId, RecoveryId, SessionId},
    people::{MemberState, RecoveryStarted, StartRecovery},
    time::Instant,
};
use maud::{Markup, html};
use serde_json::json;

use super::{
    desk::{Desk, about_membership, must_have_proven},
    join::{brand, password_is_good},
    links::{LinkToken, SpokenCode},
    notices,
    store::{
        members,
        recoveries::{self, NewRecovery, Recovery},
    },
};
use crate::{
    access::Administer,
    app::App,
    identity::{Chooser, SignedIn, pages::Look, store as identity},
    platform::{
        db::DbConnection,
        http::{Cost, Failure, Guard, Routes, body, shell},
        outbox,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

const WORKS_FOR: Duration = Duration::from_secs(24 * 3_600);
/// One in twenty million to hit the code, and then it is over.
const MOST_WRONG_CODES: i64 = 5;

pub fn routes() -> Routes {
    Routes::new().post(
        "/people/{id}/recovery",
        Guard::Point(Kind::Membership, Action::Administer),
        start,
    )
}

pub fn page_routes() -> Routes {
    Routes::new()
        .get("/recover/{token}", Guard::Public, page)
        .post("/recover/{token}", Guard::Public, finish)
        .costing(Cost::PASSWORD)
}

#[utoipa::path(
    post, path = "/api/v1/people/{id}/recovery", tag = "people", params(("id" = MembershipId, Path)),
    request_body = StartRecovery,
    responses(
        (status = 200, description = "The code to tell the colleague; the link is on its way to them", body = RecoveryStarted),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn start(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<RecoveryStarted>, Failure> {
    let id: MembershipId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app
        .access
        .membership(id)
        .permit::<Administer>(&signed_in.actor)
        .await?;
    let now = app.clock.now();
    must_have_proven(&signed_in, now)?;
    let StartRecovery { proven_by } = body::json(&request, payload).await?;
    let desk = Desk::of(&app, &signed_in, now);
    let origin = app.origin.as_str().to_owned();
    let (token, code, until) = (LinkToken::random(), SpokenCode::random(), now + WORKS_FOR);
    let started = RecoveryStarted {
        code: code.as_str().to_owned(),
        expires_at: until,
    };
    app.db
        .write(move |connection| {
            let member = members::of(connection, permit.id(), now)?.ok_or(Failure::NotFound)?;
            if member.state(now) != MemberState::Active {
                return Err(Failure::BadRequest(
                    "Only access that is open can be recovered. Lift the suspension or invite the person again.".to_owned(),
                ));
            }
            let recovery = NewRecovery {
                id: RecoveryId::new(now, desk.clock.entropy()),
                organisation: desk.actor.organisation,
                person: member.person,
                started_by: desk.actor.person,
                created_at: now,
                expires_at: until,
                token_sha256: token.sha256(),
                code_hmac: code.hmac(&token),
            };
            recoveries::add(connection, &recovery)?;
            let link = format!("{origin}/recover/{}", token.as_str());
            let message = notices::recovery_link(desk.message_id(), member.person, &desk.name, &link, until, now);
            desk.send(connection, &message)?;
            for officer in members::holders(connection, desk.actor.organisation, Role::PrivacyOfficer, now)? {
                let message = notices::recovery_watch(desk.message_id(), officer, &member.name, &desk.name, proven_by, now);
                desk.send(connection, &message)?;
            }
            desk.note(
                connection,
                "recovery_started",
                AuditAction::Create,
                about_membership(member.current.id),
                json!({ "recovery": recovery.id, "until": until, "proven_by": proven_by }),
            )
        })
        .await?;
    Ok(Json(started))
}

const WRONG_TOO_OFTEN: &str = "The code was wrong too often. Ask your administrator to start again.";

/// Whether this recovery still opens anything, in a sentence when not.
fn why_not(recovery: &Recovery, now: Instant) -> Option<&'static str> {
    if recovery.used_at.is_some() {
        Some("This link was used. Sign in with the password that was set then.")
    } else if recovery.withdrawn_at.is_some() {
        Some("A newer link took this one’s place. Look for the latest message.")
    } else if recovery.expires_at <= now {
        Some("This link has expired. Ask your administrator to start again.")
    } else if recovery.wrong_codes >= MOST_WRONG_CODES {
        Some(WRONG_TOO_OFTEN)
    } else {
        None
    }
}

async fn find(app: &App, text: &str) -> Result<Option<(LinkToken, Recovery)>, Failure> {
    let Some(token) = LinkToken::parse(text) else {
        return Ok(None);
    };
    let hash = token.sha256();
    let found = app
        .db
        .read(move |connection| recoveries::by_token(connection, &hash))
        .await?;
    Ok(found.map(|recovery| (token, recovery)))
}

async fn page(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse, Failure> {
    let look = Look::of(&app, request.query_string());
    let found = find(&app, &token).await?;
    Ok(match found {
        Some((_, recovery)) => match why_not(&recovery, app.clock.now()) {
            None => shell::page(form(&look, &recovery.name, &token, None)),
            Some(why) => gone(&look, why),
        },
        None => gone(
            &look,
            "This link is not one of ours, or not whole. Copy it from the message again.",
        ),
    })
}

fn gone(look: &Look, why: &str) -> HttpResponse {
    let mut response = shell::page(look.page(
        "This link opens nothing · Fleetward",
        "Skip to the page",
        &html! {
            header.gate-top { (brand()) }
            main.gate-main #main {
                h1 { "This link opens nothing" }
                section.panel.gate-card {
                    p { (why) }
                    p { a.button href="/sign-in" { "To the sign-in page" } }
                }
            }
            footer.gate-foot { span { "Fleetward" } }
        },
    ));
    *response.status_mut() = actix_web::http::StatusCode::GONE;
    response
}

fn form(look: &Look, name: &str, token: &str, trouble: Option<&str>) -> Markup {
    look.page("A way back · Fleetward", "Skip to the form", &html! {
        header.gate-top { (brand()) }
        main.gate-main #main {
            h1 { "A way back, " (name) }
            p.lead { "You need the code that your administrator tells you." }
            section.panel.gate-card {
                @if let Some(trouble) = trouble {
                    div.trouble role="alert" tabindex="-1" { div { h2 { (trouble) } } }
                }
                form method="post" action={ "/recover/" (token) } {
                    div.field {
                        label for="code" { "Code, eight digits" }
                        input #code name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus;
                    }
                    div.field {
                        label for="password" { "New password" }
                        p.caption #password-hint { "At least 15 characters; a few words are good. Paste works." }
                        input #password name="password" type="password" autocomplete="new-password" minlength="15"
                            required aria-describedby="password-hint";
                    }
                    p.caption { "Your old password, passkeys and codes end with this, and every open session." }
                    button.button.primary.tall.wide type="submit" { "Set the new password" }
                }
            }
        }
        footer.gate-foot { span { "Fleetward" } }
    })
}

async fn finish(
    app: Data<App>,
    request: HttpRequest,
    path: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let look = Look::of(&app, request.query_string());
    let Some((token, recovery)) = find(&app, &path).await? else {
        return Ok(gone(
            &look,
            "This link is not one of ours, or not whole. Copy it from the message again.",
        ));
    };
    let now = app.clock.now();
    if let Some(why) = why_not(&recovery, now) {
        return Ok(gone(&look, why));
    }
    let fields = body::form(&request, payload).await?;
    let field = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let refused = |trouble: &str| {
        let mut response = shell::page(form(&look, &recovery.name, &path, Some(trouble)));
        *response.status_mut() = actix_web::http::StatusCode::BAD_REQUEST;
        response
    };
    let good = SpokenCode::typed(&field("code")).matches(&token, &recovery.code_hmac);
    if let Some(why) = try_code(&app, &recovery, good, now).await? {
        return Ok(refused(why));
    }
    let password = field("password");
    let chooser = Chooser {
        login: &recovery.login,
        name: &recovery.name,
        organisation: "",
    };
    if let Err(why) = password_is_good(&password, chooser) {
        return Ok(refused(&why));
    }
    let phc = app.sign_in.hashing.hash(password).await?;
    for session in carry_out(&app, recovery, phc, now).await? {
        app.live.end_session(session);
    }
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/sign-in?as=yourself"))
        .finish())
}

/// In the record of each organisation that the account opens.
fn note(
    organisation: OrganisationId,
    event: &'static str,
    outcome: AuditOutcome,
    recovery: &Recovery,
    now: Instant,
) -> AuditEntry {
    AuditEntry {
        organisation,
        at: now,
        action: AuditAction::Execute,
        event,
        outcome,
        actor: AuditActor {
            person: Some(recovery.person),
            ..AuditActor::SYSTEM
        },
        entity: Some(AuditEntity {
            kind: "person",
            id: *recovery.person.as_bytes(),
        }),
        patient: None,
        detail: json!({ "recovery": recovery.id }),
    }
}

/// Counted where nobody comes in between: many guesses at once are as many as one after the other. Says why
/// not, if the code may not be used.
async fn try_code(
    app: &App,
    recovery: &Recovery,
    good: bool,
    now: Instant,
) -> Result<Option<&'static str>, Failure> {
    let (id, key) = (recovery.id, app.secrets.audit.clone());
    let entry = note(
        recovery.organisation,
        "recovery_code_wrong",
        AuditOutcome::MinorFailure,
        recovery,
        now,
    );
    app.db
        .write(move |connection| {
            if recoveries::wrong_codes(connection, id)? >= MOST_WRONG_CODES {
                return Ok::<_, Failure>(Some(WRONG_TOO_OFTEN));
            }
            if good {
                return Ok(None);
            }
            recoveries::note_wrong_code(connection, id)?;
            audit::append(connection, &key, &entry)?;
            Ok(Some(
                "That is not the code. Ask your administrator to read it out again.",
            ))
        })
        .await
}

/// The new password, and nothing else that opened this account before.
async fn carry_out(
    app: &App,
    recovery: Recovery,
    phc: String,
    now: Instant,
) -> Result<Vec<SessionId>, Failure> {
    let (key, sealing, clock) = (
        app.secrets.audit.clone(),
        app.secrets.outbox.clone(),
        app.clock.clone(),
    );
    app.db
        .write(move |connection| {
            if !recoveries::note_used(connection, recovery.id, now)? {
                return Err(Failure::BadRequest("This link was used a moment ago.".to_owned()));
            }
            let person = recovery.person;
            identity::passwords::set(connection, person, &phc, true, now)?;
            for passkey in identity::passkeys::of_person(connection, person)? {
                identity::passkeys::remove(connection, person, passkey.id)?;
            }
            identity::second_factors::remove(connection, person)?;
            let ended = identity::sessions::end_all_of_person(connection, person, now)?;
            let mut told = vec![person];
            for organisation in members::organisations_of(connection, person, now)? {
                let entry = note(
                    organisation,
                    "recovery_used",
                    AuditOutcome::Success,
                    &recovery,
                    now,
                );
                audit::append(connection, &key, &entry)?;
                told.extend(members::holders(
                    connection,
                    organisation,
                    Role::PrivacyOfficer,
                    now,
                )?);
            }
            told.sort_unstable();
            told.dedup();
            for to in told {
                let message =
                    notices::recovery_used(MessageId::new(now, clock.entropy()), to, &recovery.name, now);
                send(connection, &sealing, &message, now)?;
            }
            Ok(ended)
        })
        .await
}

fn send(
    connection: &mut DbConnection,
    key: &crate::platform::secrets::Key,
    message: &outbox::Message,
    now: Instant,
) -> Result<(), Failure> {
    Ok(outbox::put(connection, key, message, now)?)
}

//! The outbox as the operator sees it, and the demo's page of the mail it would have sent.

use std::{fs, path::Path as FilePath, time::SystemTime};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use fleetward_common::{
    access::{Action, Kind},
    error::ErrorBody,
    id::{MessageId, OrganisationId},
    people::{MessageState, OrganisationKind, OutboxMessage},
};
use maud::{Markup, html};
use serde_json::json;

use super::{
    desk::Desk,
    store::{members, places},
};
use crate::{
    access::{Administer, Organisation, Permit},
    app::App,
    identity::{SignedIn, pages::Look},
    platform::{
        http::{Failure, Guard, Routes, shell},
        outbox::{self, Carrier, Recipient, State, Stored},
    },
    privacy::audit::{AuditAction, AuditEntity},
};

const MOST: i64 = 200;

pub fn routes() -> Routes {
    let administer = || Guard::Point(Kind::Organisation, Action::Administer);
    Routes::new()
        .get("/organisations/{id}/outbox", administer(), list)
        .post("/organisations/{id}/outbox/{message}/retry", administer(), retry)
}

pub fn page_routes() -> Routes {
    Routes::new().get("/demo/outbox", Guard::Public, demo_page)
}

/// Messages belong to the platform: to any other organisation the outbox does not exist.
async fn to_operate(
    app: &App,
    signed_in: &SignedIn,
    id: &str,
) -> Result<Permit<Organisation, Administer>, Failure> {
    let id: OrganisationId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app
        .access
        .organisation(id)
        .permit::<Administer>(&signed_in.actor)
        .await?;
    let asked = permit.clone();
    let house = app
        .db
        .read(move |connection| places::house(connection, &asked))
        .await?;
    if house.kind == OrganisationKind::Platform {
        Ok(permit)
    } else {
        Err(Failure::NotFound)
    }
}

#[utoipa::path(
    get, path = "/api/v1/organisations/{id}/outbox", tag = "people", params(("id" = OrganisationId, Path)),
    responses(
        (status = 200, description = "The youngest messages, without their texts", body = Vec<OutboxMessage>),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn list(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<Vec<OutboxMessage>>, Failure> {
    to_operate(&app, &signed_in, &id).await?;
    let messages = app
        .db
        .read(|connection| {
            let mut messages = Vec::new();
            for stored in outbox::recent(connection, None, MOST)? {
                let recipient = match &stored.recipient {
                    Recipient::Address(address) => address.clone(),
                    Recipient::Person(person) => members::name_of(connection, *person)?.unwrap_or_default(),
                };
                messages.push(view(stored, recipient));
            }
            Ok::<_, Failure>(messages)
        })
        .await?;
    Ok(Json(messages))
}

fn view(stored: Stored, recipient: String) -> OutboxMessage {
    let waits = stored.state == State::Waiting;
    OutboxMessage {
        id: stored.id,
        kind: stored.kind,
        recipient,
        subject: stored.subject,
        state: match stored.state {
            State::Waiting => MessageState::Waiting,
            State::Sent => MessageState::Sent,
            State::Dead => MessageState::Dead,
            State::Withdrawn => MessageState::Withdrawn,
        },
        attempts: u64::try_from(stored.attempts).unwrap_or(0),
        last_error: stored.last_error,
        created_at: stored.created_at,
        next_try_at: waits.then_some(stored.next_try_at),
        settled_at: stored.settled_at,
    }
}

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/outbox/{message}/retry", tag = "people",
    params(("id" = OrganisationId, Path), ("message" = MessageId, Path)),
    responses(
        (status = 204, description = "It is tried again at once"),
        (status = 400, description = "It is not one that was laid aside", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn retry(
    app: Data<App>,
    signed_in: SignedIn,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (id, message) = path.into_inner();
    to_operate(&app, &signed_in, &id).await?;
    let message: MessageId = message.parse().or(Err(Failure::NotFound))?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    app.db
        .write(move |connection| {
            if !outbox::try_again(connection, message, now)? {
                return Err(Failure::BadRequest(
                    "Only a message that was laid aside can be tried again.".to_owned(),
                ));
            }
            let entity = AuditEntity {
                kind: "message",
                id: *message.as_bytes(),
            };
            desk.note(
                connection,
                "message_tried_again",
                AuditAction::Update,
                entity,
                json!({}),
            )
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the demo would have mailed, youngest first. Anyone may read it there, as anyone may be anyone.
async fn demo_page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let (Some(_), Carrier::Folder(folder)) = (app.demo_people(), &app.carrier) else {
        return Err(Failure::NotFound);
    };
    let folder = folder.clone();
    let letters = actix_web::web::block(move || letters(&folder))
        .await
        .map_err(|stopped| Failure::Internal {
            step: "read the demo’s outbox",
            source: stopped.into(),
        })?;
    Ok(shell::page(page(
        &Look::of(&app, request.query_string()),
        &letters,
    )))
}

struct Letter {
    to: String,
    subject: String,
    text: String,
    written: SystemTime,
}

fn letters(folder: &FilePath) -> Vec<Letter> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut letters: Vec<Letter> = files
        .filter_map(|file| {
            let written = file.metadata().ok()?.modified().ok()?;
            let text = fs::read_to_string(file.path()).ok()?;
            let (head, body) = text.split_once("\n\n")?;
            let line = |name: &str| {
                head.lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap_or_default()
            };
            Some(Letter {
                to: line("To: ").to_owned(),
                subject: line("Subject: ").to_owned(),
                text: body.trim_end().to_owned(),
                written,
            })
        })
        .collect();
    letters.sort_by_key(|letter| std::cmp::Reverse(letter.written));
    letters
}

fn page(look: &Look, letters: &[Letter]) -> Markup {
    look.page("Mail of this demo · Fleetward", "Skip to the mail", &html! {
        header.gate-top {
            (super::join::brand())
            span.chip.watch { "Demo" }
            div.end { a.button.quiet href="/sign-in" { "Demo people" } }
        }
        main.letters #main {
            h1 { "Mail of this demo" }
            p.lead { "Outside a demo these messages go to a mail server. Here they are files in the folder " code { "outbox" } ", and nothing leaves this computer." }
            @if letters.is_empty() {
                p.panel.gate-card { "No message yet. Invite somebody as Ruth Adler, Northgate’s administrator, and look again." }
            }
            @for letter in letters {
                article.panel.letter {
                    h2 { (letter.subject) }
                    p.caption { "To " (letter.to) }
                    p.letter-text {
                        @for (number, line) in letter.text.lines().enumerate() {
                            @if number > 0 { br; }
                            @if line.starts_with("http") { a href=(path_of(line)) { (line) } } @else { (line) }
                        }
                    }
                }
            }
        }
        footer.gate-foot { span { "Demo data. No real patient is in here." } }
    })
}

/// The link without its host, so that it opens wherever this page was opened.
fn path_of(link: &str) -> &str {
    link.split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| rest.split_at(at).1))
        .unwrap_or("/")
}

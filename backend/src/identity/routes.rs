//! Signing in and out: as JSON for programs, as a form for browsers without script.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Json, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    identity::{DemoPerson, SessionView, SignIn},
};
use maud::Markup;

use super::{
    browser::Browser,
    ceremonies::Ticket,
    credential_routes, credentials, pages,
    session::{self, SignedIn, Watching, Whoever},
    session_routes,
    sign_in::{self, Opened, SECOND_STEP, Started},
    station_routes,
    step_up::Ways,
    store, way_back,
};
use crate::{
    app::App,
    platform::http::{Cost, Failure, Guard, Routes, body, shell},
};

pub fn routes() -> Routes {
    Routes::new()
        .post("/session", Guard::Public, start)
        .costing(Cost::PASSWORD)
        .get("/session", Guard::SignedIn, current)
        .delete("/session", Guard::Public, end)
        .get("/demo/people", Guard::Public, demo_people)
        .and(credential_routes::routes())
        .and(session_routes::routes())
        .and(station_routes::routes())
}

/// Outside the API: pages and forms.
pub fn page_routes() -> Routes {
    Routes::new()
        .get("/", Guard::Public, home)
        .get("/sign-in", Guard::Public, sign_in_page)
        .post("/sign-in", Guard::Public, sign_in_form)
        .costing(Cost::PASSWORD)
        .post("/sign-in/code", Guard::Public, code_form)
        .costing(Cost::PASSWORD)
        .get("/sign-in/passkey", Guard::Public, passkey_offer)
        .post("/sign-in/passkey/later", Guard::Public, passkey_later)
        .get("/security", Guard::Public, security_page)
        .post("/sign-in/demo", Guard::Public, sign_in_as_demo_person)
        .costing(Cost::PASSWORD)
        .post("/sign-out", Guard::Public, sign_out_form)
}

#[utoipa::path(
    post, path = "/api/v1/session", tag = "identity",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; the cookie comes with the answer", body = SessionView),
        (status = 303, description = "Signed in by a form; the cookie comes with the answer"),
        (status = 401, description = "Name and password don’t go together; or they do, and a code is asked for", body = ErrorBody),
        (status = 429, description = "Too many failures; Retry-After says when", body = ErrorBody)
    )
)]
pub async fn start(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    if body::is_form(&request) {
        return sign_in_form(app, request, payload).await;
    }
    let attempt: SignIn = body::json(&request, payload).await?;
    match sign_in::with_password(&app, attempt, &Browser::of(&request)).await? {
        Opened::Session(started) => session_answer(&app, started).await,
        Opened::CodeNeeded(_) => Err(Failure::SecondFactorRequired),
    }
}

/// The new session and its cookie.
pub(super) async fn session_answer(app: &App, started: Started) -> Result<HttpResponse, Failure> {
    let (session, now) = (started.session, app.clock.now());
    let signed_in = app
        .db
        .read(move |connection| store::sessions::alive_by_id(connection, session, now))
        .await?
        .ok_or(Failure::SignInFailed)?;
    Ok(HttpResponse::Ok()
        .cookie(started.cookie())
        .json(signed_in.view(now)))
}

#[utoipa::path(
    get, path = "/api/v1/session", tag = "identity",
    responses((status = 200, body = SessionView), (status = 401, body = ErrorBody))
)]
pub async fn current(app: Data<App>, Whoever(known): Whoever) -> Json<SessionView> {
    Json(known.view(app.clock.now()))
}

#[utoipa::path(
    delete, path = "/api/v1/session", tag = "identity",
    responses((status = 204, description = "Signed out, also when nobody was signed in"))
)]
pub async fn end(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let gone = sign_in::sign_out(&app, &Browser::of(&request)).await?;
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

#[utoipa::path(
    get, path = "/api/v1/demo/people", tag = "identity",
    responses((status = 200, body = Vec<DemoPerson>), (status = 404, description = "Not a demo", body = ErrorBody))
)]
pub async fn demo_people(app: Data<App>) -> Result<Json<Vec<DemoPerson>>, Failure> {
    let people = app.demo_people().ok_or(Failure::NotFound)?;
    Ok(Json(people.to_vec()))
}

/// Whoever is signed in goes to their own portal, everyone else to the door.
async fn home(request: HttpRequest, watching: Option<Watching>) -> HttpResponse {
    // Whoever was on the way to join goes on there.
    if let (Some(_), Some(path)) = (&watching, way_back::of_request(&request)) {
        let mut response = HttpResponse::SeeOther()
            .insert_header((header::LOCATION, path))
            .finish();
        // A cookie that we just built is always a valid header.
        let _ = response.add_cookie(&way_back::forget());
        return response;
    }
    see_other(match watching {
        Some(Watching(watching)) => pages::portal_path(watching.actor.role),
        None => "/sign-in",
    })
}

async fn sign_in_page(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let look = pages::Look::of(&app, request.query_string());
    shell::page(match app.demo_people() {
        Some(people) if !request.query_string().contains("as=yourself") => pages::demo(&look, people),
        _ => pages::sign_in(&look, "", None),
    })
}

async fn sign_in_form(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let fields = body::form(&request, payload).await?;
    let attempt = SignIn {
        login: field(&fields, "login"),
        password: field(&fields, "password"),
        code: None,
    };
    // The script says so where the browser can keep passkeys; without script nothing is offered.
    let can_keep_passkeys = field(&fields, "passkeys") == "yes";
    let login = attempt.login.clone();
    match sign_in::with_password(&app, attempt, &Browser::of(&request)).await {
        Ok(Opened::Session(started)) => {
            let offer = can_keep_passkeys && wants_an_offer(&app, &started).await?;
            Ok(at_home(&started, if offer { "/sign-in/passkey" } else { "/" }))
        }
        Ok(Opened::CodeNeeded(step)) => {
            let ticket = sign_in::await_code(&app, step);
            let look = pages::Look::of(&app, request.query_string());
            let mut response = shell::page(pages::code(&look, None));
            // A cookie that we just built is always a valid header.
            let _ = response.add_cookie(&ticket.cookie());
            Ok(response)
        }
        Err(failure @ (Failure::SignInFailed | Failure::SlowedDown(_))) => {
            let look = pages::Look::of(&app, request.query_string());
            Ok(refused(&failure, pages::sign_in(&look, &login, Some(&failure))))
        }
        Err(other) => Err(other),
    }
}

/// The second page of a sign-in with password and code.
async fn code_form(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let fields = body::form(&request, payload).await?;
    let Some(ticket) = Ticket::of_request(SECOND_STEP, &request) else {
        return Ok(see_other("/sign-in"));
    };
    let code = field(&fields, "code");
    match sign_in::with_awaited_code(&app, &ticket, &code, &Browser::of(&request)).await {
        Ok(started) => {
            let mut response = at_home(&started, "/");
            let _ = response.add_cookie(&Ticket::no_cookie(SECOND_STEP));
            Ok(response)
        }
        Err(Failure::SignInRequired) => Ok(see_other("/sign-in")),
        Err(failure @ (Failure::ProofFailed | Failure::SlowedDown(_))) => {
            let look = pages::Look::of(&app, request.query_string());
            Ok(refused(&failure, pages::code(&look, Some(&failure))))
        }
        Err(other) => Err(other),
    }
}

/// Someone without a passkey who was not asked lately.
async fn wants_an_offer(app: &App, started: &Started) -> Result<bool, Failure> {
    const LATER: Duration = Duration::from_secs(30 * 24 * 3_600);
    let (person, now) = (started.person, app.clock.now());
    app.db
        .read(move |connection| {
            let declined = store::people::passkey_declined_at(connection, person)?;
            let lately = declined.is_some_and(|at| now.since(at) < LATER);
            Ok(!lately && store::passkeys::of_person(connection, person)?.is_empty())
        })
        .await
}

/// Offered after a good password, never before.
async fn passkey_offer(
    app: Data<App>,
    request: HttpRequest,
    signed_in: Option<SignedIn>,
) -> Result<HttpResponse, Failure> {
    let Some(signed_in) = signed_in else {
        return Ok(see_other("/sign-in"));
    };
    let ways = Ways::of(&app, &signed_in).await?;
    if ways.factor.is_some() {
        // A code is asked for first, and that is what the security page does.
        return Ok(see_other("/security"));
    }
    let look = pages::Look::of(&app, request.query_string());
    Ok(shell::page(pages::passkey_offer(&look, &signed_in.name)))
}

async fn passkey_later(app: Data<App>, signed_in: Option<SignedIn>) -> Result<HttpResponse, Failure> {
    if let Some(signed_in) = signed_in {
        credentials::decline_passkey(&app, &signed_in).await?;
    }
    Ok(see_other("/"))
}

/// The same page in every portal: the one of the person's role serves it.
async fn security_page(app: Data<App>, signed_in: Option<SignedIn>) -> Result<HttpResponse, Failure> {
    let Some(signed_in) = signed_in else {
        return Ok(see_other("/sign-in"));
    };
    shell::shell(&app.portal, signed_in.actor.role.portal())
        .map(shell::page)
        .ok_or(Failure::NotFound)
}

async fn sign_in_as_demo_person(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let people = app.demo_people().ok_or(Failure::NotFound)?;
    let fields = body::form(&request, payload).await?;
    let wanted = field(&fields, "person");
    let person = people
        .iter()
        .find(|person| person.login == wanted)
        .ok_or(Failure::NotFound)?;
    let attempt = SignIn {
        login: person.login.clone(),
        password: person.password.clone(),
        code: None,
    };
    match sign_in::with_password(&app, attempt, &Browser::of(&request)).await {
        Ok(Opened::Session(started)) => Ok(at_home(&started, "/")),
        // Someone tried the demo's own security page; its person now needs what they set up.
        Ok(Opened::CodeNeeded(_)) | Err(Failure::SignInFailed) => Ok(see_other("/sign-in?as=yourself")),
        Err(failure @ Failure::SlowedDown(_)) => {
            let look = pages::Look::of(&app, request.query_string());
            Ok(refused(
                &failure,
                pages::sign_in(&look, &person.login, Some(&failure)),
            ))
        }
        Err(other) => Err(other),
    }
}

fn field(fields: &[(String, String)], wanted: &str) -> String {
    fields
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}

fn at_home(started: &Started, path: &'static str) -> HttpResponse {
    let mut response = see_other(path);
    // A cookie that we just built is always a valid header.
    let _ = response.add_cookie(&started.cookie());
    response
}

/// A page that says what failed, with the failure's status.
fn refused(failure: &Failure, page: Markup) -> HttpResponse {
    let mut response = shell::page(page);
    *response.status_mut() = actix_web::ResponseError::status_code(failure);
    if let Some(wait) = failure.retry_after() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from(wait));
    }
    response
}

async fn sign_out_form(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let gone = sign_in::sign_out(&app, &Browser::of(&request)).await?;
    // A ward's screen goes on as one.
    let mut response = see_other(if gone.name() == session::ACTING_COOKIE {
        "/ward"
    } else {
        "/sign-in"
    });
    let _ = response.add_cookie(&gone);
    Ok(response)
}

fn see_other(path: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .finish()
}

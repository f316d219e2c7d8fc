//! Signing in and out: as JSON for programs, as a form for browsers without script.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Json, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    identity::{DemoPerson, SessionView, SignIn},
};

use super::{
    browser::Browser,
    pages,
    session::{self, SignedIn, Watching},
    session_routes, sign_in, station_routes,
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
        .post("/sign-in/demo", Guard::Public, sign_in_as_demo_person)
        .costing(Cost::PASSWORD)
        .post("/sign-out", Guard::Public, sign_out_form)
}

#[utoipa::path(
    post, path = "/api/v1/session", tag = "identity",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; the cookie comes with the answer", body = SessionView),
        (status = 401, description = "Name and password don’t go together", body = ErrorBody),
        (status = 429, description = "Too many failures; Retry-After says when", body = ErrorBody)
    )
)]
pub async fn start(app: Data<App>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let attempt: SignIn = body::json(&request, payload).await?;
    let started = sign_in::with_password(&app, attempt, &Browser::of(&request)).await?;
    let now = app.clock.now();
    let session = started.session;
    let signed_in = app
        .db
        .read(move |connection| super::store::sessions::alive_by_id(connection, session, now))
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
pub async fn current(
    app: Data<App>,
    person: Option<SignedIn>,
    Watching(watching): Watching,
) -> Json<SessionView> {
    Json(person.unwrap_or(watching).view(app.clock.now()))
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
async fn home(watching: Option<Watching>) -> HttpResponse {
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
    let field = |wanted: &str| {
        fields
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let attempt = SignIn {
        login: field("name"),
        password: field("password"),
    };
    answer_form(&app, &request, attempt).await
}

async fn sign_in_as_demo_person(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let people = app.demo_people().ok_or(Failure::NotFound)?;
    let fields = body::form(&request, payload).await?;
    let person = fields
        .iter()
        .find(|(name, _)| name == "person")
        .and_then(|(_, login)| people.iter().find(|person| person.login == *login))
        .ok_or(Failure::NotFound)?;
    let attempt = SignIn {
        login: person.login.clone(),
        password: person.password.clone(),
    };
    answer_form(&app, &request, attempt).await
}

async fn answer_form(
    app: &Data<App>,
    request: &HttpRequest,
    attempt: SignIn,
) -> Result<HttpResponse, Failure> {
    let login = attempt.login.clone();
    match sign_in::with_password(app, attempt, &Browser::of(request)).await {
        Ok(started) => {
            let mut response = see_other("/");
            // A cookie that we just built is always a valid header.
            let _ = response.add_cookie(&started.cookie());
            Ok(response)
        }
        Err(failure @ (Failure::SignInFailed | Failure::SlowedDown(_))) => {
            let look = pages::Look::of(app, request.query_string());
            let page = pages::sign_in(&look, &login, Some(&failure));
            let mut response = shell::page(page);
            *response.status_mut() = actix_web::ResponseError::status_code(&failure);
            if let Some(wait) = failure.retry_after() {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, header::HeaderValue::from(wait));
            }
            Ok(response)
        }
        Err(other) => Err(other),
    }
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

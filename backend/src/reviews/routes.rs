//! `/reviews`: the queue, one event, decisions, answers, search, signed copies.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Json, Path, Payload, Query},
};
use fleetward_common::{
    access::{Action, DataClass, Kind},
    error::ErrorBody,
    id::{AccessReviewId, PersonId},
    review::{Decide, GiveAnswer, Question, RecordPage, RecordSearch, ReviewEvent, ReviewQueue},
    time::{Instant, Span},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{
    asked,
    export::{self, Copy, MOST_ENTRIES},
    handling, search,
    store::{queue::Part, record},
};
use crate::{
    access::{AccessReview, DecideReview, Export, Organisation, Permit, Read},
    app::App,
    identity::{SignedIn, step_up},
    platform::http::{Failure, Guard, Routes, body},
};

pub fn routes() -> Routes {
    Routes::new()
        .get(
            "/reviews",
            Guard::Point(Kind::Organisation, Action::ReadAudit),
            list,
        )
        .get("/reviews/asked", Guard::SignedIn, asked)
        .post(
            "/reviews/search",
            Guard::Point(Kind::Organisation, Action::ReadAudit),
            find,
        )
        .get(
            "/reviews/export",
            Guard::Point(Kind::Organisation, Action::Export),
            copy,
        )
        .get(
            "/reviews/{id}",
            Guard::Point(Kind::AccessReview, Action::Read),
            one,
        )
        .post(
            "/reviews/{id}/decisions",
            Guard::Point(Kind::AccessReview, Action::DecideReview),
            decide,
        )
        .post("/reviews/{id}/answer", Guard::SignedIn, answer)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QueueQuery {
    /// `open`, `emergency`, `unexplained`, `waiting` or `second`.
    part: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/reviews", tag = "reviews", params(QueueQuery),
    responses((status = 200, body = ReviewQueue), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub async fn list(
    app: Data<App>,
    signed_in: SignedIn,
    query: Result<Query<QueueQuery>, actix_web::Error>,
) -> Result<Json<ReviewQueue>, Failure> {
    search::permit(&app, &signed_in.actor).await?;
    let query = query.map_err(Failure::bad_request)?.into_inner();
    let unknown = || Failure::BadRequest("There is no such part of the queue.".to_owned());
    let part = match query.part.as_deref() {
        Some(word) => Part::parse(word).ok_or_else(unknown)?,
        None => Part::default(),
    };
    let after = match query.after.as_deref() {
        Some(text) => Some(handling::read_after(text).ok_or_else(unknown)?),
        None => None,
    };
    handling::queue(&app, &signed_in.actor, part, after)
        .await
        .map(Json)
}

#[utoipa::path(
    get, path = "/api/v1/reviews/{id}", tag = "reviews", params(("id" = AccessReviewId, Path)),
    responses((status = 200, body = ReviewEvent), (status = 404, body = ErrorBody))
)]
pub async fn one(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<ReviewEvent>, Failure> {
    let id: AccessReviewId = id.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<AccessReview, Read> = app.access.review(id).permit(&signed_in.actor).await?;
    permit.requires(DataClass::Administrative)?;
    handling::event(&app, &signed_in.actor, permit).await.map(Json)
}

#[utoipa::path(
    post, path = "/api/v1/reviews/{id}/decisions", tag = "reviews",
    params(("id" = AccessReviewId, Path)), request_body = Decide,
    responses(
        (status = 200, description = "As it stands now", body = ReviewEvent),
        (status = 400, body = ErrorBody),
        (status = 403, description = "Not for this role, not now, or the person has to prove themselves first", body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub async fn decide(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<ReviewEvent>, Failure> {
    let id: AccessReviewId = id.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<AccessReview, DecideReview> = app.access.review(id).permit(&signed_in.actor).await?;
    step_up::recent(&signed_in, app.clock.now())?;
    let asked: Decide = body::json(&request, payload).await?;
    handling::decide_one(&app, permit, asked).await?;
    let permit: Permit<AccessReview, Read> = app.access.review(id).permit(&signed_in.actor).await?;
    handling::event(&app, &signed_in.actor, permit).await.map(Json)
}

#[utoipa::path(
    get, path = "/api/v1/reviews/asked", tag = "reviews",
    responses((status = 200, description = "Questions that wait for the signed-in person", body = Vec<Question>))
)]
pub async fn asked(app: Data<App>, signed_in: SignedIn) -> Result<Json<Vec<Question>>, Failure> {
    asked::questions(&app, &signed_in.actor).await.map(Json)
}

#[utoipa::path(
    post, path = "/api/v1/reviews/{id}/answer", tag = "reviews",
    params(("id" = AccessReviewId, Path)), request_body = GiveAnswer,
    responses(
        (status = 204, description = "Answered"), (status = 400, body = ErrorBody),
        (status = 404, description = "Nothing is asked of this person there", body = ErrorBody)
    )
)]
pub async fn answer(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let id: AccessReviewId = id.parse().or(Err(Failure::NotFound))?;
    let given: GiveAnswer = body::json(&request, payload).await?;
    asked::answer(&app, &signed_in.actor, id, &given.answer).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post, path = "/api/v1/reviews/search", tag = "reviews", request_body = RecordSearch,
    responses((status = 200, body = RecordPage), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub async fn find(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<RecordPage>, Failure> {
    let permit = search::permit(&app, &signed_in.actor).await?;
    let asked: RecordSearch = body::json(&request, payload).await?;
    search::search(&app, permit, asked).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Microseconds since 1970.
    from: i64,
    /// Not included.
    until: i64,
}

#[utoipa::path(
    get, path = "/api/v1/reviews/export", tag = "reviews", params(ExportQuery),
    responses(
        (status = 200, description = "JSON lines; the last signs all before it", content_type = "application/x-ndjson", body = String),
        (status = 400, body = ErrorBody),
        (status = 403, description = "Not for this role, or the person has to prove themselves first", body = ErrorBody)
    )
)]
pub async fn copy(
    app: Data<App>,
    signed_in: SignedIn,
    query: Result<Query<ExportQuery>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let query = query.map_err(Failure::bad_request)?;
    let actor = &signed_in.actor;
    let permit: Permit<Organisation, Export> =
        app.access.organisation(actor.organisation).permit(actor).await?;
    step_up::recent(&signed_in, app.clock.now())?;
    let span = Span {
        from: Instant::from_micros(query.from),
        until: Instant::from_micros(query.until),
    };
    // On record first: a copy that leaves is known, even if its reader breaks off.
    let detail = json!({ "from": query.from, "until": query.until });
    handling::looked(&app, actor, "record_exported", None, None, detail).await?;
    let (organisation, chain) = (actor.organisation, app.desk.chain(actor.organisation));
    let (made_at, key) = (app.clock.now().micros(), app.secrets.audit.clone());
    // Written where it is read: fifty thousand lines would keep a worker from everyone else.
    let text = app
        .db
        .read(move |connection| {
            let rows = record::copied(connection, &permit, span, MOST_ENTRIES + 1)?;
            if i64::try_from(rows.len()).is_ok_and(|found| found > MOST_ENTRIES) {
                return Err(Failure::BadRequest(
                    "That is more than 50,000 entries. Take a shorter time.".to_owned(),
                ));
            }
            let people: Vec<PersonId> = rows.iter().filter_map(|row| row.entry.person).collect();
            let copy = Copy {
                organisation,
                organisation_name: &signed_in.organisation_name,
                span,
                made_at,
                made_by: &signed_in.name,
                chain: &chain,
                rows: &rows,
                names: &record::names(connection, &people)?,
            };
            Ok::<_, Failure>(export::write(&copy, &key))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"fleetward-record.jsonl\"",
        ))
        .body(text))
}

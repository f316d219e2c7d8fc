//! `/devices/{id}/history`.

use actix_web::web::{Data, Json, Path, Query};
use fleetward_common::{
    access::{Action, Kind},
    devices::history::History,
    error::ErrorBody,
    id::DeviceId,
    metric::Metric,
    time::{Instant, Span},
};
use serde::Deserialize;

use super::history::{self, MOST_POINTS, Question, USUAL_POINTS};
use crate::{
    app::App,
    identity::SignedIn,
    platform::http::{Failure, Guard, Routes},
};

pub fn routes() -> Routes {
    Routes::new().get(
        "/devices/{id}/history",
        Guard::Point(Kind::Device, Action::ReadHistory),
        device_history,
    )
}

/// What a chart asks for.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// The metric's key: `heart-rate`.
    pub metric: String,
    /// Microseconds since 1970, UTC.
    pub from: i64,
    /// Exclusive.
    pub until: i64,
    /// Every reading when no more than this were made, else the least and greatest of so many buckets.
    pub max_points: Option<usize>,
}

impl HistoryQuery {
    pub fn question(&self) -> Result<Question, Failure> {
        let metric = Metric::by_key(&self.metric)
            .ok_or_else(|| Failure::BadRequest("There is no metric of that name.".to_owned()))?;
        let span = Span {
            from: Instant::from_micros(self.from),
            until: Instant::from_micros(self.until),
        };
        if span.from >= span.until {
            return Err(Failure::BadRequest("A span ends after it begins.".to_owned()));
        }
        Ok(Question {
            metric,
            span,
            most_points: self.max_points.unwrap_or(USUAL_POINTS).clamp(1, MOST_POINTS),
        })
    }
}

#[utoipa::path(
    get, path = "/api/v1/devices/{id}/history", tag = "devices", params(("id" = DeviceId, Path), HistoryQuery),
    responses(
        (status = 200, body = History), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn device_history(
    app: Data<App>,
    signed_in: SignedIn,
    device: Result<Path<DeviceId>, actix_web::Error>,
    query: Result<Query<HistoryQuery>, actix_web::Error>,
) -> Result<Json<History>, Failure> {
    let device = device.or(Err(Failure::NotFound))?.into_inner();
    let question = query.map_err(Failure::bad_request)?.question()?;
    let permit = app
        .access
        .device(device)
        .history(&signed_in.actor, question.metric.class, question.span)
        .await?;
    history::read(&app.twins, &permit, question).await.map(Json)
}

//! `/devices/{id}/history`.

use std::time::Duration;

use actix_web::web::{Data, Json, Path, Query};
use fleetward_common::{
    access::{Action, Kind},
    devices::history::History,
    error::ErrorBody,
    id::DeviceId,
    metric::{METRICS, Metric},
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

/// A history is read a stretch at a time: a span of a thousand years would be read until everybody has
/// left.
const LONGEST: Duration = Duration::from_secs(2 * 366 * 24 * 3_600);

/// What a chart asks for.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// The metric's key: `heart-rate`.
    #[param(schema_with = metric_keys)]
    pub metric: String,
    /// Microseconds since 1970, UTC.
    #[param(minimum = 0)]
    pub from: i64,
    /// Exclusive; at most two years after `from`.
    #[param(minimum = 0)]
    pub until: i64,
    /// Every reading when no more than this were made, else the least and greatest of so many buckets.
    pub max_points: Option<usize>,
}

/// So that a client knows what can be asked for.
fn metric_keys() -> utoipa::openapi::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(METRICS.iter().map(|metric| metric.key)))
        .build()
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
        if span.from < Instant::EPOCH || span.length() > LONGEST {
            return Err(Failure::BadRequest(
                "Ask for two years at most, none of them before 1970.".to_owned(),
            ));
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

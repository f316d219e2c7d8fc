//! Wards and beds.

use fleetward_common::{
    care::{BedView, WardBoard, WardSummary},
    devices::history::History,
    id::{BedId, UnitId},
    metric::Metric,
    time::Span,
};

use super::{
    ApiError,
    client::{get, micros, with_query},
};

pub async fn list() -> Result<Vec<WardSummary>, ApiError> {
    get("wards").await
}

pub async fn board(ward: UnitId) -> Result<WardBoard, ApiError> {
    get(&format!("wards/{ward}")).await
}

pub async fn bed(bed: BedId) -> Result<BedView, ApiError> {
    get(&format!("beds/{bed}")).await
}

/// What was measured at this bed during the present patient's stay.
pub async fn bed_history(
    bed: BedId,
    metric: &Metric,
    span: Span,
    max_points: u32,
) -> Result<History, ApiError> {
    get(&with_query(
        &format!("beds/{bed}/history"),
        &[
            ("metric", Some(metric.key.to_owned())),
            ("from", micros(span.from)),
            ("until", micros(span.until)),
            ("max_points", Some(max_points.to_string())),
        ],
    ))
    .await
}

//! The privacy officers' desk, and questions it asks.

use fleetward_common::{
    id::AccessReviewId,
    review::{Decide, GiveAnswer, Question, RecordPage, RecordSearch, ReviewEvent, ReviewQueue},
    time::Span,
};

use super::{
    ApiError,
    client::{get, get_text, post, tell, with_query},
};

pub async fn queue(part: &str, after: Option<String>) -> Result<ReviewQueue, ApiError> {
    get(&with_query(
        "reviews",
        &[("part", Some(part.to_owned())), ("after", after)],
    ))
    .await
}

pub async fn event(review: AccessReviewId) -> Result<ReviewEvent, ApiError> {
    get(&format!("reviews/{review}")).await
}

pub async fn decide(review: AccessReviewId, decision: &Decide) -> Result<ReviewEvent, ApiError> {
    post(&format!("reviews/{review}/decisions"), decision).await
}

pub async fn search(asked: &RecordSearch) -> Result<RecordPage, ApiError> {
    post("reviews/search", asked).await
}

/// The signed copy, as it is written into a file.
pub async fn signed_copy(span: Span) -> Result<String, ApiError> {
    get_text(&with_query(
        "reviews/export",
        &[
            ("from", Some(span.from.micros().to_string())),
            ("until", Some(span.until.micros().to_string())),
        ],
    ))
    .await
}

/// What the signed-in person is asked.
pub async fn asked() -> Result<Vec<Question>, ApiError> {
    get("reviews/asked").await
}

pub async fn answer(review: AccessReviewId, answer: &GiveAnswer) -> Result<(), ApiError> {
    tell(&format!("reviews/{review}/answer"), answer).await
}

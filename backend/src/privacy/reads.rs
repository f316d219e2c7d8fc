//! Around every request: what it read, or was refused, is recorded before the answer leaves.
//!
//! The only place that records reads. The entry joins the writer's group commit; a call whose own change
//! already left an entry needs none. When the record can't be written the answer is thrown away and a
//! 503 goes out in its place, unless the patient was opened in an emergency.

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use fleetward_common::metric::Metric;
use serde_json::{Map, Value, json};

use super::{
    audit::mac_of,
    trail::{Answer, Trail},
};
use crate::{
    app::App,
    platform::{
        hex,
        http::{asking::Asking, caller},
        secrets::Key,
    },
};

pub async fn recorded<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let about = about(&request, &app.secrets.audit);
    let trail = Trail::default();
    trail.note_about(about.clone());
    let response = trail.scope(next.call(request)).await?;
    if Asking::current().is_some_and(|asking| asking.is_recorded()) {
        return Ok(response.map_into_left_body());
    }
    let answer = Answer::of_status(response.status().as_u16());
    let Some(entry) = trail.entry(app.clock.now(), answer, about) else {
        return Ok(response.map_into_left_body());
    };
    let written = if trail.is_emergency() {
        app.recorder.write_in_emergency(entry).await
    } else {
        app.recorder.write(entry).await
    };
    match written {
        Ok(()) => Ok(response.map_into_left_body()),
        Err(failure) => {
            let (request, _unsent) = response.into_parts();
            Ok(ServiceResponse::new(request, failure.error_response()).map_into_right_body())
        }
    }
}

/// Where the request went and came from. The pattern, not the path: the ids are in columns of their own.
fn about(request: &ServiceRequest, key: &Key) -> Map<String, Value> {
    let mut about = Map::new();
    let route = request.match_pattern().unwrap_or_default();
    about.insert("route".to_owned(), json!(format!("{} {route}", request.method())));
    about.insert(
        "address".to_owned(),
        json!(caller::address(request.request()).to_string()),
    );
    let query = query(request.query_string(), key);
    if !query.is_empty() {
        about.insert("query".to_owned(), Value::Object(query));
    }
    about
}

/// What was asked for. Numbers and names of metrics are kept; any other text could be a patient's name,
/// so a keyed digest stands for it: who suspects a certain search can check for it.
fn query(text: &str, key: &Key) -> Map<String, Value> {
    const PARAMETERS: [&str; 8] = [
        "metric",
        "from",
        "until",
        "max_points",
        "q",
        "state",
        "after",
        "limit",
    ];
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
    let pairs = pairs.map(actix_web::web::Query::into_inner).unwrap_or_default();
    pairs
        .into_iter()
        .filter(|(name, _)| PARAMETERS.contains(&name.as_str()))
        .map(|(name, value)| {
            let plain = value.parse::<i64>().is_ok() || Metric::by_key(&value).is_some();
            let kept = if plain { value } else { blind(key, &value) };
            (name, Value::String(kept))
        })
        .collect()
}

/// Stands for text that must not be readable in the record.
pub fn blind(key: &Key, text: &str) -> String {
    let digest = mac_of(key, &[b"fleetward search", text.trim().to_lowercase().as_bytes()]);
    let (head, _) = digest.split_at(8);
    format!("digest {}", hex::encode(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_keeps_its_numbers_and_hides_its_words() {
        let key = Key::from_bytes([5; 32]);
        let kept = query("metric=heart-rate&from=17&q=Novak&surname=Novak", &key);
        assert_eq!(kept["metric"], "heart-rate");
        assert_eq!(kept["from"], "17");
        assert_eq!(kept["q"], Value::String(blind(&key, " NOVAK ")));
        assert!(!Value::Object(kept).to_string().to_lowercase().contains("novak"));
    }
}

//! A row that is hidden can't be told from one that was never there: not by the body, not by the number
//! of statements it costs.

use fleetward::{platform::http::Guard, routes};
use fleetward_common::{
    access::Kind,
    care::{Occupancy, WardBoard},
};
use reqwest::Method;

use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal, people::Answer},
};

/// An id that was never given out.
const NOBODY: &str = "01a210c5-5112-7104-b13e-c0bb40cd1635";

/// The answer to this request, and how many statements the server ran for it.
async fn asked(
    portal: &Portal,
    person: &Person<'_>,
    method: &Method,
    pattern: &str,
    id: &str,
) -> (Answer, u64) {
    let mut path = pattern.replace("{id}", id);
    if path.ends_with("/history") {
        path.push_str("?metric=heart-rate&from=0&until=1000000&max_points=10");
    }
    let before = portal.app.http.so_far(method.as_str(), pattern, 404);
    let mut request = person.request(method.clone(), &path);
    if *method != Method::GET {
        request = request.json(&serde_json::json!({}));
    }
    let answer = person.send(request).await;
    assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
    let after = portal.app.http.so_far(method.as_str(), pattern, 404);
    assert_eq!(after.0 - before.0, 1, "{method} {pattern}");
    (answer, after.1 - before.1)
}

fn hidden_row(board: &WardBoard, kind: Kind) -> Option<String> {
    let bed = &board.beds[6];
    match (kind, &bed.occupancy) {
        (Kind::Unit, _) => Some(board.ward.id.to_string()),
        (Kind::Bed, _) => Some(bed.id.to_string()),
        (Kind::Device, _) => Some(bed.devices[0].device.to_string()),
        (
            Kind::Patient,
            Occupancy::Occupied {
                patient: Some(patient),
                ..
            },
        ) => Some(patient.to_string()),
        _ => None,
    }
}

on_both_engines! {
    async fn hidden_and_absent_are_one_answer_at_one_price(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ivo = portal.sign_in("ivo.lang").await;
        let mut compared = 0;
        for route in routes::declared() {
            let Guard::Point(kind, _) = route.guard else { continue };
            let Some(hidden) = hidden_row(&board, kind).filter(|_| route.path.contains("{id}")) else { continue };
            let method: Method = route.method.as_str().parse().unwrap();
            let (absent, absent_cost) = asked(&portal, &ivo, &method, &route.path, NOBODY).await;
            let (hidden, hidden_cost) = asked(&portal, &ivo, &method, &route.path, &hidden).await;
            assert_eq!(hidden.text, absent.text, "{method} {}", route.path);
            assert_eq!(hidden_cost, absent_cost, "{method} {}: statements", route.path);
            assert!(absent_cost > 0, "the counter counts");
            compared += 1;
        }
        println!("{compared} routes, hidden and absent alike");
        assert!(compared >= 6);
    }

    async fn what_is_seen_and_refused_says_who_can_help(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let patient = hidden_row(&board, Kind::Patient).unwrap();
        let monitor = hidden_row(&board, Kind::Device).unwrap();
        let body = serde_json::json!({ "bed": board.beds[7].id });
        let refused = rashida.post(&format!("/api/v1/patients/{patient}/transfer"), &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("charge nurse"), "{}", refused.text);

        let ben = portal.sign_in("ben.fischer").await;
        let history = format!("/api/v1/devices/{monitor}/history?metric=heart-rate&from=0&until=1000000&max_points=10");
        let refused = ben.get(&history).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("biomedical engineer"), "{}", refused.text);

        let refused = rashida.get("/api/v1/policy").await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("administrator"), "{}", refused.text);
    }
}

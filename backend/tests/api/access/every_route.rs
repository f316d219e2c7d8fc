//! Tries every route there is as a stranger, and every row as someone out of reach.

use fleetward::{platform::http::Guard, routes};

use reqwest::Method;

use super::NOBODY;
use crate::{on_both_engines, support::Portal};

fn filled(path: &str) -> String {
    path.replace("{id}", NOBODY)
        .replace("{name}", "nothing.js")
        .replace("{rest:.*}", "anything")
}

on_both_engines! {
    async fn no_route_answers_a_stranger_with_more_than_a_door(portal: Portal) {
        let stranger = portal.stranger();
        for route in routes::declared() {
            if route.guard == Guard::Public {
                continue;
            }
            let request = stranger.request(route.method.as_str().parse().unwrap(), &filled(&route.path));
            let answer = stranger.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "sign_in_required"), "{} {}", route.method, route.path);
        }
    }

    async fn an_id_that_was_never_given_out_is_the_same_404_everywhere(portal: Portal) {
        for login in ["rashida.amadi", "ben.fischer", "alan.reed", "nils.berg"] {
            let person = portal.sign_in(login).await;
            let mut bodies = Vec::new();
            for route in routes::declared() {
                if !matches!(route.guard, Guard::Point(..)) || !route.path.contains('{') {
                    continue;
                }
                let mut path = filled(&route.path);
                if path.ends_with("/history") {
                    path.push_str("?metric=heart-rate&from=0&until=1000000&max_points=10");
                }
                let method: Method = route.method.as_str().parse().unwrap();
                let mut request = person.request(method.clone(), &path);
                if method != Method::GET {
                    request = request.json(&serde_json::json!({}));
                }
                let answer = person.send(request).await;
                assert_eq!(answer.status, 404, "{login} {path}: {}", answer.text);
                bodies.push(answer.text);
            }
            bodies.dedup();
            assert_eq!(bodies.len(), 1, "{bodies:?}");
        }
    }

    async fn what_holds_nobodys_data_is_all_that_is_public(portal: Portal) {
        drop(portal);
        let public: Vec<String> = routes::declared()
            .into_iter()
            .filter(|route| route.guard == Guard::Public && route.path.starts_with("/api/"))
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        assert_eq!(
            public,
            ["POST /api/v1/session", "DELETE /api/v1/session", "GET /api/v1/demo/people", "POST /api/v1/session/passkey/options", "POST /api/v1/session/passkey", "GET /api/openapi.json"]
        );
    }
}

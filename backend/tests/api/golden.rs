//! Files that a reviewer reads: who may what, which routes there are, what the API promises. They
//! change only on purpose: `BLESS=1` writes them anew.

use std::{collections::BTreeMap, env, fmt::Write, fs, path::PathBuf};

use fleetward::{
    access::{
        actor::usual_purpose,
        policy::{Effect, Policy, Rule},
        relations::Relation,
    },
    ops,
    platform::http::Lane,
    routes,
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Role},
    error::ErrorCode,
};

/// Compares `text` with the committed file.
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        committed == text,
        "{name} differs, first at line {:?}; if that is meant, run this test with BLESS=1 and read the diff",
        differs.map(|line| line + 1)
    );
}

#[tokio::test]
async fn the_policy_table_is_the_one_that_was_reviewed() {
    let policy = Policy::built_in().await.unwrap();
    let mut text = String::from(
        "# Generated from backend/src/access/policy.csv: who may do what, and by which relation.\n\
         # \"never\" is a deny that beats every allow. What is not listed is refused.\n",
    );
    for role in Role::ALL {
        let purpose = usual_purpose(*role);
        let rules: Vec<&Rule> = policy.rules().iter().filter(|rule| rule.role == *role).collect();
        writeln!(text, "\n{role}, for {}", purpose.as_str()).unwrap();
        if rules.is_empty() {
            text.push_str("  nothing\n");
        }
        for kind in Kind::ALL {
            for class in DataClass::ALL {
                for action in Action::ALL {
                    let words = relations(&rules, *kind, *class, *action);
                    if !words.is_empty() {
                        let (kind, class, action) = (kind.as_str(), class.as_str(), action.as_str());
                        writeln!(text, "  {kind:<14}{class:<15}{action:<16}{}", words.join(", ")).unwrap();
                    }
                }
            }
        }
    }
    golden("policy_table.txt", &text);
}

fn relations(rules: &[&Rule], kind: Kind, class: DataClass, action: Action) -> Vec<String> {
    let mut by_relation: BTreeMap<Relation, Vec<String>> = BTreeMap::new();
    for rule in rules {
        if (rule.kind, rule.class, rule.action) == (kind, class, action) {
            let word = match (rule.effect, rule.purpose) {
                (Effect::Deny, None) => format!("never ({})", rule.relation.as_str()),
                (Effect::Deny, Some(purpose)) => {
                    format!("never ({}, {})", rule.relation.as_str(), purpose.as_str())
                }
                (Effect::Allow, Some(purpose)) if purpose == usual_purpose(rule.role) => {
                    rule.relation.as_str().to_owned()
                }
                (Effect::Allow, purpose) => {
                    format!(
                        "{} for {}",
                        rule.relation.as_str(),
                        purpose.map_or("any", |purpose| purpose.as_str())
                    )
                }
            };
            by_relation.entry(rule.relation).or_default().push(word);
        }
    }
    by_relation.into_values().flatten().collect()
}

#[test]
fn the_routes_are_the_ones_that_were_reviewed() {
    let mut lines: Vec<String> = routes::declared()
        .into_iter()
        .map(|route| {
            let room = match route.lane {
                Lane::Usual => "",
                Lane::Reserved => " reserved",
            };
            let (method, cost) = (route.method.as_str(), route.cost.units());
            format!(
                "{method:<7}{:<39} {:<31} {cost:>3}{room}",
                route.path,
                route.guard.to_string()
            )
        })
        .collect();
    lines.sort_by_key(|line| line[7..].to_owned());
    let head = "# Generated: every route of the portal's port, what guards it, what it costs, and whether room is kept for it.\n";
    golden("routes.txt", &format!("{head}{}\n", lines.join("\n")));
}

#[test]
fn the_api_description_is_the_one_that_was_reviewed() {
    let document = ops::openapi::document();
    golden(
        "openapi.json",
        &format!("{}\n", document.to_pretty_json().unwrap()),
    );
}

#[test]
fn every_api_route_is_described() {
    let document = serde_json::to_value(ops::openapi::document()).unwrap();
    for route in routes::declared() {
        if !route.path.starts_with("/api/") {
            continue;
        }
        let method = route.method.as_str().to_lowercase();
        let described = &document["paths"][&route.path][&method];
        assert!(
            described.is_object(),
            "{method} {} is not in openapi.json",
            route.path
        );
    }
}

#[test]
fn every_parameter_said_to_be_in_the_path_is_there() {
    let document = serde_json::to_value(ops::openapi::document()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations
            .as_object()
            .unwrap()
            .values()
            .filter_map(|operation| operation["parameters"].as_array())
            .flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            let name = parameter["name"].as_str().unwrap();
            assert!(path.contains(&format!("{{{name}}}")), "{name} is not in {path}");
        }
    }
}

#[test]
fn the_error_codes_are_the_ones_that_were_reviewed() {
    let mut text = String::from("# Generated: every code an answer can carry, with its status.\n");
    for code in ErrorCode::ALL {
        let word = serde_json::to_value(code).unwrap();
        writeln!(text, "{} {}", code.status(), word.as_str().unwrap()).unwrap();
    }
    golden("error_codes.txt", &text);
}

//! Everybody against everything: each role, each way to stand to a row, each route and each topic, held
//! against a table that a person wrote (`who.txt`) and a map that a person wrote (`routes.txt`).

mod map;
mod table;
mod who;
mod world;

use std::collections::BTreeSet;

use fleetward::{
    identity::Hashing,
    platform::http::{Failure, Guard, budget::Limits},
    routes,
};
use fleetward_common::{
    access::{DataClass, Kind, Role},
    live::{LiveMessage, Topic},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    on_both_engines,
    support::{Person, Portal, people::Answer, portal::Options, tab::Tab},
};
use map::{ListRoute, Map, Mapped, RowRoute};
use who::{Tie, Who};
use world::{Someone, Target, World};

/// An id that was never given out.
const NOBODY: &str = "01a210c5-5112-7104-b13e-c0bb40cd1635";
const PASSWORD: &str = "correct horse battery staple";

async fn make_world(portal: &Portal) -> World {
    let phc = Hashing::new().unwrap().hash(PASSWORD.to_owned()).await.unwrap();
    let keys = portal.app.keys.clone();
    let build = portal
        .app
        .db
        .write(move |connection| world::build(connection, &keys, &phc));
    let built: Result<_, Failure> = build.await;
    built.unwrap()
}

async fn signed_in<'a>(portal: &'a Portal, someone: &Someone) -> Person<'a> {
    let body = json!({ "login": someone.login, "password": PASSWORD });
    let answer = portal.stranger().post("/api/v1/session", &body).await;
    assert_eq!(answer.status, 200, "{}: {}", someone.login, answer.text);
    Person::new(portal, Some(answer.session_cookie().expect("a session cookie")))
}

/// Rows of this kind, and the one that only this person has: their own membership.
fn rows_of(world: &World, someone: &Someone, kind: Kind) -> Vec<Target> {
    let mut rows: Vec<Target> = world
        .targets
        .iter()
        .filter(|row| row.kind == kind)
        .cloned()
        .collect();
    if kind == Kind::Membership {
        rows.push(Target {
            kind,
            id: someone.membership.to_string(),
            ties: vec![Tie::named("house"), Tie::named("oneself")],
        });
    }
    rows
}

/// Everybody else of this world who works in the same house: patients, their families and the ward's
/// screens have an account there and are nobody's colleagues.
fn colleagues(world: &World, someone: &Someone) -> Vec<Target> {
    world
        .people
        .iter()
        .filter(|other| other.membership != someone.membership)
        .filter(|other| !matches!(other.role, Role::Patient | Role::Proxy | Role::WardStation))
        .map(|other| Target {
            kind: Kind::Membership,
            id: other.membership.to_string(),
            ties: vec![Tie::named("house")],
        })
        .collect()
}

async fn ask(person: &Person<'_>, method: &str, pattern: &str, id: &str, body: &str) -> Answer {
    let mut path = pattern
        .replace("{id}", id)
        .replace("{message}", NOBODY)
        .replace("{alarm}", NOBODY)
        .replace("{grant}", NOBODY);
    if path.ends_with("/history") {
        path.push_str("?metric=heart-rate&from=0&until=1000000&max_points=10");
    }
    if path.ends_with("/export") {
        path.push_str("?from=0&until=1000000");
    }
    let method: Method = method.parse().unwrap();
    let mut request = person.request(method.clone(), &path);
    if method != Method::GET {
        let body = body.replace("{id}", id);
        request = request.header("content-type", "application/json").body(body);
    }
    person.send(request).await
}

/// What the table says a row's route answers.
fn expected(who: &Who, someone: &Someone, route: &RowRoute, ties: &[Tie]) -> (u16, Vec<DataClass>) {
    let given: Vec<DataClass> = route
        .parts
        .iter()
        .map(|part| part.class)
        .filter(|class| who.gives(someone.role, route.kind, *class, route.letter, ties))
        .collect();
    let status = match (given.is_empty(), who.sees(someone.role, route.kind, ties)) {
        (false, _) => 200,
        (true, true) => 403,
        (true, false) => 404,
    };
    (status, given)
}

fn check_row(who: &Who, someone: &Someone, route: &RowRoute, row: &Target, told: &str, answer: &Answer) {
    let (status, given) = expected(who, someone, route, &row.ties);
    let told = format!("{} {told} {:?}: {}", someone.role, row.ties, answer.text);
    if status != 200 {
        assert_eq!(answer.status, status, "{told}");
        return;
    }
    assert_eq!(answer.status, 200, "{told}");
    for part in &route.parts {
        let Some(pointer) = &part.pointer else { continue };
        let found = answer
            .json()
            .pointer(pointer)
            .is_some_and(|value| !value.is_null());
        assert_eq!(found, given.contains(&part.class), "{}: {told}", part.class);
    }
}

fn check_list(who: &Who, someone: &Someone, route: &ListRoute, rows: &[Target], told: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{} {told}: {}", someone.role, answer.text);
    let allowed: BTreeSet<String> = rows
        .iter()
        .filter(|row| who.gives(someone.role, route.kind, route.class, route.letter, &row.ties))
        .map(|row| row.id.clone())
        .collect();
    let json = answer.json();
    match &route.pointer {
        None => assert_eq!(json["total"], allowed.len(), "{} {told}", someone.role),
        Some(pointer) => {
            let items = json
                .get("items")
                .unwrap_or(&json)
                .as_array()
                .expect("a list")
                .clone();
            let id = |item: &Value| item.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let listed: BTreeSet<String> = items.iter().filter_map(id).collect();
            assert_eq!(listed, allowed, "{} {told}", someone.role);
        }
    }
}

async fn check_topics(
    who: &Who,
    map: &Map,
    portal: &Portal,
    world: &World,
    someone: &Someone,
    person: &Person<'_>,
) -> usize {
    let mut asked = 0;
    for of in &map.topics {
        if of.name == topic_name(Topic::Fleet) {
            check_fleet(who, of, portal, world, someone, person).await;
            asked += 1;
            continue;
        }
        for row in rows_of(world, someone, of.kind) {
            // A tab may watch only so many topics: one each.
            let mut tab = Tab::open(portal, person).await;
            let topic = match of.name.as_str() {
                "ward" => Topic::Ward(row.id.parse().unwrap()),
                "alarms" => Topic::Alarms(row.id.parse().unwrap()),
                "device" => Topic::Device(row.id.parse().unwrap()),
                "patient" => Topic::Patient(row.id.parse().unwrap()),
                other => panic!("no such topic: {other}"),
            };
            let may = of
                .classes
                .iter()
                .any(|class| who.gives(someone.role, of.kind, *class, 'R', &row.ties));
            let heard = tab.subscribe(topic).await;
            let opened = matches!(heard, LiveMessage::Subscribed { .. });
            assert_eq!(opened, may, "{} {topic} {:?}: {heard:?}", someone.role, row.ties);
            asked += 1;
        }
    }
    asked
}

/// As `routes.txt` calls it. A new topic has to be named here, and then be put into the map.
const fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Ward(_) => "ward",
        Topic::Alarms(_) => "alarms",
        Topic::Device(_) => "device",
        Topic::Patient(_) => "patient",
        Topic::Fleet => "fleet",
    }
}

/// The topic that everybody may open carries to each what is theirs.
async fn check_fleet(
    who: &Who,
    of: &map::LiveTopic,
    portal: &Portal,
    world: &World,
    someone: &Someone,
    person: &Person<'_>,
) {
    let scope = portal
        .app
        .access
        .scope(&person.actor().await, Topic::Fleet)
        .await
        .unwrap();
    let carried: BTreeSet<String> = scope.devices.keys().map(ToString::to_string).collect();
    let allowed: BTreeSet<String> = rows_of(world, someone, of.kind)
        .iter()
        .filter(|row| {
            let gives = |class: &DataClass| who.gives(someone.role, of.kind, *class, 'R', &row.ties);
            of.classes.iter().any(gives)
        })
        .map(|row| row.id.clone())
        .collect();
    assert_eq!(carried, allowed, "{} fleet", someone.role);
}

#[test]
fn every_topic_is_in_the_map() {
    let id = fleetward_common::id::UnitId::from_bytes([0; 16]);
    let topics = [
        Topic::Ward(id),
        Topic::Alarms(id),
        Topic::Device(fleetward_common::id::DeviceId::from_bytes([0; 16])),
        Topic::Patient(fleetward_common::id::PatientId::from_bytes([0; 16])),
        Topic::Fleet,
    ];
    let mapped: Vec<String> = Map::read().topics.into_iter().map(|topic| topic.name).collect();
    for topic in topics {
        assert!(
            mapped.iter().any(|name| name == topic_name(topic)),
            "{topic} is not in the map"
        );
    }
}

#[test]
fn every_route_is_in_the_map_and_every_line_of_the_map_is_a_route() {
    let mapped: BTreeSet<(String, String)> = Map::read()
        .routes
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let served: BTreeSet<(String, String)> = routes::declared()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/"))
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    let missing: Vec<_> = served.difference(&mapped).collect();
    let gone: Vec<_> = mapped.difference(&served).collect();
    assert!(missing.is_empty(), "not in access/matrix/routes.txt: {missing:?}");
    assert!(
        gone.is_empty(),
        "in access/matrix/routes.txt, but not served: {gone:?}"
    );
}

#[test]
fn the_map_and_the_routes_say_the_same_guard() {
    let declared = routes::declared();
    for (method, path, mapped) in Map::read().routes {
        let route = declared
            .iter()
            .find(|route| (route.method.as_str(), route.path.as_str()) == (method.as_str(), path.as_str()));
        let Some(route) = route else { continue };
        let meant = match &mapped {
            Mapped::Row(row) | Mapped::Act(row, _) => Some(Guard::Point(row.kind, map::action(row.letter))),
            Mapped::List(list) => Some(Guard::List(list.kind, map::action(list.letter))),
            Mapped::Told(kind, letter) => Some(Guard::List(*kind, map::action(*letter))),
            Mapped::Gone(_) => None,
            Mapped::Own if path.ends_with("/live") => Some(Guard::Stream),
            Mapped::Own => Some(Guard::SignedIn),
            Mapped::Open => Some(Guard::Public),
        };
        if let Some(meant) = meant {
            assert_eq!(route.guard, meant, "{method} {path}");
        }
    }
}

on_both_engines! {
    async fn everybody_gets_of_everything_what_the_table_says(portal: Portal) {
        // One address asks for more than a hospital does.
        let portal = portal.restarted(Options { limits: Limits::default().times(100), ..Options::default() });
        let (who, map) = (Who::read(), Map::read());
        let world = make_world(&portal).await;
        let mut asked = 0;
        for someone in &world.people {
            let person = signed_in(&portal, someone).await;
            for (method, path, mapped) in &map.routes {
                let told = format!("{method} {path}");
                match mapped {
                    Mapped::Row(route) => {
                        let mut rows = rows_of(&world, someone, route.kind);
                        if !path.contains('{') {
                            // About the person's own organisation.
                            rows.retain(|row| row.ties == [Tie::named("house")]);
                        }
                        for row in rows {
                            let answer = ask(&person, method, path, &row.id, "").await;
                            check_row(&who, someone, route, &row, &told, &answer);
                            asked += 1;
                        }
                    }
                    Mapped::Act(route, body) => {
                        let mut rows = rows_of(&world, someone, route.kind);
                        if !path.contains('{') && !body.contains("{id}") {
                            rows.retain(|row| row.ties == [Tie::named("house")]);
                        }
                        for row in rows {
                            if expected(&who, someone, route, &row.ties).0 == 200 {
                                continue;
                            }
                            let answer = ask(&person, method, path, &row.id, body).await;
                            check_row(&who, someone, route, &row, &told, &answer);
                            asked += 1;
                        }
                    }
                    Mapped::Gone(body) => {
                        let answer = ask(&person, method, path, NOBODY, body).await;
                        assert!(matches!(answer.status, 403 | 404), "{} {told}: {}", someone.role, answer.text);
                        asked += 1;
                    }
                    Mapped::List(route) => {
                        let mut rows = rows_of(&world, someone, route.kind);
                        if route.kind == Kind::Membership {
                            rows.extend(colleagues(&world, someone));
                        }
                        let answer = ask(&person, method, path, "", "").await;
                        check_list(&who, someone, route, &rows, &told, &answer);
                        asked += 1;
                    }
                    Mapped::Told(..) | Mapped::Own | Mapped::Open => {}
                }
            }
            asked += check_topics(&who, &map, &portal, &world, someone, &person).await;
        }
        println!("{asked} questions of {} people over routes and topics", world.people.len());
        assert!(asked > 1_000);
    }
}

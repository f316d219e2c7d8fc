//! Everybody against everything: each role, each way to stand to a row, each route and each topic, held
//! against a table that a person wrote (`who.txt`) and a map that a person wrote (`routes.txt`). The table
//! is held against the policy too, without any route (`policy.rs`).

mod asking;
mod map;
mod policy;
mod topics;
mod who;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use fleetward::{
    identity::Hashing,
    platform::http::{Failure, Guard, budget::Limits},
    routes,
};
use fleetward_common::access::{Kind, Role};

use crate::{
    on_both_engines,
    support::{Person, Portal, portal::Options},
};
use asking::{PASSWORD, Told, ask, membership, only_the_house, rows_of, signed_in};
use map::{Map, Mapped, RowRoute};
use who::{Tie, Who};
use world::{Someone, Target, World, ties};

async fn make_world(portal: &Portal) -> World {
    let phc = Hashing::new().unwrap().hash(PASSWORD.to_owned()).await.unwrap();
    let keys = portal.app.keys.clone();
    let build = portal
        .app
        .db
        .write(move |connection| world::build(connection, &keys, &phc));
    let built: Result<_, Failure> = build.await;
    let mut world = built.unwrap();
    ties::make(portal, &mut world).await;
    world
}

/// Everybody else of this world who works in the same house: patients, their families and the ward's
/// screens have an account there and are nobody's colleagues.
fn colleagues(world: &World, someone: &Someone) -> Vec<Target> {
    world
        .people
        .iter()
        .filter(|other| other.membership != someone.membership)
        .filter(|other| !matches!(other.role, Role::Patient | Role::Proxy | Role::WardStation))
        .map(|other| other.membership)
        .chain([world.colleague])
        .map(|other| membership(other, &["house"]))
        .collect()
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
        let of = |row: &RowRoute| (row.kind, map::action(row.letter));
        let meant = match &mapped {
            // The session says whose row it is; the permit is asked for all the same.
            _ if path.starts_with("/api/v1/me") => Guard::SignedIn,
            Mapped::Row(row)
            | Mapped::Act(row)
            | Mapped::Behind(row)
            | Mapped::Screen(row)
            | Mapped::Platform(row) => Guard::Point(of(row).0, of(row).1),
            Mapped::List(list) => Guard::List(list.kind, map::action(list.letter)),
            Mapped::Find(row) | Mapped::Look(row) => Guard::List(of(row).0, of(row).1),
            Mapped::Mine(_) | Mapped::Every | Mapped::Shut(_) => Guard::SignedIn,
            Mapped::Own if path.ends_with("/live") => Guard::Stream,
            Mapped::Own => Guard::SignedIn,
            Mapped::Open => Guard::Public,
        };
        assert_eq!(route.guard, meant, "{method} {path}");
    }
}

/// What was asked of one route, by everybody together.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    asked: usize,
    permitted: usize,
}

struct Asker<'a> {
    told: Told<'a>,
    portal: &'a Portal,
    person: &'a Person<'a>,
    method: &'a str,
    path: &'a str,
    count: &'a mut Count,
}

impl Asker<'_> {
    async fn ask(&self, row: &Target, body: &str) -> crate::support::people::Answer {
        ask(self.told.world, self.person, self.method, self.path, row, body).await
    }

    fn noted(&mut self, permitted: bool) {
        self.count.asked += 1;
        self.count.permitted += usize::from(permitted);
    }

    async fn everything(&mut self, mapped: &Mapped) {
        let (world, someone) = (self.told.world, self.told.someone);
        let rows = |route: &RowRoute| rows_of(world, someone, route.kind);
        match mapped {
            Mapped::Row(route) => {
                let mut rows = only_the_house(rows(route), self.path, &route.body);
                if route.kind == Kind::Membership {
                    rows.push(membership(world.colleague, &["house"]));
                }
                for row in rows {
                    let answer = self.ask(&row, &route.body).await;
                    self.told.check_row(route, &row, &answer);
                    self.noted(answer.status == 200);
                }
            }
            Mapped::Act(route) => {
                for row in only_the_house(rows(route), self.path, &route.body) {
                    let answer = self.ask(&row, &route.body).await;
                    let permitted = self.told.check_act(route, &row, &answer);
                    self.noted(permitted);
                }
            }
            Mapped::Mine(route) => self.own_patient(route).await,
            Mapped::Behind(route) => self.behind(route).await,
            Mapped::Screen(route) => self.screens(route).await,
            Mapped::Platform(route) => {
                for row in rows(route) {
                    let answer = self.ask(&row, &route.body).await;
                    let may = self.told.expected(route, &row);
                    // The house is none of the platform's, so it has no such thing.
                    let wanted = if may == 200 { 404 } else { may };
                    assert_eq!(answer.status, wanted, "{}", self.told.of(&row, &answer));
                    self.noted(may == 200);
                }
            }
            Mapped::Find(route) => {
                for row in rows(route) {
                    let answer = self.ask(&row, &route.body).await;
                    self.told.check_found(route, &row, &answer);
                    self.noted(answer.text.contains(&row.id));
                }
            }
            Mapped::Look(route) => {
                for row in rows(route) {
                    let answer = self.ask(&row, &route.body).await;
                    self.told.check_looked_up(route, &row, &answer);
                    self.noted(answer.status == 200);
                }
            }
            Mapped::Every => {
                for kind in Kind::ALL {
                    for row in rows_of(world, someone, *kind) {
                        let answer = self
                            .person
                            .get(&format!("{}?kind={kind}&id={}", self.path, row.id))
                            .await;
                        self.told.check_every(&row, &answer);
                        self.noted(answer.status == 200);
                    }
                }
            }
            Mapped::List(route) => {
                let mut rows = rows_of(world, someone, route.kind);
                if route.kind == Kind::Membership {
                    // Whose access has ended is not in the list.
                    rows.retain(|row| row.id != world.leaver.to_string());
                    rows.extend(colleagues(world, someone));
                }
                let answer = self.person.get(self.path).await;
                self.told.check_list(route, &rows, &answer);
                self.noted(true);
            }
            Mapped::Shut(route) => {
                for row in rows(route) {
                    let answer = self.ask(&row, &route.body).await;
                    assert_eq!(answer.status, 404, "{}", self.told.of(&row, &answer));
                    self.noted(false);
                }
            }
            Mapped::Own | Mapped::Open => {}
        }
    }

    /// Of whom the pages of patients are: oneself, else whom one acts for.
    async fn own_patient(&mut self, route: &RowRoute) {
        let rows = rows_of(self.told.world, self.told.someone, Kind::Patient);
        let tied = |tie: &str| rows.iter().find(|row| row.ties == [Tie::named(tie)]);
        let row = tied("own")
            .or(tied("acts_for"))
            .expect("a patient of theirs")
            .clone();
        let answer = self.ask(&row, &route.body).await;
        let permitted = if self.method == "GET" {
            self.told.check_row(route, &row, &answer);
            answer.status == 200
        } else {
            self.told.check_act(route, &row, &answer)
        };
        self.noted(permitted);
    }

    async fn behind(&mut self, route: &RowRoute) {
        let (world, someone) = (self.told.world, self.told.someone);
        let mut rows = rows_of(world, someone, route.kind);
        if route.kind == Kind::Organisation {
            // The invitation is the house's.
            rows.retain(|row| row.ties == [Tie::named("house")]);
            let invitation = world.invitation.clone().expect("an invitation");
            rows.iter_mut().for_each(|row| row.id.clone_from(&invitation));
        }
        for row in rows {
            let answer = self.ask(&row, &route.body).await;
            let permitted = self.told.check_behind(route, &row, &answer);
            self.noted(permitted);
            let absent = Target {
                id: crate::access::NOBODY.to_owned(),
                ..row
            };
            assert_eq!(
                self.ask(&absent, &route.body).await.status,
                404,
                "{}",
                self.told.route
            );
        }
    }

    /// From a browser of its own, because one that becomes a screen is nobody's any more; and each takes
    /// back a screen that nobody else takes back.
    async fn screens(&mut self, route: &RowRoute) {
        let (world, someone) = (self.told.world, self.told.someone);
        for unit in rows_of(world, someone, Kind::Unit) {
            let station = world.stations[&(unit.id.clone(), someone.person)];
            let row = match self.method {
                "DELETE" => Target {
                    id: station.to_string(),
                    ..unit.clone()
                },
                _ => unit.clone(),
            };
            let answer = if self.told.expected(route, &unit) == 200 {
                let browser = signed_in(self.portal, &someone.login).await;
                ask(world, &browser, self.method, self.path, &row, &route.body).await
            } else {
                self.ask(&row, &route.body).await
            };
            let permitted = self.told.check_act(route, &row, &answer);
            if permitted {
                assert_eq!(answer.status, 204, "{}", self.told.of(&row, &answer));
            }
            self.noted(permitted);
        }
    }
}

on_both_engines! {
    async fn everybody_gets_of_everything_what_the_table_says(portal: Portal) {
        // One address asks for more than a hospital does.
        let portal = portal.restarted(Options { limits: Limits::default().times(1_000), ..Options::default() });
        let (who, map) = (Who::read(), Map::read());
        let world = make_world(&portal).await;
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        let mut heard = topics::Heard::default();
        for someone in &world.people {
            let person = signed_in(&portal, &someone.login).await;
            if someone.opens {
                ties::open_in_an_emergency(&world, &person).await;
            }
            for (method, path, mapped) in &map.routes {
                let route = format!("{method} {path}");
                let count = counts.entry(route.clone()).or_default();
                let told = Told { who: &who, world: &world, someone, route };
                let mut asker = Asker { told, portal: &portal, person: &person, method, path, count };
                asker.everything(mapped).await;
            }
            let of_topics = topics::check(&who, &map, &portal, &world, someone, &person).await;
            heard.asked += of_topics.asked;
            heard.carried += of_topics.carried;
        }
        let asked: usize = counts.values().map(|count| count.asked).sum();
        let permitted: usize = counts.values().map(|count| count.permitted).sum();
        println!("{asked} questions over routes, {permitted} of them permitted; {heard:?}");
        assert!(asked > 5_000 && permitted > 450);
        assert!(heard.asked > 500 && heard.carried > 80, "{heard:?}");
        for (method, path, mapped) in &map.routes {
            let Count { asked, permitted } = counts[&format!("{method} {path}")];
            let shut = matches!(mapped, Mapped::Shut(_));
            let unasked = matches!(mapped, Mapped::Own | Mapped::Open);
            assert_eq!(asked == 0, unasked, "{method} {path}");
            assert_eq!(permitted == 0, shut || unasked, "{method} {path}: whom was it permitted?");
        }
    }
}

//! One owner per outside thing.

use super::{Offence, Rule, Source, Tree, code::has_word};

pub const RULES: &[Rule] = &[
    Rule {
        name: "only stores speak to the database",
        advice: "move the query into the domain's store/ and hand back a wire type or a value",
        check: diesel_outside_stores,
    },
    Rule {
        name: "only frontend/src/api makes requests",
        advice: "add a function to frontend/src/api/<domain>.rs and call that",
        check: requests_outside_api,
    },
    Rule {
        name: "only the clock reads the clock",
        advice: "take `now` as an argument; drivers ask platform::clock (backend), Clock (device) or api::clock (frontend)",
        check: clock_reads,
    },
    Rule {
        name: "no message is sent past a mailbox's bound",
        advice: "await `send`, or `try_send` and handle a full mailbox; `do_send` queues without bound",
        check: unbounded_sends,
    },
];

fn offences(
    tree: &Tree,
    folder: &str,
    allowed: impl Fn(&str) -> bool,
    offends: impl Fn(&str) -> Option<String>,
) -> Vec<Offence> {
    tree.under(folder)
        .filter(|source| source.is_rust() && !allowed(&source.path))
        .flat_map(|source| found(source, &offends))
        .collect()
}

fn found(source: &Source, offends: &impl Fn(&str) -> Option<String>) -> Vec<Offence> {
    source
        .code_lines()
        .filter_map(|(line, code)| offends(code).map(|what| Offence::at(source, line, what)))
        .collect()
}

fn word(words: &'static [&'static str]) -> impl Fn(&str) -> Option<String> {
    move |code| {
        words
            .iter()
            .find(|word| has_word(code, word))
            .map(|word| format!("uses `{word}`"))
    }
}

fn is_store(path: &str) -> bool {
    path.contains("/store/")
        || path.ends_with("/store.rs")
        || path.starts_with("backend/src/platform/db")
        || path == "backend/src/schema.rs"
}

fn diesel_outside_stores(tree: &Tree) -> Vec<Offence> {
    let in_backend = offences(
        tree,
        "backend/src/",
        is_store,
        word(&["diesel", "diesel_migrations"]),
    );
    let elsewhere = ["common/src/", "device/src/", "frontend/src/"]
        .into_iter()
        .flat_map(|folder| offences(tree, folder, |_| false, word(&["diesel"])));
    in_backend.into_iter().chain(elsewhere).collect()
}

fn requests_outside_api(tree: &Tree) -> Vec<Offence> {
    offences(
        tree,
        "frontend/src/",
        |path| path.starts_with("frontend/src/api/") || path == "frontend/src/api.rs",
        word(&["gloo_net"]),
    )
}

fn clock_reads(tree: &Tree) -> Vec<Offence> {
    const SERVER: &[&str] = &["SystemTime::now", "Timestamp::now", "Zoned::now"];
    const BROWSER: &[&str] = &["Date::now", "Date::new_0", "SystemTime::now", "Timestamp::now"];
    let backend = offences(
        tree,
        "backend/src/",
        |path| path == "backend/src/platform/clock.rs",
        word(SERVER),
    );
    let device = offences(
        tree,
        "device/src/",
        |path| path.ends_with("/clock.rs"),
        word(SERVER),
    );
    let common = offences(tree, "common/src/", |_| false, word(SERVER));
    let frontend = offences(
        tree,
        "frontend/src/",
        |path| path == "frontend/src/api/clock.rs",
        word(BROWSER),
    );
    [backend, device, common, frontend]
        .into_iter()
        .flatten()
        .collect()
}

fn unbounded_sends(tree: &Tree) -> Vec<Offence> {
    offences(tree, "", |path| !path.contains("src/"), word(&["do_send"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_may_query_and_a_route_may_not() {
        let tree = Tree::of(&[
            ("backend/src/care/store/beds.rs", "use diesel::prelude::*;"),
            ("backend/src/platform/db.rs", "use diesel::Connection;"),
            (
                "backend/src/care/routes.rs",
                "// diesel\n\nuse diesel::prelude::*;",
            ),
        ]);
        assert_eq!(
            diesel_outside_stores(&tree),
            [Offence {
                path: "backend/src/care/routes.rs".into(),
                line: 3,
                what: "uses `diesel`".into()
            }]
        );
    }

    #[test]
    fn a_page_asks_the_api_module_and_never_the_network() {
        let tree = Tree::of(&[
            ("frontend/src/api/client.rs", "use gloo_net::http::Request;"),
            ("frontend/src/care/ward_page.rs", "use gloo_net::http::Request;"),
        ]);
        assert_eq!(requests_outside_api(&tree).len(), 1);
    }

    #[test]
    fn the_clock_is_read_in_one_file_per_crate() {
        let tree = Tree::of(&[
            ("backend/src/platform/clock.rs", "SystemTime::now()"),
            ("backend/src/devices/ingest.rs", "std::time::SystemTime::now()"),
            ("device/src/clock.rs", "SystemTime::now()"),
            ("frontend/src/ui/age.rs", "js_sys::Date::now()"),
        ]);
        let paths: Vec<_> = clock_reads(&tree)
            .into_iter()
            .map(|offence| offence.path)
            .collect();
        assert_eq!(paths, ["backend/src/devices/ingest.rs", "frontend/src/ui/age.rs"]);
    }

    #[test]
    fn do_send_is_found_in_every_crate() {
        let tree = Tree::of(&[("backend/src/live/hub.rs", "address.do_send(message);")]);
        assert_eq!(unbounded_sends(&tree).len(), 1);
    }
}

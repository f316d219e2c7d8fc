//! Promise X6: the API keeps its contract.
//!
//! A server of the tests' own build, with the demo world and a few devices that are live, is asked by
//! schemathesis whatever the OpenAPI document lets it think of: good requests and bad ones, with a
//! session and without. No answer may be a 5xx, a status or a shape that the document does not name.
//! Each operation counts once for each of the five people who ask. How hard is asked, and what is left
//! out and why, stands in `backend/tests/contract/schemathesis.toml`.

mod known;

use self::known::Known;
use super::{Suites, Tally};
use crate::{
    failure::{Failure, While},
    http::Client,
    process::{Record, Service},
    workspace::Workspace,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

struct Visitor {
    who: &'static str,
    login: &'static str,
    /// Whether they prove themselves first: who has a password alone cannot do so as strongly as a change
    /// of other people's access asks for.
    proves: bool,
}

const fn visitor(who: &'static str, login: &'static str) -> Visitor {
    Visitor {
        who,
        login,
        proves: true,
    }
}

/// One of each portal, and whoever changes and judges other people's access: what one of them may see, the
/// next one may not.
const VISITORS: [Visitor; 5] = [
    Visitor {
        proves: false,
        ..visitor("nurse", "rashida.amadi")
    },
    visitor("support agent", "ben.fischer"),
    Visitor {
        proves: false,
        ..visitor("patient", "alan.reed")
    },
    visitor("hospital administrator", "ruth.adler"),
    visitor("privacy officer", "helen.frost"),
];

/// These end sessions: each is asked in one of its own, before the others begin.
const END_SESSIONS: [&str; 5] = [
    // First, while the others' sessions are still there to be ended.
    "DELETE /api/v1/sessions/{id}",
    "DELETE /api/v1/session",
    "DELETE /api/v1/sessions",
    "POST /api/v1/session/membership",
    // Turns the browser that asks into a ward's screen.
    "POST /api/v1/stations",
];

/// After these the demo's password or its code signs nobody in any more, or wrong ones slow the person
/// down: each is asked when all else is done.
const SPOIL_THE_WAY_IN: [&str; 4] = [
    "POST /api/v1/second-factor/at-sign-in",
    "DELETE /api/v1/second-factor",
    "POST /api/v1/password",
    "POST /api/v1/session/proof/password",
];

/// Its wrong passwords slow this address down for all who sign in after: asked last of all.
const SIGN_IN: &str = "POST /api/v1/session";

/// Schemathesis asks in a minute what a person asks in a week.
const LIMIT_FACTOR: &str = "1000";
const DEVICES: &str = "4";
const UNTIL_LISTENING: Duration = Duration::from_secs(5 * 60);
const UNTIL_LIVE: Duration = Duration::from_secs(5 * 60);
const AT_MOST: Duration = Duration::from_secs(10 * 60);

/// One suite for each person, and one for whoever is nobody yet.
pub fn api_contract(
    workspace: &Workspace,
    suites: &mut Suites<'_>,
    schemathesis: &Path,
) -> Result<(), Failure> {
    let portal = Some(workspace.portal()).filter(|portal| portal.is_dir());
    let contract = suites.prerequisite("a server for the test of the API's contract", || {
        Contract::start(workspace, schemathesis, portal.as_deref())
    })?;
    // The server sees its devices leave.
    let Some((contract, _devices, _server)) = contract else {
        return Ok(());
    };
    let contract = &contract;
    let visits = VISITORS.iter().map(|visitor| {
        let name = format!("the API's contract, as a {}", visitor.who);
        (name, move || contract.as_visitor(visitor))
    });
    suites.side_by_side(visits.collect())?;
    suites.suite("the API's contract, signing in", || contract.sign_in_itself())
}

struct Contract<'a> {
    workspace: &'a Workspace,
    schemathesis: &'a Path,
    settings: PathBuf,
    port: u16,
    operations: BTreeSet<String>,
}

impl<'a> Contract<'a> {
    /// Starts the server and its devices in a folder of their own.
    fn start(
        workspace: &'a Workspace,
        schemathesis: &'a Path,
        portal: Option<&Path>,
    ) -> Result<(Self, Service, Service), Failure> {
        let data = workspace.target.join("contract");
        if data.exists() {
            fs::remove_dir_all(&data).while_doing(format!("emptying {}", data.display()))?;
        }
        fs::create_dir_all(workspace.logs()).while_doing("making the folder for logs")?;
        let mut server = start_server(workspace, &data, portal)?;
        let listening = server.wait_for("listening", UNTIL_LISTENING, |_| {})?;
        let said = |key: &str| {
            listening
                .get(key)
                .and_then(Value::as_str)
                .ok_or_else(|| Failure::new(format!("the server did not say where its {key} port is")))
        };
        let port = said("portal")?
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| Failure::new("the server did not say which port it listens on"))?;
        let mut devices = start_devices(workspace, &data, said("device")?)?;
        devices.wait_for("live", UNTIL_LIVE, |_| {})?;
        let document = Client::of_port(port)
            .get("/api/openapi.json")
            .while_doing("reading the API's description")?;
        let contract = Self {
            workspace,
            schemathesis,
            settings: workspace.logs().join("contract.toml"),
            port,
            operations: operations(&document),
        };
        contract.write_settings()?;
        Ok((contract, devices, server))
    }

    /// The committed settings, and below them what only a running server knows: which ids there are.
    fn write_settings(&self) -> Result<(), Failure> {
        let committed = self
            .workspace
            .root
            .join("backend/tests/contract/schemathesis.toml");
        let mut settings = fs::read_to_string(&committed).while_doing("reading schemathesis.toml")?;
        settings.push_str(&Known::of(self)?.dictionaries()?);
        fs::write(&self.settings, settings).while_doing("writing contract.toml")
    }

    /// Everything but the sign-in, as one person.
    fn as_visitor(&self, visitor: &Visitor) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        for operation in END_SESSIONS {
            let session = self.sign_in(visitor)?;
            tally = tally.and(self.ask_one(visitor.who, operation, session.session())?);
        }
        let mut session = self.sign_in(visitor)?;
        if visitor.proves {
            session
                .prove()
                .while_doing(format!("proving to be the {}", visitor.who))?;
        }
        let mut without: Vec<OsString> = Vec::new();
        for operation in END_SESSIONS.into_iter().chain(SPOIL_THE_WAY_IN).chain([SIGN_IN]) {
            self.known(operation)?;
            without.extend(["--exclude-name".into(), operation.into()]);
        }
        tally = tally.and(self.ask(visitor.who, session.session(), &without)?);
        for operation in SPOIL_THE_WAY_IN {
            // A session that ended on the way would make the rest a row of polite 401s that prove nothing.
            session.get("/api/v1/session").while_doing(format!(
                "the {}'s session did not last: which operation ended it belongs on the list of those that do",
                visitor.who
            ))?;
            tally = tally.and(self.ask_one(visitor.who, operation, session.session())?);
        }
        Ok(tally)
    }

    /// Whoever is nobody yet.
    fn sign_in_itself(&self) -> Result<Tally, Failure> {
        self.ask_one("stranger", SIGN_IN, None)
    }

    fn sign_in(&self, visitor: &Visitor) -> Result<Client, Failure> {
        self.client_of(visitor.login)
            .while_doing(format!("signing in as the {}", visitor.who))
    }

    fn client_of(&self, login: &str) -> io::Result<Client> {
        let mut client = Client::of_port(self.port);
        let password = client
            .get("/api/v1/demo/people")?
            .as_array()
            .into_iter()
            .flatten()
            .find(|person| person.get("login").and_then(Value::as_str) == Some(login))
            .and_then(|person| person.get("password")?.as_str().map(str::to_owned))
            .ok_or_else(|| io::Error::other(format!("the demo has no {login}")))?;
        client.sign_in(login, &password)?;
        Ok(client)
    }

    /// An operation that was renamed must not drop out of a list here in silence.
    fn known(&self, operation: &str) -> Result<(), Failure> {
        if self.operations.contains(operation) {
            Ok(())
        } else {
            Err(Failure::new(format!("the API has no `{operation}` any more"))
                .remedy("correct the lists in xtask/src/suites/contract.rs"))
        }
    }

    fn ask_one(&self, who: &str, operation: &str, session: Option<&str>) -> Result<Tally, Failure> {
        let name = format!("{who} {operation}");
        self.ask(&name, session, &["--include-name".into(), operation.into()])
    }

    fn ask(&self, name: &str, session: Option<&str>, which: &[OsString]) -> Result<Tally, Failure> {
        let file: String = name
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        let log = self.workspace.logs().join(format!("contract-{file}.log"));
        let report = self.workspace.logs().join(format!("contract-{file}.json"));
        // What an earlier run found must not be taken for this one's.
        if report.exists() {
            fs::remove_file(&report).while_doing(format!("removing {}", report.display()))?;
        }
        let record = self
            .workspace
            .run(self.schemathesis, "schemathesis")
            // It keeps notes in the folder it runs in.
            .directory(&self.workspace.logs())
            .env("SESSION", session.unwrap_or("nobody"))
            .args([
                "--config-file".into(),
                self.settings.clone().into_os_string(),
                "run".into(),
                format!("http://localhost:{}/api/openapi.json", self.port).into(),
                "--no-color".into(),
                "--report=json".into(),
                "--report-json-path".into(),
                report.clone().into(),
            ])
            .args(which)
            .at_most(AT_MOST)
            .recorded(&log, |_| {})?;
        let tally = read(&report).unwrap_or(Tally::ONE_FAILED);
        let tally = if record.succeeded || tally.failed > 0 {
            tally
        } else {
            tally.and(Tally::ONE_FAILED)
        };
        if tally.failed > 0 {
            show(&record, &log);
        }
        Ok(tally)
    }
}

fn start_server(workspace: &Workspace, data: &Path, portal: Option<&Path>) -> Result<Service, Failure> {
    let mut arguments: Vec<OsString> = ["serve", "--demo", "--exit-with-parent", "--data"]
        .map(OsString::from)
        .to_vec();
    arguments.push(data.into());
    arguments.extend(
        [
            "--port",
            "0",
            "--device-port",
            "0",
            "--ops-port",
            "0",
            "--limit-factor",
            LIMIT_FACTOR,
        ]
        .map(OsString::from),
    );
    if let Some(portal) = portal {
        arguments.extend(["--portal".into(), portal.into()]);
    }
    let log = workspace.logs().join("contract-server.log");
    Service::start("the server", &workspace.binary("fleetward"), arguments, log)
}

/// So that answers hold values, not only the places for them.
fn start_devices(workspace: &Workspace, data: &Path, port: &str) -> Result<Service, Failure> {
    let arguments: Vec<OsString> = vec![
        "fleet".into(),
        "--exit-with-parent".into(),
        "--data".into(),
        data.into(),
        "--server".into(),
        port.into(),
        "--only".into(),
        DEVICES.into(),
    ];
    let log = workspace.logs().join("contract-devices.log");
    let program = workspace.binary("fleetward-device");
    Service::start("the simulated devices", &program, arguments, log)
}

/// `GET /api/v1/wards` and the like.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flat_map(|methods| methods.keys())
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

fn read(report: &PathBuf) -> Option<Tally> {
    tally(&serde_json::from_str(&fs::read_to_string(report).ok()?).ok()?)
}

/// Each operation once; `None` for a run that did not come to its end.
fn tally(report: &Value) -> Option<Tally> {
    let count = |key: &str| {
        let number = report.pointer(&format!("/operations/{key}"))?.as_u64()?;
        u32::try_from(number).ok()
    };
    let failing: BTreeSet<&str> = report
        .get("failures")?
        .as_array()?
        .iter()
        .filter_map(|failure| failure.get("operations")?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let failing = u32::try_from(failing.len()).ok()?;
    report.get("complete")?.as_bool()?.then_some(())?;
    Some(Tally {
        passed: count("tested")?.saturating_sub(failing),
        failed: failing + count("errored")?,
        skipped: count("skipped")?,
    })
}

fn show(record: &Record, log: &Path) {
    let from = record
        .lines
        .iter()
        .position(|line| line.contains("= ERRORS =") || line.contains("= FAILURES ="))
        .unwrap_or_else(|| record.lines.len().saturating_sub(60));
    // What follows is advice for people who write such documents by hand.
    let findings = record.lines.iter().skip(from);
    for line in findings
        .take_while(|line| !line.contains("= WARNINGS ="))
        .take(200)
    {
        println!("  | {line}");
    }
    println!("  the whole log is {}", log.display());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(complete: bool) -> Value {
        json!({
            "complete": complete,
            "operations": { "total": 17, "selected": 15, "tested": 14, "errored": 1, "skipped": 0 },
            "failures": [
                { "code": "ST103", "operations": ["GET /api/v1/me", "GET /api/v1/wards"] },
                { "code": "ST108", "operations": ["GET /api/v1/me"] },
            ],
        })
    }

    #[test]
    fn an_operation_that_fails_twice_counts_once() {
        let tally = tally(&report(true)).unwrap();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (12, 3, 0));
    }

    #[test]
    fn a_run_that_was_cut_short_proves_nothing() {
        assert_eq!(tally(&report(false)), None);
    }

    #[test]
    fn operations_are_named_as_schemathesis_names_them() {
        let document = json!({ "paths": { "/api/v1/session": { "get": {}, "delete": {} } } });
        let names: Vec<String> = operations(&document).into_iter().collect();
        assert_eq!(names, ["DELETE /api/v1/session", "GET /api/v1/session"]);
    }
}

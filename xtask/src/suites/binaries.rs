//! Test binaries: all of the host's come from one build, then each is run by itself. So browser tests
//! use the very server that the API tests used, and nothing is compiled twice.

use super::Tally;
use crate::{
    failure::Failure,
    process::{Record, Run},
    workspace::Workspace,
};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub struct TestBinary {
    /// `fleetward`
    pub package: String,
    /// `api`
    pub target: String,
    kind: Kind,
    /// The folder of the package; tests run in it, as cargo does it.
    folder: PathBuf,
    executable: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Library,
    Program,
    Tests,
}

impl TestBinary {
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Library => format!("{}, unit tests", self.package),
            Kind::Program => format!("{}, unit tests of the program {}", self.package, self.target),
            Kind::Tests => format!("{}, {}", self.package, self.target),
        }
    }
}

const ALL_BUT_THE_PORTAL: [&str; 5] = [
    "--workspace",
    "--exclude",
    "fleetward-frontend",
    "--features",
    "fleetward/postgres,fleetward/mutations",
];

/// Builds servers, simulators and every host test with one set of features.
pub fn build_host(workspace: &Workspace) -> Result<Vec<TestBinary>, Failure> {
    let mut binaries = Vec::new();
    let record = workspace
        .cargo([
            "build",
            "--lib",
            "--bins",
            "--tests",
            "--message-format=json-render-diagnostics",
        ])
        .args(ALL_BUT_THE_PORTAL)
        .recorded(&workspace.logs().join("build.log"), |line| {
            if let Ok(message) = serde_json::from_str(line) {
                binaries.extend(test_binary(&message));
            }
        })?;
    if !record.succeeded {
        let lines: Vec<String> = record
            .lines
            .iter()
            .filter(|line| !line.starts_with('{') && !line.trim_start().starts_with("Compiling"))
            .cloned()
            .collect();
        let from = lines.len().saturating_sub(120);
        return Err(
            Failure::new("the tests do not build").last_lines(lines.get(from..).unwrap_or_default().to_vec())
        );
    }
    binaries.sort_by(|a, b| (&a.package, a.kind, &a.target).cmp(&(&b.package, b.kind, &b.target)));
    Ok(binaries)
}

fn test_binary(message: &Value) -> Option<TestBinary> {
    let is_test = message.pointer("/profile/test")?.as_bool()?;
    let executable = message.get("executable")?.as_str()?;
    let manifest = Path::new(message.get("manifest_path")?.as_str()?);
    let folder = manifest.parent()?.to_owned();
    let kind = match message.pointer("/target/kind/0").and_then(Value::as_str) {
        Some("bin") => Kind::Program,
        Some("test") => Kind::Tests,
        _ => Kind::Library,
    };
    is_test.then(|| TestBinary {
        package: package_name(
            message
                .get("package_id")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        ),
        target: message
            .pointer("/target/name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        kind,
        folder,
        executable: PathBuf::from(executable),
    })
}

/// `path+file:///…/backend#fleetward@0.1.0` or `path+file:///…/xtask#0.1.0`
fn package_name(id: &str) -> String {
    let (place, version) = id.split_once('#').unwrap_or((id, ""));
    match version.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => place.rsplit('/').next().unwrap_or(place).to_owned(),
    }
}

pub fn run_binary(
    workspace: &Workspace,
    binary: &TestBinary,
    environment: &[(&str, PathBuf)],
    arguments: &[&str],
) -> Result<Tally, Failure> {
    let log = workspace
        .logs()
        .join(format!("test-{}-{}.log", binary.package, binary.target));
    let mut run = Run::new(&binary.executable, &binary.name())
        .directory(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env("CARGO_PKG_NAME", &binary.package)
        .env("CARGO_TARGET_DIR", &workspace.target)
        .args(arguments);
    for (name, value) in environment {
        run = run.env(name, value);
    }
    let record = run.recorded(&log, notable)?;
    show_failures(&record, &log);
    Ok(Tally::of(&record))
}

/// Delays that a test measured are for people: `delay: a reading reached the screen after 0.4 s`.
fn notable(line: &str) {
    if let Some((_, said)) = line.split_once("delay: ") {
        println!("       {said}");
    }
}

fn show_failures(record: &Record, log: &Path) {
    if record.succeeded {
        return;
    }
    let from = record
        .lines
        .iter()
        .position(|line| line == "failures:")
        .unwrap_or_else(|| record.lines.len().saturating_sub(80));
    for line in record.lines.iter().skip(from).take(200) {
        println!("  | {line}");
    }
    println!("  the whole log is {}", log.display());
}

/// Examples in documentation, of the same build.
pub fn doc_tests(workspace: &Workspace) -> Result<Tally, Failure> {
    let log = workspace.logs().join("test-doc.log");
    let record = workspace
        .cargo(["test", "--doc", "--no-fail-fast"])
        .args(ALL_BUT_THE_PORTAL)
        .recorded(&log, |_| {})?;
    show_failures(&record, &log);
    Ok(Tally::of(&record))
}

/// The portal's tests as wasm, in Node or, where a test asks for it, in a browser.
pub fn wasm_tests(
    workspace: &Workspace,
    tools: &Path,
    environment: &[(&str, PathBuf)],
) -> Result<Tally, Failure> {
    let log = workspace.logs().join("test-wasm.log");
    let mut run = workspace
        .cargo([
            "test",
            "--target",
            "wasm32-unknown-unknown",
            "-p",
            "fleetward-frontend",
            "--no-fail-fast",
        ])
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            tools.join("wasm-bindgen-test-runner"),
        );
    for (name, value) in environment {
        run = run.env(name, value);
    }
    let record = run.recorded(&log, |_| {})?;
    show_failures(&record, &log);
    Ok(Tally::of(&record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_test_executable_is_known_by_its_package_and_target() {
        let message = json!({
            "reason": "compiler-artifact",
            "package_id": "path+file:///src/fleetward/backend#fleetward@0.1.0",
            "manifest_path": "/src/fleetward/backend/Cargo.toml",
            "target": { "name": "api", "kind": ["test"] },
            "profile": { "test": true },
            "executable": "/src/fleetward/target/debug/deps/api-1"
        });
        let binary = test_binary(&message).unwrap();
        assert_eq!(binary.name(), "fleetward, api");
        assert_eq!(binary.folder, Path::new("/src/fleetward/backend"));
    }

    #[test]
    fn a_server_binary_is_no_test() {
        let message = json!({
            "package_id": "path+file:///src/fleetward/xtask#0.1.0",
            "manifest_path": "/src/fleetward/xtask/Cargo.toml",
            "target": { "name": "xtask" },
            "profile": { "test": false },
            "executable": "/src/fleetward/target/debug/xtask"
        });
        assert!(test_binary(&message).is_none());
        assert_eq!(package_name("path+file:///src/fleetward/xtask#0.1.0"), "xtask");
    }
}

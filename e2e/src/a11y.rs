//! What axe says about the page that is open.

use crate::{
    browser::Browser,
    built,
    trouble::{Outcome, Trouble, While},
};
use serde::Deserialize;
use std::{fs, process::Command, sync::OnceLock};

/// Scripts of the driver are not subject to the page's content policy, so axe needs no exception in it.
const ASK: &str = r"
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] })
        .then((found) => done(found.violations))
        .catch((error) => done([{ id: 'axe', impact: 'critical', help: String(error), nodes: [] }]));
";

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: Option<String>,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    html: String,
    #[serde(rename = "failureSummary", default)]
    summary: Option<String>,
}

/// Nothing on the page that is open, however small axe thinks it is.
pub async fn nothing_found(browser: &Browser, page: &str) -> Outcome {
    browser.run(axe()?, Vec::new()).await?;
    let found = browser.run_until_called_back(ASK, Vec::new()).await?;
    let violations: Vec<Violation> = serde_json::from_value(found).map_err(Trouble::wrong)?;
    let found: Vec<String> = violations.iter().map(in_words).collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Trouble::Wrong(format!("axe about {page}:\n{}", found.join("\n"))))
}

fn in_words(violation: &Violation) -> String {
    let nodes = violation.nodes.iter().take(5).map(|node| {
        let why = node.summary.as_deref().unwrap_or_default().replace('\n', " ");
        format!("    {}\n      {why}", node.html)
    });
    let impact = violation.impact.as_deref().unwrap_or_default();
    let mut lines = vec![format!(
        "  {} ({impact}, {} places): {}",
        violation.id,
        violation.nodes.len(),
        violation.help
    )];
    lines.extend(nodes);
    lines.join("\n")
}

fn axe() -> Outcome<&'static str> {
    static AXE: OnceLock<Result<String, String>> = OnceLock::new();
    let script = AXE.get_or_init(|| install_and_read().map_err(|trouble| trouble.to_string()));
    match script {
        Ok(script) => Ok(script),
        Err(why) => Err(Trouble::Missing(why.clone())),
    }
}

fn install_and_read() -> Outcome<String> {
    let script = built::crate_folder().join("node_modules/axe-core/axe.min.js");
    if !script.exists() {
        let npm = Command::new("npm")
            .args(["ci", "--include=dev", "--no-audit", "--no-fund"])
            .current_dir(built::crate_folder())
            .output()
            .while_doing("starting `npm ci` for axe-core")?;
        if !npm.status.success() {
            let said = String::from_utf8_lossy(&npm.stderr).into_owned();
            return Err(Trouble::Missing(format!(
                "axe-core could not be installed: {said}"
            )));
        }
    }
    fs::read_to_string(&script).while_doing("reading axe-core")
}

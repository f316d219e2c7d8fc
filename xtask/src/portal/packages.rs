//! Fonts, uPlot and wasm-opt from npm, exactly as `static/package-lock.json` names them.

use super::emit::hex;
use crate::{
    failure::{Failure, While},
    steps::Steps,
    workspace::Workspace,
};
use sha2::{Digest, Sha256};
use std::fs;

pub fn install(workspace: &Workspace, steps: &Steps) -> Result<(), Failure> {
    let folder = workspace.root.join("static");
    let lock = fs::read(folder.join("package-lock.json")).while_doing("reading static/package-lock.json")?;
    let wanted = hex(&Sha256::digest(&lock));
    let mark = folder.join("node_modules").join(".installed-from.sha256");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed.trim() == wanted) {
        return Ok(());
    }
    steps.step("fetch fonts, uPlot and wasm-opt from npm", || {
        workspace
            .run("npm", "npm ci")
            .directory(&folder)
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .shown()
            .map_err(|failure| failure.remedy("the npm registry must be reachable, once"))?;
        fs::write(&mark, format!("{wanted}\n")).while_doing("marking the npm packages as installed")
    })
}

//! How the pages become files: wasm, styles, fonts and scripts, each named by its content, each
//! compressed beside itself, with one `manifest.json` that tells the server what is where.
//!
//! `portal/manifest.json`:
//! `entries` = entry → `js`, `js_integrity`, `wasm`, `wasm_integrity`, `css` ·
//! `assets` = `boot.js`, `watchdog.js`, `sign-in.css`, `ui.woff2`, `uplot.js`, `icons/…` → URL ·
//! `integrity` = URL → SRI value.

mod emit;
mod fingerprint;
mod packages;
mod scripts;
mod sizes;
mod styles;
mod vendor;
mod wasm;

use crate::{
    failure::{Failure, While},
    steps::Steps,
    tools,
    workspace::Workspace,
};
use emit::Emitter;
use serde_json::{Map, Value, json};
use sizes::Sizes;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// One wasm each; `sign-in` has none and is handled beside them.
pub const ENTRIES: [&str; 3] = ["patient", "ward", "staff"];

/// Builds the portal unless nothing it is made of has changed, and prints its sizes.
pub fn build(workspace: &Workspace, steps: &Steps) -> Result<PathBuf, Failure> {
    let portal = workspace.portal();
    tools::node()?;
    let inputs = fingerprint::of_inputs(&workspace.root)?;
    if fingerprint::is_of(&portal, &inputs) {
        steps.say("build the portal: nothing changed");
        return Ok(portal);
    }
    packages::install(workspace, steps)?;
    tools::wasm_target(workspace, steps)?;
    let bindgen = tools::wasm_bindgen(workspace, steps)?.join("wasm-bindgen");
    steps.step("compile the portal's wasm", || wasm::compile(workspace))?;
    let work = workspace.target.join("portal-work");
    let modules = steps.step("bind and shrink the wasm", || {
        wasm::bind_all(workspace, steps, &bindgen, &work)
    })?;
    let fresh = workspace.target.join("portal.new");
    let sizes = steps.step("hash and compress the portal's files", || {
        empty_folder(&fresh)?;
        assemble(&workspace.root.join("static"), &modules, &fresh)
    })?;
    println!("{}", sizes.table());
    // Before it is put in place: a portal that is too large must fail the next time too.
    sizes.within_budgets()?;
    fingerprint::write(&fresh, &inputs)?;
    put_in_place(&fresh, &portal)?;
    Ok(portal)
}

/// Order matters: a file is named by its content, so what it refers to must have its name before.
fn assemble(sources: &Path, modules: &[wasm::Module], out: &Path) -> Result<Sizes, Failure> {
    let mut emitter = Emitter::into_folder(out);
    let mut assets = BTreeMap::new();
    vendor::fonts(sources, &mut emitter, &mut assets)?;
    vendor::icons(sources, &mut emitter, &mut assets)?;
    vendor::uplot(sources, &mut emitter, &mut assets)?;
    let mut sizes = Sizes::default();
    let mut entries = Map::new();
    for module in modules {
        let style = styles::bundle(sources, &module.entry, &assets)?;
        let css = emitter.emit(&format!("{}.css", module.entry), style.into_bytes());
        let wasm = emitter.emit(&format!("{}.wasm", module.entry), module.wasm.clone());
        let glue = scripts::glue(module, &wasm, &mut emitter)?;
        let js = emitter.emit(&format!("{}.js", module.entry), glue.into_bytes());
        entries.insert(
            module.entry.clone(),
            json!({
                "js": js,
                "js_integrity": emitter.integrity(&js),
                "wasm": wasm,
                "wasm_integrity": emitter.integrity(&wasm),
                "css": [css],
            }),
        );
        sizes.entry(&module.entry, &wasm, &js, &css);
    }
    let style = styles::bundle(sources, "sign-in", &assets)?;
    assets.insert(
        "sign-in.css".to_owned(),
        emitter.emit("sign-in.css", style.into_bytes()),
    );
    scripts::emit_all(sources, &mut emitter, &mut assets)?;
    let written = emitter.write_all()?;
    sizes.measure(&written, &assets);
    let integrity: Map<String, Value> = written
        .iter()
        .map(|file| (file.url.clone(), Value::from(file.integrity.clone())))
        .collect();
    let manifest = json!({ "entries": entries, "assets": assets, "integrity": integrity });
    fs::write(out.join("manifest.json"), format!("{manifest:#}\n"))
        .while_doing("writing the portal's manifest")?;
    Ok(sizes)
}

fn empty_folder(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        fs::remove_dir_all(path).while_doing(format!("emptying {}", path.display()))?;
    }
    fs::create_dir_all(path).while_doing(format!("making {}", path.display()))
}

fn put_in_place(fresh: &Path, place: &Path) -> Result<(), Failure> {
    if place.exists() {
        fs::remove_dir_all(place).while_doing("removing the portal built before")?;
    }
    fs::rename(fresh, place).while_doing("putting the portal in place")
}

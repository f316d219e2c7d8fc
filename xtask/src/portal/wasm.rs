//! From Rust to one small wasm per entry.

use super::{ENTRIES, empty_folder};
use crate::{
    failure::{Failure, While},
    steps::Steps,
    workspace::Workspace,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One entry, bound: its wasm, the script that loads it, and the folder of scripts that this one imports.
pub struct Module {
    pub entry: String,
    pub wasm: Vec<u8>,
    pub glue: String,
    pub folder: PathBuf,
}

pub fn compile(workspace: &Workspace) -> Result<(), Failure> {
    workspace
        .cargo([
            "build",
            "--profile",
            "wasm",
            "--target",
            "wasm32-unknown-unknown",
            "-p",
            "fleetward-frontend",
            "--bins",
        ])
        .shown()
}

pub fn bind_all(
    workspace: &Workspace,
    steps: &Steps,
    bindgen: &Path,
    work: &Path,
) -> Result<Vec<Module>, Failure> {
    let wasm_opt = workspace.root.join("static/node_modules/binaryen/bin/wasm-opt");
    if !wasm_opt.is_file() {
        steps.say("wasm-opt (npm package binaryen) is not there: the wasm stays about a tenth larger");
    }
    let mut modules = Vec::new();
    for entry in ENTRIES {
        let folder = work.join(entry);
        empty_folder(&folder)?;
        let compiled = workspace
            .target
            .join("wasm32-unknown-unknown/wasm")
            .join(format!("{entry}.wasm"));
        workspace
            .run(bindgen, "wasm-bindgen")
            .args([
                "--target",
                "web",
                "--no-typescript",
                "--out-name",
                entry,
                "--out-dir",
            ])
            .args([&folder, &compiled])
            .shown()?;
        let bound = folder.join(format!("{entry}_bg.wasm"));
        if wasm_opt.is_file() {
            shrink(workspace, &wasm_opt, &bound)?;
        }
        modules.push(Module {
            entry: entry.to_owned(),
            wasm: fs::read(&bound).while_doing(format!("reading {}", bound.display()))?,
            glue: fs::read_to_string(folder.join(format!("{entry}.js")))
                .while_doing("reading what wasm-bindgen wrote")?,
            folder,
        });
    }
    Ok(modules)
}

fn shrink(workspace: &Workspace, wasm_opt: &Path, wasm: &Path) -> Result<(), Failure> {
    workspace
        .run("node", "wasm-opt")
        .args([wasm_opt])
        // What the Rust compiler uses by default for wasm32-unknown-unknown; stripping loses the note of it.
        .args([
            "-Oz",
            "--enable-bulk-memory",
            "--enable-multivalue",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-sign-ext",
        ])
        .args([wasm, Path::new("-o"), wasm])
        .shown()
}

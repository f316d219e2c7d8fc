//! What others made and we only pass on: fonts, icons, uPlot.

use super::emit::Emitter;
use crate::failure::{Failure, While};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Our name for a font → its file in `node_modules`.
const FONTS: [(&str, &str); 4] = [
    (
        "ui.woff2",
        "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2",
    ),
    (
        "ui-ext.woff2",
        "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
    ),
    (
        "vitals.woff2",
        "@fontsource/b612/files/b612-latin-700-normal.woff2",
    ),
    (
        "mono.woff2",
        "@fontsource/b612-mono/files/b612-mono-latin-400-normal.woff2",
    ),
];

type Assets = BTreeMap<String, String>;

pub fn fonts(sources: &Path, emitter: &mut Emitter, assets: &mut Assets) -> Result<(), Failure> {
    for (name, path) in FONTS {
        take(sources, path, name, emitter, assets)?;
    }
    Ok(())
}

pub fn uplot(sources: &Path, emitter: &mut Emitter, assets: &mut Assets) -> Result<(), Failure> {
    take(
        sources,
        "uplot/dist/uPlot.iife.min.js",
        "uplot.js",
        emitter,
        assets,
    )?;
    take(sources, "uplot/dist/uPlot.min.css", "uplot.css", emitter, assets)
}

pub fn icons(sources: &Path, emitter: &mut Emitter, assets: &mut Assets) -> Result<(), Failure> {
    for (name, path) in files_in(&sources.join("icons"), "svg")? {
        let svg = fs::read(&path).while_doing(format!("reading static/icons/{name}"))?;
        let url = emitter.emit(&name, svg);
        assets.insert(format!("icons/{name}"), url);
    }
    Ok(())
}

fn take(
    sources: &Path,
    path: &str,
    name: &str,
    emitter: &mut Emitter,
    assets: &mut Assets,
) -> Result<(), Failure> {
    let bytes = fs::read(sources.join("node_modules").join(path))
        .while_doing(format!("reading {name} from the npm packages"))?;
    let url = emitter.emit(name, bytes);
    assets.insert(name.to_owned(), url);
    Ok(())
}

/// Files with this extension, by name; an absent folder has none.
pub fn files_in(folder: &Path, extension: &str) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    let entries = fs::read_dir(folder).while_doing(format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry.while_doing("reading a folder")?.path();
        if let Some(name) = path.file_name()
            && path.extension().is_some_and(|found| found == extension)
        {
            files.insert(name.to_string_lossy().into_owned(), path);
        }
    }
    Ok(files)
}

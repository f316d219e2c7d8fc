//! Scripts: our few own ones, and the glue that loads a wasm.

use super::{emit::Emitter, wasm::Module};
use crate::failure::{Failure, While};
use std::{collections::BTreeMap, fs, path::Path};

/// The glue of an entry, pointing at its wasm and at its snippets by their hashed names.
pub fn glue(module: &Module, wasm_url: &str, emitter: &mut Emitter) -> Result<String, Failure> {
    let bound = format!("{}_bg.wasm", module.entry);
    let mut glue = module.glue.replace(&bound, file_name(wasm_url));
    for import in relative_imports(&module.glue) {
        let path = module.folder.join(import.trim_start_matches("./"));
        let script = fs::read(&path).while_doing(format!("reading {}", path.display()))?;
        let url = emitter.emit(file_name(import), script);
        glue = glue.replace(import, &url);
    }
    Ok(glue)
}

/// Every script of `static/`, e.g. `boot.js`. A literal `"asset:NAME"` in one becomes that asset's URL.
pub fn emit_all(
    sources: &Path,
    emitter: &mut Emitter,
    assets: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    for (name, path) in super::vendor::files_in(sources, "js")? {
        let text = fs::read_to_string(&path).while_doing(format!("reading static/{name}"))?;
        let text = with_asset_urls(&text, assets).map_err(|asset| {
            Failure::new(format!(
                "static/{name} names the asset `{asset}`, which does not exist"
            ))
        })?;
        let url = emitter.emit(&name, text.into_bytes());
        assets.insert(name, url);
    }
    Ok(())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `import … from './snippets/…/inline0.js';`
fn relative_imports(glue: &str) -> Vec<&str> {
    glue.lines()
        .filter(|line| line.trim_start().starts_with("import "))
        .filter_map(|line| line.split(['\'', '"']).nth(1))
        .filter(|target| target.starts_with("./"))
        .collect()
}

fn with_asset_urls(text: &str, assets: &BTreeMap<String, String>) -> Result<String, String> {
    const MARK: &str = "\"asset:";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (name, after) = after.split_once('"').unwrap_or((after, ""));
        let url = assets.get(name).ok_or_else(|| name.to_owned())?;
        out.push_str(before);
        out.push('"');
        out.push_str(url);
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glue_imports_are_found_and_packages_are_not() {
        let glue =
            "import { a } from './snippets/gloo-1/inline0.js';\nimport * as b from \"other\";\nlet c;\n";
        assert_eq!(relative_imports(glue), ["./snippets/gloo-1/inline0.js"]);
    }

    #[test]
    fn an_asset_named_in_a_script_becomes_its_url_and_an_unknown_one_stops_the_build() {
        let assets = BTreeMap::from([("uplot.js".to_owned(), "/a/uplot.00.js".to_owned())]);
        assert_eq!(
            with_asset_urls("load(\"asset:uplot.js\");", &assets).as_deref(),
            Ok("load(\"/a/uplot.00.js\");")
        );
        assert_eq!(
            with_asset_urls("\"asset:chart.js\"", &assets),
            Err("chart.js".to_owned())
        );
    }
}

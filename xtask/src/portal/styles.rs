//! One style sheet per entry, its imports in line, its fonts and icons by their hashed names.
//!
//! `static/styles/entries/<entry>.css` names what an entry needs, in order. Without one an entry gets
//! tokens, base, layout, every widget and every area.

use super::vendor::files_in;
use crate::failure::{Failure, While};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

pub fn bundle(sources: &Path, entry: &str, assets: &BTreeMap<String, String>) -> Result<String, Failure> {
    let styles = sources.join("styles");
    let mut seen = BTreeSet::new();
    let own = styles.join("entries").join(format!("{entry}.css"));
    let mut css = String::new();
    if own.is_file() {
        inline(&own, &mut seen, &mut css)?;
    } else {
        for path in everything(&styles)? {
            inline(&path, &mut seen, &mut css)?;
        }
    }
    with_hashed_urls(&without_comments(&css), assets).map_err(|url| {
        Failure::new(format!(
            "the styles of `{entry}` refer to `{url}`, which is no asset"
        ))
    })
}

fn everything(styles: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths: Vec<PathBuf> = ["tokens.css", "base.css", "layout.css"]
        .iter()
        .map(|name| styles.join(name))
        .filter(|path| path.is_file())
        .collect();
    for folder in ["ui", "areas"] {
        paths.extend(files_in(&styles.join(folder), "css")?.into_values());
    }
    Ok(paths)
}

/// Copies a style sheet with every `@import "…";` replaced by what it names, each file once.
fn inline(path: &Path, seen: &mut BTreeSet<PathBuf>, css: &mut String) -> Result<(), Failure> {
    let real = fs::canonicalize(path).while_doing(format!("reading {}", path.display()))?;
    if !seen.insert(real.clone()) {
        return Ok(());
    }
    let text = fs::read_to_string(&real).while_doing(format!("reading {}", path.display()))?;
    for line in text.lines() {
        match imported(line) {
            Some(target) => {
                let folder = real.parent().unwrap_or(Path::new("."));
                inline(&folder.join(target), seen, css)?;
            }
            None => {
                css.push_str(line);
                css.push('\n');
            }
        }
    }
    Ok(())
}

fn imported(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("@import")?.trim();
    let quoted = rest.strip_suffix(';')?.trim();
    quoted.strip_prefix('"')?.strip_suffix('"')
}

/// Comments and blank lines are for readers of the source; the rest is left as written.
fn without_comments(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    // A comment's mark inside a string is text: cut at whichever of the two begins first.
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        if let Some(comment) = from.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        let mut letters = from.char_indices();
        let quote = letters.next().map_or('/', |(_, letter)| letter);
        let end = match quote {
            '/' => 1,
            _ => letters
                .find(|(_, letter)| *letter == quote)
                .map_or(from.len(), |(index, _)| index + 1),
        };
        let (text, after) = from.split_at(end);
        kept.push_str(text);
        rest = after;
    }
    kept.push_str(rest);
    kept.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// `url("fonts/ui.woff2")` → `url("/a/ui.<hash>.woff2")`, whatever folders stand before. `data:` and `#` stay.
fn with_hashed_urls(css: &str, assets: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("url(") {
        let (target, after) = after.split_once(')').unwrap_or((after, ""));
        let target = target.trim().trim_matches(['"', '\'']);
        out.push_str(before);
        let url = if target.starts_with("data:") || target.starts_with('#') {
            target
        } else {
            asset_url(target, assets).ok_or_else(|| target.to_owned())?
        };
        out.push_str(&format!("url(\"{url}\")"));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn asset_url<'a>(target: &str, assets: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let mut parts = target.rsplit('/');
    let file = parts.next()?;
    let name = match parts.next() {
        Some("icons") => format!("icons/{file}"),
        _ => file.to_owned(),
    };
    assets.get(&name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> BTreeMap<String, String> {
        BTreeMap::from([
            ("ui.woff2".to_owned(), "/a/ui.01.woff2".to_owned()),
            ("icons/bed.svg".to_owned(), "/a/bed.02.svg".to_owned()),
        ])
    }

    #[test]
    fn fonts_and_icons_get_their_hashed_names() {
        let css = "src: url(\"../fonts/ui.woff2\") format(\"woff2\"); mask: url(icons/bed.svg)";
        assert_eq!(
            with_hashed_urls(css, &assets()).as_deref(),
            Ok("src: url(\"/a/ui.01.woff2\") format(\"woff2\"); mask: url(\"/a/bed.02.svg\")")
        );
    }

    #[test]
    fn a_font_that_is_not_there_stops_the_build() {
        assert_eq!(
            with_hashed_urls("url(fonts/comic.woff2)", &assets()),
            Err("fonts/comic.woff2".to_owned())
        );
    }

    #[test]
    fn comments_go_and_strings_stay() {
        let css = "/* why */ a { content: \"/* not a comment */\"; }\n\n  b { inset: 0 / 1; } /* end";
        assert_eq!(
            without_comments(css),
            "a { content: \"/* not a comment */\"; }\nb { inset: 0 / 1; }\n"
        );
    }

    #[test]
    fn an_entry_imports_each_file_once_and_in_order() {
        let folder = std::env::temp_dir().join(format!("xtask-styles-{}", std::process::id()));
        let styles = folder.join("styles");
        fs::create_dir_all(styles.join("entries")).unwrap();
        fs::write(styles.join("tokens.css"), ":root { --s1: 4px; }\n").unwrap();
        fs::write(
            styles.join("base.css"),
            "@import \"tokens.css\";\nbody { margin: 0; }\n",
        )
        .unwrap();
        fs::write(
            styles.join("entries/ward.css"),
            "@layer tokens, base;\n@import \"../tokens.css\";\n@import \"../base.css\";\n",
        )
        .unwrap();
        let css = bundle(&folder, "ward", &assets()).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            css,
            "@layer tokens, base;\n:root { --s1: 4px; }\nbody { margin: 0; }\n"
        );
    }
}

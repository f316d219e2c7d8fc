//! How much a browser loads, and how much it may.

use super::emit::Written;
use crate::failure::Failure;
use std::collections::BTreeMap;

/// Goals for each entry's wasm, brotli. A build fails at a quarter above.
const WASM_GOALS: [(&str, usize); 3] = [("patient", 220_000), ("ward", 350_000), ("staff", 450_000)];
/// Style, scripts and the one font of the sign-in page together.
const SIGN_IN_LIMIT: usize = 60_000;
const SIGN_IN_SCRIPT_LIMIT: usize = 4_000;

#[derive(Default)]
pub struct Sizes {
    entries: Vec<Entry>,
    sign_in_style: usize,
    sign_in_script: usize,
    ui_font: usize,
    fonts: usize,
    shared_scripts: usize,
    uplot: usize,
}

#[derive(Default)]
struct Entry {
    name: String,
    urls: [String; 3],
    wasm: usize,
    js: usize,
    css: usize,
}

impl Sizes {
    pub fn entry(&mut self, name: &str, wasm: &str, js: &str, css: &str) {
        self.entries.push(Entry {
            name: name.to_owned(),
            urls: [wasm.to_owned(), js.to_owned(), css.to_owned()],
            ..Entry::default()
        });
    }

    pub fn measure(&mut self, written: &[Written], assets: &BTreeMap<String, String>) {
        let of_url = |url: &str| {
            written
                .iter()
                .find(|file| file.url == url)
                .map_or(0, |file| file.transfer)
        };
        for entry in &mut self.entries {
            let [wasm, js, css] = &entry.urls;
            (entry.wasm, entry.js, entry.css) = (of_url(wasm), of_url(js), of_url(css));
        }
        for (name, url) in assets {
            let size = of_url(url);
            match name.as_str() {
                "sign-in.css" => self.sign_in_style += size,
                "ui.woff2" => {
                    self.ui_font = size;
                    self.fonts += size;
                }
                "ui-ext.woff2" => {}
                "uplot.js" | "uplot.css" => self.uplot += size,
                "boot.js" | "watchdog.js" => self.shared_scripts += size,
                "passkey.js" => self.sign_in_script += size,
                name if name.starts_with("sign-in") => self.sign_in_script += size,
                name if name.ends_with(".woff2") => self.fonts += size,
                _ => {}
            }
        }
    }

    fn sign_in(&self) -> usize {
        self.sign_in_style + self.sign_in_script + self.ui_font
    }

    /// Kilobytes that travel, that is after brotli.
    pub fn table(&self) -> String {
        let mut table = String::from(
            "\n  KB after brotli      wasm     goal       js      css    fonts  all first load\n",
        );
        for entry in &self.entries {
            let goal = goal(&entry.name);
            let all = entry.wasm + entry.js + entry.css + self.fonts + self.shared_scripts;
            table.push_str(&format!(
                "  {:<14} {:>10} {:>8} {:>8} {:>8} {:>8} {:>15}\n",
                entry.name,
                kb(entry.wasm),
                kb(goal),
                kb(entry.js),
                kb(entry.css),
                kb(self.fonts),
                kb(all)
            ));
        }
        table.push_str(&format!(
            "  {:<14} {:>10} {:>8} {:>8} {:>8} {:>8} {:>15}\n",
            "sign-in",
            "none",
            kb(SIGN_IN_LIMIT),
            kb(self.sign_in_script),
            kb(self.sign_in_style),
            kb(self.ui_font),
            kb(self.sign_in())
        ));
        table.push_str(&format!("  trend charts add {} KB (uPlot)\n", kb(self.uplot)));
        table
    }

    pub fn within_budgets(&self) -> Result<(), Failure> {
        for entry in &self.entries {
            let goal = goal(&entry.name);
            if entry.wasm * 4 > goal * 5 {
                return Err(Failure::new(format!(
                    "the wasm of `{}` is {} KB, more than a quarter over its goal of {} KB",
                    entry.name,
                    kb(entry.wasm),
                    kb(goal)
                ))
                .remedy("find what came in (a new dependency, a large generic) and take it out"));
            }
        }
        if self.sign_in() > SIGN_IN_LIMIT || self.sign_in_script > SIGN_IN_SCRIPT_LIMIT {
            return Err(Failure::new(format!(
                "the sign-in page loads {} KB with {} KB of script; it may load {} with {}",
                kb(self.sign_in()),
                kb(self.sign_in_script),
                kb(SIGN_IN_LIMIT),
                kb(SIGN_IN_SCRIPT_LIMIT)
            ))
            .remedy("shorten static/styles/entries/sign-in.css or the page's script"));
        }
        Ok(())
    }
}

fn goal(entry: &str) -> usize {
    WASM_GOALS
        .iter()
        .find(|(name, _)| *name == entry)
        .map_or(0, |(_, goal)| *goal)
}

fn kb(bytes: usize) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ward_of(wasm: usize) -> Sizes {
        let mut sizes = Sizes::default();
        sizes.entry("ward", "/a/ward.wasm", "/a/ward.js", "/a/ward.css");
        let written = [Written {
            url: "/a/ward.wasm".to_owned(),
            integrity: String::new(),
            transfer: wasm,
        }];
        sizes.measure(&written, &BTreeMap::new());
        sizes
    }

    #[test]
    fn a_ward_wasm_may_be_a_quarter_over_its_goal_and_no_more() {
        assert!(ward_of(437_500).within_budgets().is_ok());
        let failure = ward_of(437_501).within_budgets().unwrap_err().to_string();
        assert!(failure.contains("`ward`"), "{failure}");
    }

    #[test]
    fn the_table_names_every_entry() {
        let table = ward_of(123_456).table();
        assert!(table.contains("123.4"), "{table}");
        assert!(table.contains("sign-in"), "{table}");
    }
}

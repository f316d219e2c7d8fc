//! The files that the rules read.

use super::code::without_comments_and_strings;
use crate::failure::{Failure, While};
use std::{fs, path::Path};

pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
    /// For Rust: the text with comments and strings blanked, line for line. Empty for other files.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") {
            without_comments_and_strings(text)
        } else {
            String::new()
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
        }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Lines of code with their numbers from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    pub fn says_generated(&self) -> bool {
        self.text
            .lines()
            .next()
            .is_some_and(|first| first.to_lowercase().contains("generated"))
    }
}

pub struct Tree {
    pub sources: Vec<Source>,
}

const SKIPPED: [&str; 3] = ["target", "data", "node_modules"];
const READ: [&str; 14] = [
    "rs", "css", "js", "sql", "toml", "md", "json", "html", "txt", "csv", "conf", "yml", "svg", "lock",
];

impl Tree {
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let mut sources = Vec::new();
        read_folder(root, root, &mut sources)?;
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { sources })
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self {
            sources: files.iter().map(|(path, text)| Source::new(path, text)).collect(),
        }
    }

    /// Sources whose path begins so.
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.sources
            .iter()
            .filter(move |source| source.path.starts_with(folder))
    }

    pub fn find(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }
}

fn read_folder(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).while_doing(format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry.while_doing("reading a folder")?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo" && name != ".npmrc";
        if hidden || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, sources)?;
        } else if is_read(&path, &name)
            && let Ok(text) = fs::read_to_string(&path)
        {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            sources.push(Source::new(&relative.to_string_lossy(), &text));
        }
    }
    Ok(())
}

fn is_read(path: &Path, name: &str) -> bool {
    name == ".npmrc"
        || path
            .extension()
            .is_none_or(|extension| READ.iter().any(|known| *known == extension))
}

//! Colours live in `tokens.css`; styles live in style sheets.

use super::{Offence, Rule, Source, Tree};

pub const RULES: &[Rule] = &[
    Rule {
        name: "only tokens.css names a colour",
        advice: "use a token, `var(--…)`; a canvas asks for the token's computed value",
        check: colours,
    },
    Rule {
        name: "only tokens.css names a typeface",
        advice: "use `var(--ui)`, `var(--vitals)` or `var(--mono)`",
        check: typefaces,
    },
    Rule {
        name: "no style attribute",
        advice: "the content security policy forbids it: use a class, or an SVG attribute for geometry",
        check: style_attributes,
    },
];

const TOKENS: &str = "static/styles/tokens.css";
const FUNCTIONS: [&str; 9] = [
    "rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch(",
];
const NAMES: [&str; 15] = [
    "white", "black", "red", "green", "blue", "yellow", "cyan", "magenta", "orange", "purple", "grey",
    "gray", "silver", "navy", "teal",
];

fn style_sheets(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.under("static/styles/")
        .filter(|source| source.extension() == "css" && source.path != TOKENS)
}

fn colours(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in style_sheets(tree) {
        for (line, property, value) in declarations(&source.text) {
            if let Some(colour) = colour_in(&value) {
                offences.push(Offence::at(source, line, format!("`{property}: … {colour}`")));
            }
        }
    }
    for source in tree.sources.iter().filter(|source| draws(source)) {
        for (line, text) in source.lines() {
            if let Some(colour) = quoted_hex(text) {
                offences.push(Offence::at(source, line, format!("`{colour}`")));
            }
        }
    }
    offences
}

fn draws(source: &Source) -> bool {
    let rust =
        source.is_rust() && (source.path.starts_with("frontend/") || source.path.starts_with("backend/src/"));
    rust || (source.path.starts_with("static/") && source.extension() == "js")
}

fn typefaces(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in style_sheets(tree) {
        for (line, property, value) in declarations(&source.text) {
            let named = property == "font-family" && !value.contains("var(--") && value != "inherit";
            if named {
                offences.push(Offence::at(source, line, format!("`{property}: {value}`")));
            }
        }
    }
    offences
}

fn style_attributes(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in tree.sources.iter().filter(|source| source.is_rust()) {
        if !(source.path.starts_with("frontend/") || source.path.starts_with("backend/src/")) {
            continue;
        }
        for (line, code) in source.code_lines() {
            let bare = [" style=", " style={"]
                .iter()
                .any(|attribute| code.contains(attribute));
            let first = code.trim_start().starts_with("style=");
            if bare || first {
                offences.push(Offence::at(source, line, "sets a style attribute"));
            }
        }
        for (line, text) in source.lines() {
            if text.contains("set_attribute(\"style\"") {
                offences.push(Offence::at(source, line, "sets a style attribute"));
            }
        }
    }
    offences
}

/// `(line, property, value)` of every declaration; comments are skipped.
fn declarations(css: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut statement = String::new();
    let mut rest = css;
    while let Some(letter) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            let (inside, after) = comment.split_once("*/").unwrap_or((comment, ""));
            line += inside.matches('\n').count();
            rest = after;
            continue;
        }
        match letter {
            ';' | '}' => {
                if let Some((property, value)) = statement.split_once(':') {
                    found.push((line, property.trim().to_owned(), value.trim().to_owned()));
                }
                statement.clear();
            }
            // What stood before was a selector, and `a:hover` is no declaration.
            '{' => statement.clear(),
            '\n' => {
                line += 1;
                statement.push(' ');
            }
            _ => statement.push(letter),
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    found
}

fn colour_in(value: &str) -> Option<String> {
    let words = value.split(|letter: char| letter.is_whitespace() || ",()/".contains(letter));
    let lower = value.to_lowercase();
    let function = FUNCTIONS.iter().find(|function| {
        lower.match_indices(**function).any(|(at, _)| {
            !lower
                .get(..at)
                .and_then(|before| before.chars().next_back())
                .is_some_and(|letter| letter.is_alphanumeric() || letter == '-')
        })
    });
    function.map(|function| (*function).to_owned()).or_else(|| {
        words
            .filter(|word| !word.contains("url"))
            .find(|word| is_hex(word) || NAMES.contains(&word.to_lowercase().as_str()))
            .map(str::to_owned)
    })
}

fn is_hex(word: &str) -> bool {
    word.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

/// A string that is nothing but a colour.
fn quoted_hex(line: &str) -> Option<&str> {
    line.split(['"', '\''])
        .skip(1)
        .step_by(2)
        .find(|word| is_hex(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours_of(path: &str, text: &str) -> usize {
        colours(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_widget_takes_its_colours_from_tokens() {
        let css = "/* #FFF */ a:hover, #add { color: var(--text); background: color-mix(in srgb, var(--a) 20%, transparent); }";
        assert_eq!(colours_of("static/styles/ui/button.css", css), 0);
        assert_eq!(colours_of(TOKENS, ":root { --text: #14202B; }"), 0);
    }

    #[test]
    fn a_colour_of_its_own_is_found_however_it_is_written() {
        for value in ["#14202B", "1px solid red", "rgb(1 2 3)", "0 0 2px #0008"] {
            let css = format!("a {{ b: {value} }}");
            assert_eq!(colours_of("static/styles/ui/button.css", &css), 1, "{value}");
        }
        assert_eq!(colours_of("frontend/src/ui/sweep.rs", "stroke(\"#5BE38A\")"), 1);
        assert_eq!(colours_of("frontend/src/ui/sweep.rs", "href=\"#main\""), 0);
    }

    #[test]
    fn a_typeface_is_a_token() {
        let tree = Tree::of(&[(
            "static/styles/base.css",
            "a { font-family: var(--ui); }\nb { font-family: Arial; }",
        )]);
        assert_eq!(typefaces(&tree).first().map(|offence| offence.line), Some(2));
    }

    #[test]
    fn a_style_attribute_is_found_in_yew_and_in_maud() {
        let tree = Tree::of(&[
            (
                "frontend/src/ui/bar.rs",
                "html! { <div class=\"a\" style=\"width: 3px\" /> }",
            ),
            ("backend/src/identity/page.rs", "html! { div style={ \"x\" } {} }"),
            ("frontend/src/ui/card.rs", "let style = 3; // style=\"x\""),
        ]);
        assert_eq!(style_attributes(&tree).len(), 2);
    }
}

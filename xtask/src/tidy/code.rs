//! Rust with its comments and strings blanked out, so that words found in it are code.

/// Keeps every line break and the quotes of strings; everything inside comments, strings and character
/// literals becomes blank.
pub fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = inert_length(rest, &out);
        if length == 0 {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (inert, after) = rest.split_at(length);
        let is_string = inert.ends_with('"') || inert.ends_with('#');
        if is_string {
            out.push('"');
        }
        out.extend(inert.chars().filter(|letter| *letter == '\n'));
        out.push(if is_string { '"' } else { ' ' });
        rest = after;
    }
    out
}

/// How many bytes a comment or literal takes that begins here; 0 if none does.
fn inert_length(rest: &str, before: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return 1 + quoted(rest.get(1..).unwrap_or_default(), '"');
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    let in_word = before
        .chars()
        .next_back()
        .is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    if in_word {
        return 0;
    }
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix)
            .is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
    });
    prefix.map_or(0, |prefix| raw_string(rest, prefix.len()))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Bytes up to and with the closing quote, minding backslashes.
fn quoted(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    inside.len()
}

/// `'x'` and `'\n'` are characters; `'static` is a lifetime.
fn character(rest: &str) -> usize {
    let inside = rest.get(1..).unwrap_or_default();
    let mut letters = inside.chars();
    let first = letters.next();
    let is_character = first == Some('\\') || letters.next() == Some('\'');
    if is_character { 1 + quoted(inside, '\'') } else { 0 }
}

fn raw_string(rest: &str, prefix: usize) -> usize {
    let after = rest.get(prefix..).unwrap_or_default();
    let hashes = after.len() - after.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let opened = prefix + hashes + 1;
    rest.get(opened..)
        .and_then(|inside| inside.find(&end))
        .map_or(rest.len(), |at| opened + at + end.len())
}

/// Whether `word` stands in the line with no letter, digit or `_` around it.
pub fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_comments_and_strings_are_no_code() {
        let text = "let a = \"diesel \\\" diesel\"; // diesel\n/* diesel /* diesel */ diesel */ let b = r#\"diesel \" diesel\"#;";
        let code = without_comments_and_strings(text);
        assert!(!code.contains("diesel"), "{code}");
        assert!(
            code.contains("let a = \"\"") && code.contains("let b = \"\""),
            "{code}"
        );
    }

    #[test]
    fn lines_keep_their_numbers() {
        let code = without_comments_and_strings("a\n/*\n\n*/ \"x\ny\" b\n");
        assert_eq!(code.lines().count(), 5);
        assert!(code.lines().last().is_some_and(|line| line.contains('b')));
    }

    #[test]
    fn a_lifetime_is_no_character() {
        let code = without_comments_and_strings(
            "fn a<'a>(x: &'a str) { let q = '\"'; let d = diesel; let n = '\\''; }",
        );
        assert!(code.contains("let d = diesel"), "{code}");
        assert!(code.contains("&'a str"), "{code}");
    }

    #[test]
    fn a_word_is_whole() {
        assert!(has_word("use diesel::prelude", "diesel"));
        assert!(!has_word("use diesel_migrations", "diesel"));
    }
}

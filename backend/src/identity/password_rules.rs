//! Which passwords are taken: NIST SP 800-63B-4, section 3.1.1.2. Length and a list of what everybody
//! tries first; no rules about kinds of letters, no expiry, no hints. Pure.

use std::{fmt, sync::OnceLock};

use icu_normalizer::ComposingNormalizerBorrowed;

/// In characters, when the password is the only factor.
pub const SHORTEST_ALONE: usize = 15;
/// Beside a second factor that is asked for at every sign-in.
pub const SHORTEST_WITH_SECOND_FACTOR: usize = 8;
/// Longer ones are no password; hashing them would be a gift of our time.
pub const LONGEST_BYTES: usize = 1_024;

const PRODUCT: &str = "fleetward";
static COMMON: &str = include_str!("common_passwords.txt");

/// What is known about whoever chooses it: none of it may be the password.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chooser<'a> {
    pub login: &'a str,
    pub name: &'a str,
    pub organisation: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    TooShort {
        shortest: usize,
    },
    TooLong,
    /// On the list of what everybody tries first, or one of these twice, or with a number behind it.
    Common,
    /// The same over and over, or a row of the keyboard or the alphabet.
    Pattern,
    /// Little more than the person's name, login, organisation or the name of this portal.
    AboutThem,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Weakness::TooShort { shortest } => write!(
                f,
                "Choose at least {shortest} characters. A few words you can remember are good; spaces count."
            ),
            Weakness::TooLong => f.write_str("That is longer than Fleetward takes: at most 1024 bytes."),
            Weakness::Common => {
                f.write_str("That is one of the passwords that are tried first. Choose another.")
            }
            Weakness::Pattern => {
                f.write_str("That is a pattern that is tried early. Choose something less regular.")
            }
            Weakness::AboutThem => f.write_str(
                "That is mostly a name that others know: yours, your organisation’s or this portal’s. Choose another.",
            ),
        }
    }
}

/// The form that is hashed and compared: the same password typed on two keyboards is one password.
pub fn normalised(password: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(password)
        .into_owned()
}

/// Long enough to be the only factor.
pub fn stands_alone(password: &str) -> bool {
    normalised(password).chars().count() >= SHORTEST_ALONE
}

pub fn check(password: &str, chooser: Chooser<'_>, shortest: usize) -> Result<(), Weakness> {
    let password = normalised(password);
    if password.len() > LONGEST_BYTES {
        return Err(Weakness::TooLong);
    }
    if password.chars().count() < shortest {
        return Err(Weakness::TooShort { shortest });
    }
    let lower = password.to_lowercase();
    if is_pattern(&lower) {
        return Err(Weakness::Pattern);
    }
    if is_common(&lower) {
        return Err(Weakness::Common);
    }
    if is_about(&lower, chooser) {
        return Err(Weakness::AboutThem);
    }
    Ok(())
}

fn common() -> &'static [&'static str] {
    static SORTED: OnceLock<Vec<&str>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut words: Vec<&str> = COMMON.lines().filter(|line| !line.starts_with('#')).collect();
        words.sort_unstable();
        words
    })
}

fn is_listed(word: &str) -> bool {
    common().binary_search(&word).is_ok()
}

fn is_common(lower: &str) -> bool {
    let bare = lower.trim_matches(|letter: char| letter.is_ascii_digit() || letter.is_ascii_punctuation());
    let trimmed =
        lower.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter.is_ascii_punctuation());
    let halves = lower
        .char_indices()
        .nth(lower.chars().count() / 2)
        .map(|(middle, _)| lower.split_at(middle));
    is_listed(lower)
        || (!bare.is_empty() && (is_listed(bare) || is_listed(trimmed)))
        || halves.is_some_and(|(one, other)| one == other && is_listed(one))
}

/// One to four characters repeated, or steps of one through alphabet, digits or a row of keys.
fn is_pattern(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().collect();
    let repeats = |period: usize| {
        letters
            .iter()
            .zip(letters.iter().skip(period))
            .all(|(early, late)| early == late)
    };
    if letters.len() >= 8 && (1..=4).any(repeats) {
        return true;
    }
    const ROWS: [&str; 5] = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn",
    ];
    let backwards: String = letters.iter().rev().collect();
    ROWS.iter()
        .any(|row| row.contains(lower) || row.contains(&backwards))
}

/// Names with at most five other characters around them.
fn is_about(lower: &str, chooser: Chooser<'_>) -> bool {
    const OTHERS: usize = 5;
    const SHORTEST_NAME: usize = 4;
    let mut rest: String = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let whole = rest.len();
    for known in [PRODUCT, chooser.login, chooser.name, chooser.organisation] {
        let known = known.to_lowercase();
        let parts = known.split(|letter: char| !letter.is_alphanumeric());
        for part in parts.filter(|part| part.len() >= SHORTEST_NAME) {
            rest = rest.replace(part, "");
        }
    }
    rest.len() < whole && rest.chars().count() <= OTHERS
}

#[cfg(test)]
mod tests {
    use super::*;

    const RASHIDA: Chooser<'_> = Chooser {
        login: "rashida.amadi",
        name: "Rashida Amadi",
        organisation: "Northgate General",
    };

    fn alone(password: &str) -> Result<(), Weakness> {
        check(password, RASHIDA, SHORTEST_ALONE)
    }

    fn with_second_factor(password: &str) -> Result<(), Weakness> {
        check(password, RASHIDA, SHORTEST_WITH_SECOND_FACTOR)
    }

    #[test]
    fn fifteen_characters_alone_and_eight_beside_a_second_factor() {
        assert_eq!(alone("gravel otter kn"), Ok(()));
        assert_eq!(alone("gravel otter k"), Err(Weakness::TooShort { shortest: 15 }));
        assert_eq!(with_second_factor("ottergrv"), Ok(()));
        assert_eq!(
            with_second_factor("ottergr"),
            Err(Weakness::TooShort { shortest: 8 })
        );
    }

    #[test]
    fn characters_count_and_not_bytes_and_there_is_room_for_a_poem() {
        assert_eq!(with_second_factor("zäünärör"), Ok(()));
        assert_eq!(alone("雨の日は窓辺で静かに本を読む猫"), Ok(()));
        assert_eq!(alone(&"so long a line of words ".repeat(3)), Ok(()));
        assert_eq!(alone(&"ab c!".repeat(300)), Err(Weakness::TooLong));
    }

    #[test]
    fn nothing_is_said_about_kinds_of_letters() {
        assert_eq!(alone("only lower case letters here"), Ok(()));
        assert_eq!(alone("8302 5519 7740 2286"), Ok(()));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_in_all_its_disguises() {
        for password in [
            "password",
            "Sunshine",
            "iloveyou",
            "Baseball2026!",
            "trustno1",
            "123baseball",
        ] {
            assert_eq!(with_second_factor(password), Err(Weakness::Common), "{password}");
        }
        assert_eq!(alone("baseballbaseball"), Err(Weakness::Common));
        assert_eq!(alone("password1234567!"), Err(Weakness::Common));
    }

    #[test]
    fn rows_and_repetitions_are_refused() {
        for password in [
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabca",
            "abcdefghijklmnop",
            "qwertyuiopasdfgh",
            "9876543210987654",
        ] {
            assert_eq!(alone(password), Err(Weakness::Pattern), "{password}");
        }
    }

    #[test]
    fn nobodys_name_is_a_password() {
        for password in [
            "Fleetward2026",
            "rashida.amadi",
            "Amadi Rashida",
            "northgate general 1",
            "RashidaAmadi99",
        ] {
            assert_eq!(
                with_second_factor(password),
                Err(Weakness::AboutThem),
                "{password}"
            );
        }
        assert_eq!(alone("rashida counts forty grey herons"), Ok(()));
    }

    #[test]
    fn the_same_password_from_two_keyboards_is_one() {
        assert_eq!(normalised("Cafe\u{301}"), normalised("Café"));
        assert_eq!(normalised("ﬁsh"), "fish");
    }
}

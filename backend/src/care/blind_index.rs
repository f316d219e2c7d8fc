//! Finding a patient by what was typed, without opening anybody's identity: keyed digests of words that
//! were made alike first.

use fleetward_common::{care::PatientIdentity, id::OrganisationId};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::key_provider::derived;
use crate::platform::secrets::Key;

/// What a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    RecordNumber,
    SurnameAndBirth,
    /// The first three letters of the surname.
    SurnameStart,
}

impl Index {
    pub const fn as_str(self) -> &'static str {
        match self {
            Index::RecordNumber => "record_number",
            Index::SurnameAndBirth => "surname_and_birth",
            Index::SurnameStart => "surname_start",
        }
    }
}

const START_LETTERS: usize = 3;

/// The keys of all organisations' indexes. They stay when an organisation's wrapping key is replaced: a
/// new one would mean opening every identity.
#[derive(Clone)]
pub struct BlindIndexes {
    master: Key,
}

impl BlindIndexes {
    pub fn new(master: Key) -> Self {
        Self { master }
    }

    /// A key of the organisation for one use.
    pub fn key(&self, organisation: OrganisationId, use_for: &[u8]) -> Key {
        derived(&self.master, organisation, use_for)
    }

    pub fn record_number(&self, organisation: OrganisationId, number: &str) -> Vec<u8> {
        let key = derived(&self.master, organisation, b"record numbers");
        digest(&key, number.trim().to_uppercase().as_bytes())
    }

    /// `born` is an ISO date.
    pub fn surname_and_birth(&self, organisation: OrganisationId, surname: &str, born: &str) -> Vec<u8> {
        let key = derived(&self.master, organisation, b"surnames with birth dates");
        digest(
            &key,
            format!("{}|{}", normalised(surname), born.trim()).as_bytes(),
        )
    }

    /// `None` for fewer letters than three: that would list half a hospital.
    pub fn surname_start(&self, organisation: OrganisationId, surname: &str) -> Option<Vec<u8>> {
        let start: String = normalised(surname).chars().take(START_LETTERS).collect();
        let key = derived(&self.master, organisation, b"starts of surnames");
        (start.chars().count() == START_LETTERS).then(|| digest(&key, start.as_bytes()))
    }

    /// What a patient is found by, beside the record number.
    pub fn of(&self, organisation: OrganisationId, identity: &PatientIdentity) -> Vec<(Index, Vec<u8>)> {
        let exact = self.surname_and_birth(organisation, &identity.family_name, &identity.born);
        let start = self.surname_start(organisation, &identity.family_name);
        std::iter::once((Index::SurnameAndBirth, exact))
            .chain(start.map(|digest| (Index::SurnameStart, digest)))
            .collect()
    }
}

fn digest(key: &Key, text: &[u8]) -> Vec<u8> {
    key.mac(text).to_vec()
}

/// Letters and digits only, small, without accents: `O’Brien-Müller` is found as `obrien muller`.
pub fn normalised(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let letters = text
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase);
    for letter in letters {
        match letter {
            // Letters that do not come apart into a plain one and a mark.
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            other if other.is_alphanumeric() => plain.push(other),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    fn indexes() -> (BlindIndexes, OrganisationId, OrganisationId) {
        let [a, b] = [1, 2].map(|n| OrganisationId::new(Instant::EPOCH, [n; 10]));
        (BlindIndexes::new(Key::from_bytes([7; 32])), a, b)
    }

    #[test]
    fn case_accents_and_hyphens_do_not_matter() {
        for (typed, found) in [
            ("NOVÁK", "novak"),
            ("O’Brien-Müller", "obrien muller"),
            ("Strauß", "STRAUSS"),
            ("Łukasz Øst", "lukasz ost"),
            ("ﬁnch", "Finch"),
        ] {
            assert_eq!(normalised(typed), normalised(found), "{typed}");
        }
        assert_ne!(normalised("Novak"), normalised("Nowak"));
    }

    #[test]
    fn the_same_words_at_two_hospitals_look_different() {
        let (indexes, a, b) = indexes();
        assert_eq!(
            indexes.record_number(a, " n-1042 "),
            indexes.record_number(a, "N-1042")
        );
        assert_ne!(
            indexes.record_number(a, "N-1042"),
            indexes.record_number(b, "N-1042")
        );
        assert_ne!(
            indexes.surname_and_birth(a, "Novak", "1961-03-14"),
            indexes.surname_and_birth(b, "Novak", "1961-03-14")
        );
        assert_ne!(
            indexes.surname_and_birth(a, "Novak", "1961-03-14"),
            indexes.surname_and_birth(a, "Novak", "1961-03-15")
        );
    }

    #[test]
    fn three_letters_find_and_two_do_not() {
        let (indexes, a, _) = indexes();
        assert_eq!(indexes.surname_start(a, "Nov"), indexes.surname_start(a, "NOVÁK"));
        assert_eq!(indexes.surname_start(a, "No"), None);
    }
}

//! Ten codes on paper for the day the phone is lost: each opens once, in place of a one-time code.

use fleetward_common::id::PersonId;

use crate::platform::{clock::random, secrets::Key};

pub const HOW_MANY: usize = 10;
/// Without look-alikes: they are copied by hand.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// 80 random bits as four groups of four.
pub fn random_code() -> String {
    let letters: Vec<char> = random::<16>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What is stored: useless without the key that is in no database, and in another person's row.
pub fn keyed_hash(master: &Key, person: PersonId, code: &str) -> Vec<u8> {
    let plain: String = code
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let key = master.derived(b"fleetward v1 recovery codes");
    key.mac(&[person.as_bytes().as_slice(), plain.as_bytes()].concat())
        .to_vec()
}

/// Whether it could be one at all: a one-time code is six digits.
pub fn looks_like_one(code: &str) -> bool {
    code.chars().filter(|letter| letter.is_alphanumeric()).count() == 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    #[test]
    fn codes_are_long_different_and_easy_to_copy() {
        let (one, other) = (random_code(), random_code());
        assert_ne!(one, other);
        assert_eq!(one.len(), 19);
        assert!(looks_like_one(&one) && !looks_like_one("287082"));
        assert!(!one.contains(['i', 'l', 'o', '1']));
    }

    #[test]
    fn a_code_is_known_however_it_is_typed_and_only_as_its_own_persons() {
        let key = Key::from_bytes([7; 32]);
        let rashida = PersonId::new(Instant::EPOCH, [1; 10]);
        let louise = PersonId::new(Instant::EPOCH, [2; 10]);
        let hash = keyed_hash(&key, rashida, "abcd-efgh-jkmn-pqrs");
        assert_eq!(keyed_hash(&key, rashida, " ABCD efgh jkmnpqrs"), hash);
        assert_ne!(keyed_hash(&key, louise, "abcd-efgh-jkmn-pqrs"), hash);
        assert_ne!(
            keyed_hash(&Key::from_bytes([8; 32]), rashida, "abcd-efgh-jkmn-pqrs"),
            hash
        );
    }
}

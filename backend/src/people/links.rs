//! Links that open a door once. The secret in them is stored nowhere but in the message that carries it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::platform::{clock::random, hex};

/// 256 random bits as 64 hex digits.
pub struct LinkToken(String);

impl LinkToken {
    pub fn random() -> Self {
        Self(hex::encode(&random::<32>()))
    }

    /// `None` for what no link of ours ever held.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Eight digits that one person tells another. Worth nothing without the link that goes with it.
pub struct SpokenCode(String);

impl SpokenCode {
    pub fn random() -> Self {
        let number = u64::from_be_bytes(random()) % 100_000_000;
        Self(format!("{number:08}"))
    }

    /// As typed: spaces and dashes don't count.
    pub fn typed(text: &str) -> Self {
        Self(text.chars().filter(char::is_ascii_digit).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored: without the link nobody can try the hundred million codes against it.
    pub fn hmac(&self, link: &LinkToken) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(link.as_str().as_bytes()).expect("64 hex digits");
        mac.update(self.0.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub fn matches(&self, link: &LinkToken, stored: &[u8]) -> bool {
        self.hmac(link).ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_with_its_own_link_and_with_no_other() {
        let (code, link) = (SpokenCode::random(), LinkToken::random());
        let stored = code.hmac(&link);
        let spaced = format!("{} {}", &code.as_str()[..4], &code.as_str()[4..]);
        assert!(SpokenCode::typed(&spaced).matches(&link, &stored));
        assert!(!code.matches(&LinkToken::random(), &stored));
        assert!(!SpokenCode::typed("").matches(&link, &stored));
    }

    #[test]
    fn what_is_no_link_of_ours_is_not_looked_up() {
        assert!(LinkToken::parse(LinkToken::random().as_str()).is_some());
        for text in ["", "x", "../sign-in", &"g".repeat(64), &"a".repeat(63)] {
            assert!(LinkToken::parse(text).is_none(), "{text}");
        }
    }
}

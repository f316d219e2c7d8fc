//! How a person proves who they are, and what they have to prove it with.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::{id::PasskeyId, time::Instant};

/// What the person showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProofKind {
    /// One factor, and one that can be phished.
    Password,
    /// Two factors; still phishable, so everything that rests on it is marked as weaker.
    PasswordAndCode,
    Passkey,
}

impl ProofKind {
    pub const ALL: &'static [ProofKind] = &[
        ProofKind::Password,
        ProofKind::PasswordAndCode,
        ProofKind::Passkey,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            ProofKind::Password => "password",
            ProofKind::PasswordAndCode => "password_and_code",
            ProofKind::Passkey => "passkey",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Enough for what is dangerous.
    pub const fn is_strong(self) -> bool {
        matches!(self, ProofKind::PasswordAndCode | ProofKind::Passkey)
    }

    /// Enough, but a good copy of our page could have stolen it: said wherever it is relied on.
    pub const fn is_weaker(self) -> bool {
        matches!(self, ProofKind::PasswordAndCode)
    }
}

/// When and how the person of a session last proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proof {
    pub kind: ProofKind,
    pub at: Instant,
}

impl Proof {
    /// How long a proof counts as recent.
    pub const RECENT: Duration = Duration::from_secs(300);

    pub fn is_recent(&self, now: Instant) -> bool {
        now.since(self.at) < Self::RECENT
    }
}

/// `GET /api/v1/session/proof`: what the person has proven, and what they could prove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProofView {
    pub proof: Proof,
    /// Until then dangerous things may be done; absent when that time is over or never began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strong_until: Option<Instant>,
    pub has_passkey: bool,
    pub has_password: bool,
    pub has_second_factor: bool,
    /// In the demo only: what to type, because nobody knows the password of a made-up person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoProof>,
    pub server_time: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DemoProof {
    pub password: String,
    /// The next one that is still good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `POST /api/v1/session/proof/password`. Without a code it proves the password alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordProof {
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `GET /api/v1/security`: everything this person can sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecurityView {
    pub login: String,
    pub passkeys: Vec<PasskeyView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorView>,
    pub recovery_codes_left: u32,
    /// Of a new password, in characters: fewer are enough beside a second factor.
    pub shortest_password: u32,
    pub server_time: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyView {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Instant>,
    /// Its counter went backwards then, so a copy may exist: it opens nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_off_at: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordView {
    pub changed_at: Instant,
    /// Disabled after too many failures in a row: a new one has to be set.
    pub disabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorView {
    pub since: Instant,
    /// At every sign-in with the password, not only before dangerous actions.
    pub asked_at_sign_in: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyName {
    pub name: String,
}

/// `POST /api/v1/password`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPassword {
    pub password: String,
}

/// `POST /api/v1/second-factor/offer`: what goes into the authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorOffer {
    /// Base32, to type by hand.
    pub secret: String,
    /// `otpauth://…`, the same as a link.
    pub link: String,
    pub qr: QrCode,
}

/// A QR code as one SVG path in a square of `size` modules, its quiet zone included.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QrCode {
    pub size: u32,
    pub path: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneTimeCode {
    pub code: String,
}

/// `POST /api/v1/second-factor/at-sign-in`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AtSignIn {
    pub asked: bool,
}

/// Shown once; only hashes stay.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_recent_for_five_minutes_and_not_a_moment_longer() {
        let proof = Proof {
            kind: ProofKind::Passkey,
            at: Instant::from_millis(1_000),
        };
        assert!(proof.is_recent(Instant::from_millis(1_000 + 299_999)));
        assert!(!proof.is_recent(Instant::from_millis(1_000 + 300_000)));
    }

    #[test]
    fn a_password_alone_is_not_strong_and_with_a_code_it_is_the_weaker_kind() {
        let strength = |kind: ProofKind| (kind.is_strong(), kind.is_weaker());
        assert_eq!(strength(ProofKind::Password), (false, false));
        assert_eq!(strength(ProofKind::PasswordAndCode), (true, true));
        assert_eq!(strength(ProofKind::Passkey), (true, false));
    }
}

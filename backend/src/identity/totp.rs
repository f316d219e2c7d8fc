//! One-time codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds). Pure: time is an
//! argument, and which step was used last is the caller's to remember.

use fleetward_common::{
    credentials::{QrCode, SecondFactorOffer},
    id::PersonId,
    time::Instant,
};
use qrcode::{Color, EcLevel, QrCode as Matrix};
use totp_rs::{Builder, Secret as Shared, Totp};

use crate::platform::{
    clock::random,
    http::Failure,
    sealing::{self, Sealed},
    secrets::Key,
};

const STEP_SECONDS: u64 = 30;
const ISSUER: &str = "Fleetward";

/// The 160 bits that server and app share. Never printed.
#[derive(Clone)]
pub struct Secret([u8; 20]);

impl Secret {
    pub fn random() -> Self {
        Self(random())
    }

    pub fn from_base32(text: &str) -> Option<Self> {
        let shared = Shared::try_from_base32(text).ok()?;
        Some(Self(shared.as_bytes().try_into().ok()?))
    }

    pub fn to_base32(&self) -> String {
        Shared::from(self.0).to_base32()
    }

    fn totp(&self) -> Result<Totp, Failure> {
        Builder::new()
            .with_secret(self.0)
            .build()
            .map_err(|error| Failure::Internal {
                step: "make a one-time code",
                source: error.to_string().into(),
            })
    }

    /// The step this code belongs to, if it is one of now, one before or one after (clocks differ) and
    /// later than the last that was used.
    pub fn step_of(&self, code: &str, last_step: u64, now: Instant) -> Result<Option<u64>, Failure> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let step = self.totp()?.check(&code, seconds(now));
        Ok(step.filter(|step| *step > last_step))
    }

    /// The next code that [`Secret::step_of`] takes now, if one is left.
    pub fn next_code(&self, last_step: u64, now: Instant) -> Result<Option<String>, Failure> {
        let this = seconds(now) / STEP_SECONDS;
        let step = this.max(last_step + 1);
        if step > this + 1 {
            return Ok(None);
        }
        let code = self.totp()?.generate(step * STEP_SECONDS);
        Ok(Some(code.to_string()))
    }

    pub fn offer(&self, login: &str) -> Result<SecondFactorOffer, Failure> {
        let secret = self.to_base32();
        let link = format!(
            "otpauth://totp/{ISSUER}:{}?secret={secret}&issuer={ISSUER}",
            percent(login)
        );
        let qr = drawn(&link)?;
        Ok(SecondFactorOffer { secret, link, qr })
    }

    /// Sealed for this person: in another person's row it does not open.
    pub fn seal(&self, master: &Key, person: PersonId) -> Result<Sealed, Failure> {
        sealing::seal(&key(master), person.as_bytes(), &self.0).ok_or_else(unsealed)
    }

    pub fn open(sealed: &Sealed, master: &Key, person: PersonId) -> Result<Self, Failure> {
        let bytes = sealing::open(&key(master), person.as_bytes(), sealed).ok_or_else(unsealed)?;
        Ok(Self(bytes.try_into().or(Err(unsealed()))?))
    }
}

fn unsealed() -> Failure {
    Failure::Internal {
        step: "seal or open the secret of an authenticator app",
        source: "it does not open with the master key for this person".into(),
    }
}

fn key(master: &Key) -> Key {
    master.derived(b"fleetward v1 authenticator apps")
}

fn seconds(now: Instant) -> u64 {
    u64::try_from(now.millis() / 1_000).unwrap_or(0)
}

fn percent(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// Runs of dark modules as one path, inside the four light ones that scanners need around it.
fn drawn(text: &str) -> Result<QrCode, Failure> {
    const QUIET: usize = 4;
    let matrix =
        Matrix::with_error_correction_level(text, EcLevel::M).map_err(|error| Failure::Internal {
            step: "draw a QR code",
            source: error.to_string().into(),
        })?;
    let width = matrix.width();
    let mut path = String::new();
    for (row, colours) in matrix.to_colors().chunks(width.max(1)).enumerate() {
        let mut column = 0;
        for run in colours.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
            }
            column += run.len();
        }
    }
    Ok(QrCode {
        size: u32::try_from(width + 2 * QUIET).unwrap_or(0),
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shared secret of RFC 6238's appendix B.
    fn rfc() -> Secret {
        Secret(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // 94287082, 07081804 and 89005924 are its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
        ] {
            let step = rfc().step_of(code, 0, at(second)).unwrap();
            assert_eq!(step, Some(u64::try_from(second).unwrap() / 30), "{code}");
        }
    }

    #[test]
    fn a_code_counts_once_and_so_does_every_earlier_one() {
        let code = rfc().next_code(0, at(59)).unwrap().unwrap();
        assert_eq!(rfc().step_of(&code, 0, at(59)).unwrap(), Some(1));
        assert_eq!(rfc().step_of(&code, 1, at(59)).unwrap(), None);
        assert_eq!(rfc().step_of(&code, 2, at(59)).unwrap(), None);
    }

    #[test]
    fn a_clock_half_a_minute_off_is_forgiven_and_a_minute_and_a_half_is_not() {
        let code = rfc().next_code(0, at(600)).unwrap().unwrap();
        assert!(rfc().step_of(&code, 0, at(630)).unwrap().is_some());
        assert!(rfc().step_of(&code, 0, at(571)).unwrap().is_some());
        assert!(rfc().step_of(&code, 0, at(690)).unwrap().is_none());
        assert!(rfc().step_of("000000", 0, at(600)).unwrap().is_none());
        assert!(rfc().step_of("", 0, at(600)).unwrap().is_none());
    }

    #[test]
    fn codes_may_be_typed_in_two_groups() {
        assert_eq!(rfc().step_of("287 082", 0, at(59)).unwrap(), Some(1));
    }

    #[test]
    fn a_sealed_secret_opens_for_its_own_person_only() {
        let key = Key::from_bytes([7; 32]);
        let rashida = PersonId::new(Instant::EPOCH, [1; 10]);
        let louise = PersonId::new(Instant::EPOCH, [2; 10]);
        let sealed = rfc().seal(&key, rashida).unwrap();
        assert_ne!(sealed.bytes.get(..20), Some(&rfc().0[..]));
        assert_eq!(Secret::open(&sealed, &key, rashida).unwrap().0, rfc().0);
        assert!(Secret::open(&sealed, &key, louise).is_err());
    }

    #[test]
    fn the_offer_names_the_person_and_carries_the_secret_twice() {
        let offer = rfc().offer("a.keller@northgate.example").unwrap();
        assert_eq!(offer.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(
            offer
                .link
                .starts_with("otpauth://totp/Fleetward:a.keller%40northgate.example?secret=GEZD")
        );
        assert!(offer.qr.size > 29 && offer.qr.path.starts_with("M4 4h7"));
        assert_eq!(Secret::from_base32(&offer.secret).unwrap().0, rfc().0);
    }
}

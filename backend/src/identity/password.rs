//! Argon2id, off the async threads and never too many at once: each hash takes 19 MiB.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

use super::password_rules::{LONGEST_BYTES, normalised};
use crate::platform::{clock::random, http::Failure};

/// OWASP's minimum: m = 19456 KiB, t = 2, p = 1. The parameters travel with each hash, so raising them
/// here leaves older passwords working.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Hashing {
    slots: Arc<Semaphore>,
    /// What an unknown name is compared with, so that its answer takes as long as any other.
    nobody: Arc<str>,
    runs: Arc<AtomicU64>,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with less work than is usual now.
    RightButOutdated,
}

impl Verdict {
    pub const fn is_right(self) -> bool {
        matches!(self, Verdict::Right | Verdict::RightButOutdated)
    }
}

impl Hashing {
    pub fn new() -> Result<Self, Failure> {
        let nobody = hash(&random::<16>(), &random::<16>())?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: nobody.into(),
            runs: Arc::default(),
        })
    }

    /// How often Argon2 has run. Every answer to a password costs exactly one, whoever was named.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    pub async fn hash(&self, password: String) -> Result<String, Failure> {
        self.on_a_thread(move || hash(normalised(&password).as_bytes(), &random::<16>()))
            .await?
    }

    /// Whether `password` is the one behind `phc`. Without a `phc`, and for one that is too long to be
    /// a password, the answer is no, as late as ever.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        let nobody = Arc::clone(&self.nobody);
        self.on_a_thread(move || {
            let too_long = password.len() > LONGEST_BYTES;
            let password = if too_long {
                String::new()
            } else {
                normalised(&password)
            };
            let known = phc.is_some() && !too_long;
            let stored = phc.as_deref().unwrap_or(&nobody);
            let matches = PasswordHash::new(stored).is_ok_and(|stored| {
                hasher().is_ok_and(|argon| argon.verify_password(password.as_bytes(), &stored).is_ok())
            });
            match (known && matches, is_outdated(stored)) {
                (false, _) => Verdict::Wrong,
                (true, false) => Verdict::Right,
                (true, true) => Verdict::RightButOutdated,
            }
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = |source| Failure::Unavailable {
            step: "check a password in time",
            source,
        };
        let slot = tokio::time::timeout(PATIENCE, Arc::clone(&self.slots).acquire_owned())
            .await
            .map_err(|late| busy(late.into()))?
            .map_err(|closed| busy(closed.into()))?;
        let runs = Arc::clone(&self.runs);
        let task = tokio::task::spawn_blocking(move || {
            let outcome = work();
            runs.fetch_add(1, Ordering::Relaxed);
            drop(slot);
            outcome
        });
        task.await.map_err(|stopped| busy(stopped.into()))
    }
}

/// Hashed with other parameters than [`hasher`] uses now.
fn is_outdated(phc: &str) -> bool {
    !phc.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

fn hasher() -> Result<Argon2<'static>, Failure> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(refused)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, Failure> {
    let hash = hasher()?
        .hash_password_with_salt(password, salt)
        .map_err(refused)?;
    Ok(hash.to_string())
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Internal {
        step: "hash a password",
        source: error.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let hashing = Hashing::new().unwrap();
        let phc = hashing.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let verify = |password: &str| hashing.verify(password.to_owned(), Some(phc.clone()));
        assert_eq!(verify("correct horse battery").await.unwrap(), Verdict::Right);
        assert_eq!(verify("correct horse").await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_is_never_signed_in_and_costs_as_much() {
        let hashing = Hashing::new().unwrap();
        let verdict = hashing.verify(String::new(), None).await.unwrap();
        assert_eq!((verdict, hashing.runs()), (Verdict::Wrong, 1));
        let far_too_long = "long ".repeat(1_000);
        let verdict = hashing.verify(far_too_long, None).await.unwrap();
        assert_eq!((verdict, hashing.runs()), (Verdict::Wrong, 2));
    }

    #[tokio::test]
    async fn a_password_hashed_with_less_work_is_right_and_said_to_be_old() {
        let hashing = Hashing::new().unwrap();
        let weaker = Params::new(9_216, 4, 1, None).unwrap();
        let phc = Argon2::new(Algorithm::Argon2id, Version::V0x13, weaker)
            .hash_password_with_salt(b"correct horse battery", &[7; 16])
            .unwrap()
            .to_string();
        let verify = |password: &str| hashing.verify(password.to_owned(), Some(phc.clone()));
        assert_eq!(
            verify("correct horse battery").await.unwrap(),
            Verdict::RightButOutdated
        );
        assert_eq!(verify("correct horse").await.unwrap(), Verdict::Wrong);
    }
}

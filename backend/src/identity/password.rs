//! Argon2id, off the async threads and never too many at once: each hash takes 19 MiB.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

use crate::platform::{clock::random, http::Failure};

/// OWASP's minimum: m = 19456 KiB, t = 2, p = 1. The parameters travel with each hash, so raising them
/// here leaves older passwords working.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer ones are no password; hashing them would be a gift of our time.
pub const LONGEST_BYTES: usize = 1_024;

#[derive(Clone)]
pub struct Hashing {
    slots: Arc<Semaphore>,
    /// What an unknown name is compared with, so that its answer takes as long as any other.
    nobody: Arc<str>,
}

impl Hashing {
    pub fn new() -> Result<Self, Failure> {
        let nobody = hash(&random::<16>(), &random::<16>())?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: nobody.into(),
        })
    }

    pub async fn hash(&self, password: String) -> Result<String, Failure> {
        self.on_a_thread(move || hash(password.as_bytes(), &random::<16>()))
            .await?
    }

    /// Whether `password` is the one behind `phc`. Without a `phc` the answer is no, as late as ever.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, Failure> {
        let nobody = Arc::clone(&self.nobody);
        self.on_a_thread(move || {
            let known = phc.is_some();
            let stored = phc.as_deref().unwrap_or(&nobody);
            let matches = PasswordHash::new(stored).is_ok_and(|stored| {
                hasher().is_ok_and(|argon| argon.verify_password(password.as_bytes(), &stored).is_ok())
            });
            known && matches
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
        let task = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(slot);
            outcome
        });
        task.await.map_err(|stopped| busy(stopped.into()))
    }
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
        assert!(verify("correct horse battery").await.unwrap());
        assert!(!verify("correct horse").await.unwrap());
    }

    #[tokio::test]
    async fn nobody_is_never_signed_in() {
        let hashing = Hashing::new().unwrap();
        assert!(!hashing.verify(String::new(), None).await.unwrap());
    }
}

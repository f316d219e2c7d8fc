//! Argon2id, off the async threads and never too many at once: each hash takes 19 MiB, and the few
//! pieces of memory for it are used again. Left to the allocator, a burst of sign-ins would keep a
//! piece for every thread that ever hashed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq;
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
    memory: Arc<Mutex<Vec<Memory>>>,
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
        let mut memory = Memory::new();
        let nobody = hash(&random::<16>(), &random::<16>(), &mut memory)?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            memory: Arc::new(Mutex::new(vec![memory])),
            nobody: nobody.into(),
            runs: Arc::default(),
        })
    }

    /// How often Argon2 has run. Every answer to a password costs exactly one, whoever was named.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    pub async fn hash(&self, password: String) -> Result<String, Failure> {
        self.on_a_thread(move |memory| hash(normalised(&password).as_bytes(), &random::<16>(), memory))
            .await?
    }

    /// Whether `password` is the one behind `phc`. Without a `phc`, and for one that is too long to be
    /// a password, the answer is no, as late as ever.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<Verdict, Failure> {
        let nobody = Arc::clone(&self.nobody);
        self.on_a_thread(move |memory| {
            let too_long = password.len() > LONGEST_BYTES;
            let password = if too_long {
                String::new()
            } else {
                normalised(&password)
            };
            let known = phc.is_some() && !too_long;
            let stored = phc.as_deref().unwrap_or(&nobody);
            let matches = is_behind(password.as_bytes(), stored, memory);
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
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = |source| Failure::Unavailable {
            step: "check a password in time",
            source,
        };
        let slot = tokio::time::timeout(PATIENCE, Arc::clone(&self.slots).acquire_owned())
            .await
            .map_err(|late| busy(late.into()))?
            .map_err(|closed| busy(closed.into()))?;
        let (runs, idle) = (Arc::clone(&self.runs), Arc::clone(&self.memory));
        let task = tokio::task::spawn_blocking(move || {
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = taken.unwrap_or_default();
            let outcome = work(&mut memory);
            runs.fetch_add(1, Ordering::Relaxed);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
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

type Memory = Vec<Block>;

/// Fills `out` with what Argon2 makes of the password.
fn fill(argon: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8], memory: &mut Memory) -> bool {
    memory.resize(argon.params().block_count(), Block::new());
    argon
        .hash_password_into_with_memory(password, salt, out, memory)
        .is_ok()
}

fn is_behind(password: &[u8], phc: &str, memory: &mut Memory) -> bool {
    let Ok(stored) = PasswordHash::new(phc) else {
        return false;
    };
    let (Some(salt), Some(wanted)) = (&stored.salt, &stored.hash) else {
        return false;
    };
    let (Ok(algorithm), Ok(version), Ok(params)) = (
        Algorithm::try_from(stored.algorithm.as_str()),
        Version::try_from(stored.version.unwrap_or(0)),
        Params::try_from(&stored),
    ) else {
        return false;
    };
    let mut found = vec![0; wanted.len()];
    let argon = Argon2::new(algorithm, version, params);
    fill(&argon, password, salt.as_ref(), &mut found, memory) && found.ct_eq(wanted.as_bytes()).into()
}

fn hash(password: &[u8], salt: &[u8; 16], memory: &mut Memory) -> Result<String, Failure> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(refused)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut digest = [0; Params::DEFAULT_OUTPUT_LEN];
    if !fill(&argon, password, salt, &mut digest, memory) {
        return Err(refused("Argon2 took neither the password nor the salt"));
    }
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon.params()).map_err(refused)?,
        salt: Some(Salt::new(salt).map_err(refused)?),
        hash: Some(Output::new(&digest).map_err(refused)?),
    };
    Ok(phc.to_string())
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
    use argon2::PasswordHasher;

    #[tokio::test]
    async fn a_burst_of_sign_ins_leaves_no_more_memory_than_runs_at_once() {
        let hashing = Hashing::new().unwrap();
        let tries = (0..12).map(|_| hashing.verify("wrong".to_owned(), None));
        futures_util::future::join_all(tries).await;
        let idle = hashing.memory.lock().unwrap().len();
        assert!((1..=AT_ONCE).contains(&idle), "{idle} pieces of memory");
    }

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

//! Passwords: argon2id at the cost OWASP names, a bounded number at a time.

use std::sync::Arc;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::ApiError;
use crate::work::Work;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at a time: each takes 19 MiB and about 50 ms of a core.
const HASHES_AT_ONCE: usize = 2;
/// Hashes waiting for their turn; beyond them callers are asked to come back.
const WAITING_MAX: usize = 64;
pub(crate) const LENGTH_MIN: usize = 8;
/// Bytes; a longer one only costs time.
pub(crate) const LENGTH_MAX: usize = 256;

/// Makes and checks password hashes. Clones share the bound.
#[derive(Clone)]
pub struct Passwords {
    work: Work,
    /// Checked when there is no such account, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    pub fn new() -> Result<Self, ApiError> {
        Ok(Self {
            work: Work::new(HASHES_AT_ONCE, WAITING_MAX),
            decoy: hash("nobody has this password")?.into(),
        })
    }

    /// The PHC text to store.
    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.work.run(move || hash(&password)).await?
    }

    /// Whether the password belongs to the stored hash; without one, an equally long no.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, ApiError> {
        let (known, against) = (stored.is_some(), stored.unwrap_or_else(|| self.decoy.to_string()));
        let matches = self.work.run(move || verify(&password, &against)).await?;
        Ok(matches && known)
    }
}

fn argon2() -> Result<Argon2<'static>, ApiError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| hashing(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, ApiError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2()?
        .hash_password(password.as_bytes(), &salt)
        .map_err(|error| hashing(&error))?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn hashing(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("a password could not be hashed: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(
            passwords
                .verify("correct horse".into(), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("battery staple".into(), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn no_account_has_the_decoys_password() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.verify("nobody has this password".into(), None).await.unwrap());
    }
}

//! Opaque random secrets. Only their SHA-256 is stored, so a stolen database opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gosight_store::meta::TokenPair;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use crate::ApiError;

/// Life of an access token.
pub const ACCESS_LIFE_MS: i64 = 15 * 60 * 1000;
/// Life of a refresh token; each use gives a new one.
pub const REFRESH_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Name of the cookie that holds the refresh token.
pub const REFRESH_COOKIE: &str = "gosight_refresh";
/// 192 bits: nobody guesses it.
const SECRET_BYTES: usize = 24;

/// A secret to show once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl Secret {
    /// A fresh secret; `prefix` says to people (and to leak scanners) what it is.
    pub fn new(prefix: &str) -> Result<Self, ApiError> {
        let mut bytes = [0; SECRET_BYTES];
        OsRng.try_fill_bytes(&mut bytes).map_err(ApiError::internal)?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    pub fn sha256(&self) -> [u8; 32] {
        Self::sha256_of(&self.0)
    }

    pub fn sha256_of(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }
}

/// A new access token and a new refresh token, with what to store of them.
pub fn pair(now_ms: i64) -> Result<(Secret, Secret, TokenPair), ApiError> {
    let (access, refresh) = (Secret::new("gsa_")?, Secret::new("gsr_")?);
    let stored = TokenPair {
        access_sha256: access.sha256(),
        access_expires_at_ms: now_ms + ACCESS_LIFE_MS,
        refresh_sha256: refresh.sha256(),
        refresh_expires_at_ms: now_ms + REFRESH_LIFE_MS,
    };
    Ok((access, refresh, stored))
}

/// The `Set-Cookie` value that keeps a refresh token; an empty one takes it away.
pub fn refresh_cookie(token: &str, is_https: bool) -> String {
    let max_age_s = if token.is_empty() { 0 } else { REFRESH_LIFE_MS / 1000 };
    let secure = if is_https { "; Secure" } else { "" };
    format!("{REFRESH_COOKIE}={token}; Path=/api/v1/auth; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

//! Passwords: argon2id, kept as PHC strings. A hash costs 20 ms and 19 MiB, so at most two are made at a time, on
//! threads of their own.

use crate::{chance, tasks};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many hashes are made at a time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// How many may wait for it, the two included: whoever comes then would wait for seconds.
static PLACES: Semaphore = Semaphore::const_new(128);

/// Too many passwords are looked at already, or the server is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords at once")]
pub struct Busy;

/// Runs it when it is its turn.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
    let _place = PLACES.try_acquire().map_err(|_| Busy)?;
    let _turn = AT_ONCE.acquire().await.map_err(|_| Busy)?;
    tasks::blocking("password", work).await.map_err(|_| Busy)
}

/// Hashes a new password. For use outside of the runtime.
pub fn hash_now(password: &str) -> Arc<str> {
    let mut salt = [0; 16];
    chance::fill(&mut salt);
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.expect("argon2 hashes any password of a request's length").to_string().into()
}

/// Hashes a new password.
///
/// # Errors
///
/// [`Busy`].
pub async fn hash(password: String) -> Result<Arc<str>, Busy> {
    in_turn(move || hash_now(&password)).await
}

/// Is this the password of this hash? Without a hash it takes the same time to say no.
///
/// # Errors
///
/// [`Busy`].
pub async fn verify(password: String, hash: Option<Arc<str>>) -> Result<bool, Busy> {
    in_turn(move || {
        let Some(hash) = hash else {
            hash_now(&password);
            return false;
        };
        // A hash that cannot be read fits no password.
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_own_password_alone() {
        let made = hash("demo".to_owned()).await.unwrap();
        assert!(made.starts_with("$argon2id$"), "{made}");
        assert_eq!(verify("demo".to_owned(), Some(made.clone())).await, Ok(true));
        assert_eq!(verify("Demo".to_owned(), Some(made)).await, Ok(false));
        assert_eq!(verify("demo".to_owned(), Some("plain".into())).await, Ok(false));
        assert_eq!(verify("demo".to_owned(), None).await, Ok(false));
    }
}

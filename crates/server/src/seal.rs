//! Seals what must be read again (secrets of access keys and webhooks), so that a copy of the database gives none away.
//!
//! AES-256-GCM with a key that lies outside of the database: the file `seal.key` in the data folder (mode 0600), or
//! the environment variable `SANGDAM_SEAL_KEY`. What is sealed is base64 of version, nonce, ciphertext and tag.

use crate::chance;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The first byte of everything sealed: what follows is laid out as this build does it.
const VERSION: u8 = 1;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The key's file cannot be read or made.
    #[error("the key file {0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// Others may read the key's file.
    #[error("the key file {0} can be read by others: chmod 600 it")]
    Open(PathBuf),
    /// What was given is not 32 bytes in base64.
    #[error("{0}: a key is 32 bytes in base64")]
    NotAKey(String),
}

/// Holds the key, and one made of it for codes.
#[derive(Debug)]
pub struct Sealer(LessSafeKey, hmac::Key);

impl Sealer {
    /// Takes the key from the environment, or from the data folder, where it is made if there is none.
    ///
    /// # Errors
    ///
    /// A [`Fault`], if there is a key that cannot be used.
    pub fn open(data: &Path) -> Result<Self, Fault> {
        if let Ok(text) = std::env::var("SANGDAM_SEAL_KEY") {
            return Self::of(&text).ok_or_else(|| Fault::NotAKey("SANGDAM_SEAL_KEY".to_owned()));
        }
        let path = data.join("seal.key");
        let fault = |fault| Fault::File(path.clone(), fault);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mode = fs::metadata(&path).map_err(fault)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(Fault::Open(path));
                }
                Self::of(text.trim()).ok_or_else(|| Fault::NotAKey(path.display().to_string()))
            }
            Err(none) if none.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                chance::fill(&mut key);
                let text = STANDARD.encode(key);
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)
                    .map_err(fault)?;
                writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(fault)?;
                Self::of(&text).ok_or_else(|| Fault::NotAKey(path.display().to_string()))
            }
            Err(other) => Err(fault(other)),
        }
    }

    /// A key in base64.
    fn of(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32)?;
        // One key for one purpose: that of codes follows from the other, and tells nothing of it.
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), b"sangdam.mac.1");
        let own = hmac::Key::new(hmac::HMAC_SHA256, own.as_ref());
        Some(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).ok()?), own))
    }

    /// Seals; twice the same gives two different texts.
    pub fn seal(&self, secret: &[u8]) -> String {
        let mut nonce = [0; NONCE_LEN];
        chance::fill(&mut nonce);
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from([VERSION]),
                &mut sealed,
            )
            .expect("AES-GCM seals anything shorter than 64 GiB");
        let mut all = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
        all.push(VERSION);
        all.extend_from_slice(&nonce);
        all.extend_from_slice(&sealed);
        STANDARD.encode(all)
    }

    /// A code for these bytes that only this key makes, the same each time.
    pub fn mac(&self, what: &[u8]) -> [u8; 32] {
        let mut code = [0; 32];
        code.copy_from_slice(hmac::sign(&self.1, what).as_ref());
        code
    }

    /// Opens what [`Self::seal`] made; none if it was changed, or sealed with another key.
    pub fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        let all = STANDARD.decode(sealed).ok()?;
        let (version, rest) = all.split_first()?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = (*version == VERSION)
            .then(|| self.0.open_in_place(nonce, Aad::from([VERSION]), &mut text).ok())??
            .len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Sealer {
        Sealer::of(&STANDARD.encode([byte; 32])).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_again_and_shows_nothing() {
        let holder = key(1);
        for secret in [b"".as_slice(), b"sangdam-demo-secret"] {
            let sealed = holder.seal(secret);
            assert_eq!(holder.unseal(&sealed).unwrap(), secret);
            assert_ne!(sealed, holder.seal(secret), "no nonce comes twice");
        }
    }

    #[test]
    fn a_code_is_the_same_each_time_and_another_by_another_key() {
        assert_eq!(key(1).mac(b"a"), key(1).mac(b"a"));
        assert_ne!(key(1).mac(b"a"), key(1).mac(b"b"));
        assert_ne!(key(1).mac(b"a"), key(2).mac(b"a"));
    }

    #[test]
    fn another_key_or_a_changed_byte_opens_nothing() {
        let sealed = key(1).seal(b"secret");
        assert_eq!(key(2).unseal(&sealed), None);
        let mut bytes = STANDARD.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(key(1).unseal(&STANDARD.encode(&bytes)), None, "byte {at}");
            bytes[at] ^= 1;
        }
        for text in ["", "AQ==", "not base64"] {
            assert_eq!(key(1).unseal(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = std::env::temp_dir().join(format!("sangdam-seal-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let sealed = Sealer::open(&folder).unwrap().seal(b"x");
        assert_eq!(Sealer::open(&folder).unwrap().unseal(&sealed).unwrap(), b"x");
        let path = folder.join("seal.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Sealer::open(&folder), Err(Fault::Open(_))));
        fs::remove_dir_all(&folder).unwrap();
    }
}

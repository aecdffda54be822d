//! Names nobody can guess, from one seed that is handed in.
//!
//! Tags, branches and Call-IDs must be unique and hard to guess (RFC 3261 §19.3). They are made here by hashing the seed
//! with a counter: the same seed tells the same story, another seed an unrelated one, and nobody who sees one name can
//! compute the next. The same seed keys the hash tables, so that a stranger cannot fill one bucket.

use std::hash::{BuildHasher, DefaultHasher, Hasher};

use sha2::{Digest, Sha256};

/// A well of unguessable names.
#[derive(Clone)]
pub struct Mint {
    seed: [u8; 32],
    drawn: u64,
}

impl std::fmt::Debug for Mint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mint({} drawn)", self.drawn)
    }
}

impl Mint {
    /// The well of this seed. Two wells that live at the same time need two seeds.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Sixteen bytes that were never drawn before.
    pub fn bytes(&mut self) -> [u8; 16] {
        self.drawn = self.drawn.wrapping_add(1);
        let hash = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        bytes
    }

    /// A name of 16 characters, 64 bits of chance: a tag.
    pub fn name(&mut self) -> String {
        let bytes = self.bytes();
        hex(bytes.get(..8).unwrap_or(&bytes))
    }

    /// A branch with the magic cookie (RFC 3261 §8.1.1.7).
    pub fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.name())
    }

    /// A Call-ID of 32 characters.
    pub fn call_id(&mut self) -> String {
        hex(&self.bytes())
    }

    /// A number below `bound`, for spreading load; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let half = self.bytes().first_chunk::<8>().copied().unwrap_or_default();
        u64::from_be_bytes(half).checked_rem(bound).unwrap_or(0)
    }

    /// A key for hash tables and keyed hashes, unrelated to every name.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"key")
            .chain_update(purpose)
            .chain_update(self.seed)
            .finalize()
            .into()
    }

    /// Hashers of tables whose buckets a stranger cannot foresee. They read no chance of the system.
    pub fn hashing(&self) -> Hashing {
        Hashing(self.key("tables"))
    }
}

/// Builds the hashers of this crate's tables. No table is ever walked, so its order shows nowhere.
#[derive(Clone)]
pub struct Hashing([u8; 32]);

impl BuildHasher for Hashing {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.0);
        hasher
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_tells_one_story_and_no_name_twice() {
        let (mut a, mut b) = (Mint::new([7; 32]), Mint::new([7; 32]));
        let drawn: Vec<_> = (0..100).map(|_| a.name()).collect();
        assert_eq!(drawn, (0..100).map(|_| b.name()).collect::<Vec<_>>());
        let mut unique = drawn.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), drawn.len());
        assert_ne!(Mint::new([8; 32]).name(), drawn[0]);
    }
}

//! A map for what a centre has many of: one look costs one or two cache lines, however many there are.
//!
//! In a tree of 5,000 rooms every look walks four nodes that nobody has touched for a while; on a hot path that was half
//! of all the time spent deciding. Here the order of the slots depends on the past, so it is never shown: whoever wants
//! to see everything sees it in the order of the keys, and pays for the sorting.
//!
//! Keys are ids made by us (random, or hashes of secrets), so nobody outside can choose keys that collide.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Index;

/// Folds the key's own bits: they are random already.
#[derive(Debug, Clone, Copy, Default)]
struct Fold(u64);

impl Fold {
    fn add(&mut self, word: u64) {
        // An odd constant with bits all over (2^64 / the golden ratio): carries every bit of the word to the top.
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    // The length of a key is that of its type.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        // The map takes its place from the low bits and a tag from the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

/// See the module. Values lie on their own, so that the table itself stays small when it grows.
#[derive(Clone)]
pub(crate) struct Table<K, V>(HashMap<K, Box<V>, BuildHasherDefault<Fold>>);

impl<K: Copy + Ord + Hash, V> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|value| &**value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key).map(|value| &mut **value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, Box::new(value));
    }

    pub(crate) fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(|| Box::new(value()))
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.0.remove(key).map(|value| *value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything, in the order of the keys. Costs a sort: not for a hot path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut all: Vec<(&K, &V)> = self.0.iter().map(|(key, value)| (key, &**value)).collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all.into_iter()
    }

    /// See [`Self::iter`].
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// See [`Self::iter`].
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Eq + Hash, V: PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Eq + Hash, V: Eq> Eq for Table<K, V> {}

impl<K: Copy + Ord + Hash + fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Copy + Ord + Hash, V> Index<&K> for Table<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        &self.0[key]
    }
}

impl<K: Copy + Ord + Hash, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(all: I) -> Self {
        Self(all.into_iter().map(|(key, value)| (key, Box::new(value))).collect())
    }
}

impl<K: Copy + Ord + Hash + Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de, K, V> Deserialize<'de> for Table<K, V>
where
    K: Copy + Ord + Hash + Deserialize<'de>,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<K, V>::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Seeded;
    use crate::id::RoomId;
    use crate::time::Millis;

    fn rooms(count: u64) -> Vec<RoomId> {
        let mut chance = Seeded::new(7);
        (0..count).map(|n| RoomId::new(Millis(1_763_700_000_000 + n / 3), &mut chance)).collect()
    }

    #[test]
    fn it_is_seen_in_the_order_of_its_keys_whatever_its_past() {
        let ids = rooms(1_000);
        let forth: Table<RoomId, u8> = ids.iter().map(|id| (*id, 1)).collect();
        let mut back: Table<RoomId, u8> = ids.iter().rev().map(|id| (*id, 1)).collect();
        for id in &rooms(2_000)[1_000..] {
            back.insert(*id, 2);
        }
        for id in &rooms(2_000)[1_000..] {
            assert_eq!(back.remove(id), Some(2));
        }
        assert_eq!(forth, back);
        assert!(forth.keys().is_sorted() && forth.keys().eq(back.keys()));
        let text = serde_json::to_string(&forth).unwrap();
        assert_eq!(text, serde_json::to_string(&back).unwrap());
        assert_eq!(serde_json::from_str::<Table<RoomId, u8>>(&text).unwrap(), forth);
    }

    #[test]
    fn ids_of_one_moment_do_not_crowd() {
        let mut low = BTreeMap::new();
        for id in rooms(4_096) {
            let mut fold = Fold::default();
            id.hash(&mut fold);
            *low.entry(fold.finish() % 4_096).or_insert(0_u32) += 1;
        }
        // Thrown at random, the fullest of 4,096 places holds about 7.
        assert!(low.values().max().is_some_and(|most| *most < 12), "{:?}", low.values().max());
    }
}

//! The only randomness: the operating system's, fetched a block at a time.

use domain::chance::Chance;
use std::cell::RefCell;

/// So many draws of 32 bytes cost one system call.
const DRAWS: usize = 32;

/// Bytes fetched and not yet given out; what was given out is erased.
struct Block {
    bytes: [u8; DRAWS * 32],
    used: usize,
}

thread_local! {
    static BLOCK: RefCell<Block> = const { RefCell::new(Block { bytes: [0; DRAWS * 32], used: DRAWS }) };
}

/// The operating system's chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Os;

impl Chance for Os {
    fn bytes(&mut self) -> [u8; 32] {
        BLOCK.with_borrow_mut(|block| {
            if block.used == DRAWS {
                fill(&mut block.bytes);
                block.used = 0;
            }
            let mut drawn = [0; 32];
            let at = block.used * 32;
            drawn.copy_from_slice(&block.bytes[at..at + 32]);
            block.bytes[at..at + 32].fill(0);
            block.used += 1;
            drawn
        })
    }
}

/// Fills a buffer with random bytes.
pub fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes)
        .expect("the operating system gives random bytes: without them no token would be a secret");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_draw_comes_twice() {
        let mut seen: Vec<[u8; 32]> = (0..DRAWS * 3).map(|_| Os.bytes()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), DRAWS * 3);
        assert!(!seen.contains(&[0; 32]));
    }
}

//! A disk that is only bytes: deeds as they would be written, a batch at a time, and a snapshot.
//!
//! A batch is there as a whole or not at all; which of the two, after a crash, nobody knows who did not look.

use domain::centre::Centre;
use domain::fact::Deed;
use domain::time::Millis;

/// What survives.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    deeds: Vec<String>,
    snapshot: Option<(u64, String)>,
    /// Nothing can be written until then.
    pub(crate) full_until: Millis,
}

impl Disk {
    /// The number of the newest deed.
    pub(crate) fn last(&self) -> u64 {
        self.deeds.len() as u64
    }

    /// Writes a batch, and reads it back.
    pub(crate) fn write(&mut self, first: u64, deeds: &[Deed]) {
        assert_eq!(first, self.last() + 1, "the journal has a gap, or a deed twice");
        for deed in deeds {
            let text = serde_json::to_string(deed).expect("a deed can be written");
            let read: Deed = serde_json::from_str(&text).expect("a deed can be read");
            assert_eq!(read, *deed, "a deed is read as it was written");
            self.deeds.push(text);
        }
    }

    /// Keeps the state as it was after the newest deed.
    pub(crate) fn keep(&mut self, centre: &Centre) {
        self.snapshot =
            Some((self.last(), serde_json::to_string(centre).expect("a centre can be written")));
    }

    /// The state, out of the snapshot and all deeds after it.
    pub(crate) fn rebuild(&self) -> Centre {
        let (seq, centre) = match &self.snapshot {
            Some((seq, text)) => {
                (*seq, serde_json::from_str(text).expect("a snapshot can be read"))
            }
            None => (0, Centre::default()),
        };
        self.retell(seq, centre)
    }

    /// The state, out of all deeds.
    pub(crate) fn rebuild_from_nothing(&self) -> Centre {
        self.retell(0, Centre::default())
    }

    fn retell(&self, after: u64, mut centre: Centre) -> Centre {
        let from = usize::try_from(after).expect("a story fits into memory");
        for text in &self.deeds[from..] {
            let deed: Deed = serde_json::from_str(text).expect("a deed can be read");
            for fact in &deed.facts {
                centre.apply(deed.at, fact);
            }
        }
        centre.resume();
        centre
    }
}

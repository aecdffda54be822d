//! Where mail waits for one reader. A reader who falls too far behind has lost the mailbox: what waits is dropped, and
//! a publisher is never held up.

use super::Mail;
use super::local::Shelves;
use domain::node::Topic;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

/// An emptied queue that had room for more than this gives it back: most mailboxes are idle most of the time, and what a
/// chat's beginning brings at once would stay with it for good.
const ROOM: usize = 4;

/// One mailbox, as everybody sees it.
#[derive(Debug)]
pub(super) struct Slot {
    limit: usize,
    /// The last publication that came here, so that none comes twice. Only changed with the hub's shelves locked.
    pub(super) round: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Mail>,
    waker: Option<Waker>,
    /// Too much was waiting, or nobody reads any more.
    lost: bool,
    topics: Vec<Topic>,
}

impl Slot {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays mail down; the waker that comes back is to be woken once all locks are released.
    pub(super) fn lay(&self, mail: Mail) -> Option<Waker> {
        let mut inner = self.inner();
        if inner.lost {
            return None;
        }
        if inner.queue.len() >= self.limit {
            inner.lost = true;
            inner.queue = VecDeque::new();
        } else {
            inner.queue.push_back(mail);
        }
        inner.waker.take()
    }

    /// Notes a topic; false when it is noted already, or nobody reads any more.
    pub(super) fn note(&self, topic: &Topic) -> bool {
        let mut inner = self.inner();
        let new = !inner.lost && !inner.topics.contains(topic);
        if new {
            inner.topics.push(topic.clone());
        }
        new
    }

    /// Forgets a topic.
    pub(super) fn forget(&self, topic: &Topic) {
        self.inner().topics.retain(|noted| noted != topic);
    }
}

/// The end of a mailbox into which mail is put. Clones are the same mailbox.
#[derive(Debug, Clone)]
pub struct Mailbox(pub(super) Arc<Slot>);

impl Mailbox {
    /// A mailbox for so many letters, and its reader.
    pub(super) fn new(limit: usize, shelves: Weak<Mutex<Shelves>>) -> (Self, Letters) {
        let slot = Arc::new(Slot { limit, round: AtomicU64::new(0), inner: Mutex::default() });
        (Self(slot.clone()), Letters { slot, shelves })
    }

    /// Puts mail in. It is dropped when the reader has gone, or is too far behind.
    pub fn put(&self, mail: Mail) {
        if let Some(waker) = self.0.lay(mail) {
            waker.wake();
        }
    }
}

/// The end at which mail is read. When it is dropped, nothing is watched any more.
#[derive(Debug)]
pub struct Letters {
    slot: Arc<Slot>,
    shelves: Weak<Mutex<Shelves>>,
}

impl Letters {
    /// The next letter; none when the mailbox was lost.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Mail>> {
        let mut inner = self.slot.inner();
        if let Some(mail) = inner.queue.pop_front() {
            if inner.queue.is_empty() && inner.queue.capacity() > ROOM {
                inner.queue = VecDeque::new();
            }
            return Poll::Ready(Some(mail));
        }
        if inner.lost {
            return Poll::Ready(None);
        }
        if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            inner.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// The same, awaited.
    pub async fn recv(&mut self) -> Option<Mail> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        let topics = {
            let mut inner = self.slot.inner();
            inner.lost = true;
            inner.queue = VecDeque::new();
            inner.waker = None;
            std::mem::take(&mut inner.topics)
        };
        if let Some(shelves) = self.shelves.upgrade() {
            let mut shelves = shelves.lock().unwrap_or_else(PoisonError::into_inner);
            for topic in &topics {
                shelves.remove(topic, &self.slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mailbox_that_was_emptied_gives_back_what_a_burst_took() {
        let (mailbox, mut letters) = Mailbox::new(100, Weak::new());
        for _ in 0..12 {
            mailbox.put(Mail::Missed);
        }
        for _ in 0..12 {
            assert!(matches!(letters.recv().await, Some(Mail::Missed)));
        }
        assert!(mailbox.0.inner().queue.capacity() <= ROOM);
    }
}

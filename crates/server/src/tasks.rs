//! The only place that starts tasks and threads, so that each has a name, is counted, and cannot end the process.
//!
//! A task or thread that panics ends alone; [`watch_panics`] logs where and counts it. The message of a panic may hold
//! what somebody wrote, so it is not logged.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// Something that ran elsewhere panicked (a bug), or the server is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} ended early")]
pub struct Ended(pub &'static str);

/// A running task.
#[derive(Debug)]
pub struct Task<T>(tokio::task::JoinHandle<T>, &'static str);

impl<T> Task<T> {
    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// [`Ended`] if it panicked or was stopped.
    pub async fn end(self) -> Result<T, Ended> {
        self.0.await.map_err(|_| Ended(self.1))
    }

    /// Ends it at its next point of rest.
    pub fn stop(&self) {
        self.0.abort();
    }
}

/// Starts a task.
#[expect(clippy::disallowed_methods, reason = "this is the one place that starts tasks")]
pub fn spawn<F>(name: &'static str, task: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Task(tokio::spawn(task), name)
}

/// How long after its end a worker begins anew.
const AGAIN: Duration = Duration::from_secs(1);

/// Starts a task that does its work anew whenever it has ended, until the server stops: whoever has missed something asks for
/// what is open, and goes on from there.
pub fn worker<F>(
    name: &'static str,
    mut stop: watch::Receiver<bool>,
    mut work: impl FnMut() -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    spawn(name, async move {
        let again = async {
            loop {
                work().await;
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = again => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
}

/// Starts a thread with a name (the system shows its first 15 bytes).
///
/// # Errors
///
/// If the system has no thread to give.
pub fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Does what takes long (a password's hash, a file) where it holds up nobody.
///
/// # Errors
///
/// [`Ended`] if it panicked.
pub async fn blocking<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Ended> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Ended(name))
}

/// From now on every panic is logged by its place, and counted as `sangdam_panics_total`.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        metrics::counter!("sangdam_panics_total").increment(1);
        let place = panic
            .location()
            .map_or_else(|| "unknown".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
        let thread = std::thread::current();
        tracing::error!(
            place,
            thread = thread.name().unwrap_or("unnamed"),
            "a bug: something panicked and was ended"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_task_and_no_other() {
        let broken = spawn("broken", async { assert!(std::hint::black_box(false), "on purpose") });
        assert_eq!(broken.end().await, Err(Ended("broken")));
        assert_eq!(blocking("fine", || 7).await, Ok(7));
        let thread =
            thread("broken-thread", || assert!(std::hint::black_box(false), "on purpose")).unwrap();
        assert!(thread.join().is_err());
    }
}

//! What a process has set going, and how it comes to rest: work on threads that was dropped in its midst, and processes
//! that outlive the one who started them.

use std::time::Duration;

use rustix::process::Signal;
use stapel_text::{Problem, problem, text};
use tokio::task::JoinError;
use tokio_util::task::TaskTracker;

use crate::{until, with_variable};

/// The variable by which all processes of one run are known: those that it starts inherit it, also through programs that
/// are not ours (`docker compose` starts others), and it stays readable when their parent is gone.
pub const MARK: &str = "STAPEL_RUN";

const LOOK: Duration = Duration::from_millis(10);
/// For blocking work to end: at most some files are copied.
const SETTLES: Duration = Duration::from_mins(2);
/// For a process that was killed to be gone: one that waits for a disk takes that long.
const GONE: Duration = Duration::from_secs(30);

fn tracker() -> &'static TaskTracker {
    static TRACKER: std::sync::LazyLock<TaskTracker> = std::sync::LazyLock::new(|| {
        let tracker = TaskTracker::new();
        tracker.close();
        tracker
    });
    &TRACKER
}

/// Runs blocking work without holding up everything else. It goes on to its end even when nobody waits for it any more;
/// [`settled`] waits for that.
///
/// # Errors
/// When it panics.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    tracker().spawn_blocking(work).await
}

/// The mark of this process's run, if it has one.
#[must_use]
pub fn mark() -> Option<String> {
    std::env::var(MARK).ok().filter(|m| !m.is_empty())
}

/// Everything that this process has set going and dropped is at rest: blocking work has ended, processes that were
/// started on the way are gone.
pub async fn settled() {
    if tokio::time::timeout(SETTLES, tracker().wait()).await.is_err() {
        // A file system that does not answer must not keep a way back from being gone for ever.
        tracing::warn!("blocking work has not ended");
    }
    if let Some(mark) = mark()
        && let Err(problem) = end_all(&mark).await
    {
        tracing::warn!(%problem, "a process of this run could not be ended");
    }
}

/// Ends every process with this mark but this one.
///
/// # Errors
/// `timed-out` when one cannot be killed.
pub async fn end_all(mark: &str) -> Result<(), Problem> {
    let wanted = [format!("{MARK}={mark}")];
    until(text!("host-await-end"), LOOK, GONE, || {
        let left = with_variable(&wanted);
        left.iter().for_each(|process| process.signal(Signal::KILL));
        std::future::ready(Ok(left.is_empty().then_some(())))
    })
    .await
    .map_err(|why| problem!(Failed, "host-not-ended", mark = mark).because(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProcessId;

    #[tokio::test]
    async fn what_a_run_has_started_is_ended_whoever_its_parent_is() {
        let mark = format!("test-{}", ProcessId::me().pid);
        // The shell ends at once, its child stays, as under an agent that was killed.
        let started = crate::Command::new("sh").args(["-c", "sleep 1000 > /dev/null 2>&1 & echo $!"]);
        let said = started.env(MARK, &mark).run().await.unwrap().stdout;
        let child = ProcessId::of(said.trim().parse().unwrap());
        assert!(child.alive());
        end_all("another").await.unwrap();
        assert!(child.alive());
        end_all(&mark).await.unwrap();
        assert!(!child.alive());
        end_all(&mark).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_waited_for_in_the_end() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (done, seen) = std::sync::mpsc::channel();
        let dropped = blocking(move || {
            let _ = receiver.recv();
            let _ = done.send(());
        });
        tokio::select! { biased; _ = dropped => unreachable!("it waits for us"), () = std::future::ready(()) => {} }
        drop(sender);
        settled().await;
        seen.try_recv().unwrap();
    }
}

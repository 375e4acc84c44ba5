use std::time::Duration;

use stapel_text::{Problem, Text, problem, seconds};

/// Looks every `every` until `look` has something, at most for `limit`; then the problem names `what` was awaited.
///
/// This is the one place where Stapel waits: always for a condition, always with a bound.
///
/// # Errors
/// What `look` fails with, or `timed-out`.
pub async fn until<T, F, L>(what: Text, every: Duration, limit: Duration, mut look: L) -> Result<T, Problem>
where
    L: FnMut() -> F,
    // Not `AsyncFnMut`: its futures cannot be said to be `Send` yet, and steps must be.
    F: Future<Output = Result<Option<T>, Problem>>,
{
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let looking = async {
        loop {
            tick.tick().await;
            if let Some(found) = look().await? {
                return Ok(found);
            }
        }
    };
    tokio::time::timeout(limit, looking)
        .await
        .unwrap_or_else(|_| Err(problem!(Failed, "timed-out", what = what, limit = seconds(limit.as_secs_f64()))))
}

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

/// Tries until it succeeds, fails with what is not worth another try by `again`, or the time is over; gives the last
/// answer. An attempt is never dropped in its midst: the time is looked at between two of them.
///
/// # Errors
/// What the last attempt failed with.
pub async fn retry<T, F, L>(
    every: Duration,
    within: Duration,
    mut attempt: L,
    again: impl Fn(&Problem) -> bool,
) -> Result<T, Problem>
where
    L: FnMut() -> F,
    F: Future<Output = Result<T, Problem>>,
{
    let begin = tokio::time::Instant::now();
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match attempt().await {
            Err(why) if begin.elapsed() < within && again(&why) => tracing::warn!(problem = %why, "tried again"),
            done => return done,
        }
    }
}

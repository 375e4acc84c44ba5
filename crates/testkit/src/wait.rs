use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(50);

/// Looks until `look` has something, at most for `limit`; then the error names `what` was awaited.
///
/// # Errors
/// What `look` fails with, or that the limit is over.
pub fn until<T>(what: &str, limit: Duration, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_every(EVERY, what, limit, look)
}

/// As [`until`], with this time between two looks: for a look that itself costs something.
///
/// # Errors
/// As [`until`].
pub fn until_every<T>(
    every: Duration,
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("waited {limit:?} in vain: {what}");
        }
        std::thread::park_timeout(every);
    }
}

/// As [`until`], for a condition.
///
/// # Errors
/// As [`until`].
pub fn until_true(what: &str, limit: Duration, mut look: impl FnMut() -> bool) -> Result<()> {
    until(what, limit, || Ok(look().then_some(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_again_and_names_what_it_waited_for() {
        let mut looks = 0;
        let found = until("the third look", Duration::from_secs(60), || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(found.unwrap(), 3);
        let error = until_true("a ship", Duration::ZERO, || false).unwrap_err().to_string();
        assert!(error.contains("a ship"), "{error}");
    }
}

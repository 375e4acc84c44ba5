use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use stapel_text::Problem;

use crate::names::split;

/// How many items of one directory are done one after the other.
const TOGETHER: usize = 128;

/// `work` done to every item by as many threads as the machine has processors; results in the order of the items.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Vec<_>>()
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

/// The same for things that have paths, those that lie together in one go, so that the way to them is walked once. Gives the
/// first problem, if there is one.
pub(crate) fn by_directory<T: Sync, R: Send>(
    items: &[T],
    path: impl Fn(&T) -> &str,
    work: impl Fn(&[T]) -> Result<Vec<R>, Problem> + Sync,
) -> Result<Vec<R>, Problem> {
    let together = items.chunk_by(|a, b| split(path(a)).0 == split(path(b)).0);
    let groups: Vec<&[T]> = together.flat_map(|group| group.chunks(TOGETHER)).collect();
    let done = parallel(&groups, |group| work(group)).into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(done.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..1000).collect();
        assert_eq!(parallel(&items, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        assert!(parallel(&Vec::<u32>::new(), |n| *n).is_empty());
    }
}

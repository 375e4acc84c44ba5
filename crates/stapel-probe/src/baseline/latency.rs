use stapel_text::{Text, text};
use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

use super::CheckBaseline;
use super::gather::median;

/// How much slower the median must be, in milliseconds, besides [`TIMES_SLOWER`], to be worse whatever chance may do.
const SLOWER_MS: u64 = 500;
/// How many times slower the median must be, besides [`SLOWER_MS`].
const TIMES_SLOWER: u64 = 3;
/// How many fine looks a median needs before it says anything.
const LOOKS_FOR_MEDIAN: usize = 3;

/// By how many milliseconds the median must be slower, besides [`LITTLE_PERCENT`], where chance is ruled out.
const LITTLE_MS: u64 = 50;
/// To how many hundredths of the former median.
const LITTLE_PERCENT: u64 = 160;
/// How many looks on both sides it takes to rule out chance.
const LOOKS_FOR_RANKS: usize = 8;
/// How improbable it must be that nothing has changed.
const IMPROBABLE: f64 = 1e-4;
/// As many of the last looks are compared.
const LAST: usize = 60;

/// Whether the fine looks of a warm app take longer than those before: by much, or by less and certainly (Mann and Whitney's
/// test of ranks: single slow answers, on either side, do not decide), and that only when all has been seen: a slow spell passes.
pub(super) fn slower(name: &str, before: &CheckBaseline, now: &[u64], over: bool) -> Option<Text> {
    let now = &now[now.len().saturating_sub(LAST)..];
    let mut sorted = now.to_vec();
    sorted.sort_unstable();
    let (was, is) = (before.median_ms?, median(&sorted)?);
    let much =
        now.len() >= LOOKS_FOR_MEDIAN && is > was.saturating_mul(TIMES_SLOWER).max(was.saturating_add(SLOWER_MS));
    let little = is > (was.saturating_mul(LITTLE_PERCENT) / 100).max(was.saturating_add(LITTLE_MS));
    (much || (over && little && certainly(&before.millis, now)))
        .then(|| text!("probe-worse-slow", check = name, before = was.to_string(), now = is.to_string()))
}

fn certainly(before: &[u64], now: &[u64]) -> bool {
    let enough = before.len().min(now.len()) >= LOOKS_FOR_RANKS;
    let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
    enough && mannwhitneyu(now, before, method, Alternative::Greater).is_ok_and(|(_, p)| p < IMPROBABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(millis: &[u64]) -> CheckBaseline {
        let mut sorted = millis.to_vec();
        sorted.sort_unstable();
        CheckBaseline { median_ms: median(&sorted), millis: millis.to_vec(), ..CheckBaseline::default() }
    }

    #[test]
    fn twice_as_long_is_found_where_it_is_certain() {
        let was = before(&[100, 104, 98, 110, 101, 99, 103, 130, 102, 100]);
        let twice = [205, 198, 210, 202, 199, 260, 204, 201, 200, 207];
        assert!(slower("a", &was, &twice, true).is_some());
        // It may pass.
        assert!(slower("a", &was, &twice, false).is_none());
        // Too few to tell.
        assert!(slower("a", &was, &twice[..7], true).is_none());
        assert!(slower("a", &before(&[100, 101, 102]), &twice, true).is_none());
        // Half of them slow, as before.
        let uneven = before(&[100, 200, 100, 200, 100, 200, 100, 200, 100, 200]);
        assert!(slower("a", &uneven, &[200, 100, 200, 100, 200, 200, 100, 200, 200, 200], true).is_none());
        // Three times of next to nothing is nothing.
        assert!(slower("a", &before(&[3; 10]), &[9; 30], true).is_none());
    }
}

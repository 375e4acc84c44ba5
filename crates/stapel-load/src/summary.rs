use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Kind, Outcome, Sample};

/// What a stretch of a load came to. Requests belong to the stretch in which they were to start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Requests that have ended. With 0 of them nothing was measured, whatever `lost` says.
    pub requests: u64,
    /// Of these, not served.
    pub lost: u64,
    /// The lost ones by how.
    pub by_kind: BTreeMap<Kind, u64>,
    /// Answered with 4xx; neither lost nor served.
    pub unexpected: u64,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// GETs sent once more on a new connection, because the server had closed the kept one meanwhile.
    pub retried: u64,
    /// Half of the served requests took no longer, in ms from their scheduled times, with the 1 to 2 ms by which the
    /// timers of the generator are late; 0 if none was served.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The slowest of the served.
    pub max_ms: f64,
    /// The longest time without service, in seconds: from the scheduled time of a lost request to that of the next
    /// one that was served, or to the end of the stretch.
    pub longest_gap_s: f64,
    /// The latest start of a request by the generator itself, in ms. A few are the timer's grain; more means that
    /// this machine was too busy to measure.
    pub late_max_ms: f64,
}

impl Summary {
    /// Of samples in the order of their times; the stretch ends at `end_us`.
    pub(crate) fn of<'a>(samples: impl Iterator<Item = &'a Sample>, end_us: u64) -> Self {
        let mut sum = Self::default();
        let mut served = Vec::new();
        let (mut late, mut gap, mut lost_since) = (0, 0, None);
        for sample in samples {
            sum.requests += 1;
            sum.retried += u64::from(sample.retried);
            late = late.max(sample.late_us);
            if sample.status > 0 {
                *sum.by_status.entry(sample.status).or_default() += 1;
            }
            match sample.outcome {
                Outcome::Ok => {
                    served.push(sample.latency_us);
                    gap = gap.max(lost_since.take().map_or(0, |since| sample.scheduled_us - since));
                }
                Outcome::Unexpected => sum.unexpected += 1,
                Outcome::Lost(kind) => {
                    sum.lost += 1;
                    *sum.by_kind.entry(kind).or_default() += 1;
                    lost_since.get_or_insert(sample.scheduled_us);
                }
            }
        }
        gap = gap.max(lost_since.map_or(0, |since| end_us.saturating_sub(since)));
        sum.longest_gap_s = seconds(gap);
        sum.late_max_ms = millis(late);
        sum.max_ms = served.iter().max().copied().map_or(0.0, millis);
        sum.p50_ms = percentile(&mut served, 50);
        sum.p99_ms = percentile(&mut served, 99);
        sum
    }
}

/// By nearest rank: the smallest that at least so many of a hundred do not exceed.
fn percentile(latencies: &mut [u32], percent: usize) -> f64 {
    let rank = (latencies.len() * percent).div_ceil(100);
    if rank == 0 {
        return 0.0;
    }
    millis(*latencies.select_nth_unstable(rank - 1).1)
}

pub(crate) fn millis(us: u32) -> f64 {
    f64::from(us) / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "2^52 µs are 142 years")]
pub(crate) fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(number: u64, outcome: Outcome) -> Sample {
        let latency_us = u32::try_from(number).unwrap() * 1000;
        Sample {
            number,
            scheduled_us: number * 1_000_000,
            latency_us,
            late_us: 0,
            shape: 0,
            status: 0,
            outcome,
            retried: false,
        }
    }

    fn gap(letters: &str, end_s: u64) -> f64 {
        let samples: Vec<Sample> = letters
            .chars()
            .zip(0..)
            .map(|(c, i)| {
                sample(
                    i,
                    match c {
                        'o' => Outcome::Ok,
                        'x' => Outcome::Lost(Kind::Cut),
                        _ => Outcome::Unexpected,
                    },
                )
            })
            .collect();
        Summary::of(samples.iter(), end_s * 1_000_000).longest_gap_s
    }

    #[test]
    fn a_gap_lasts_from_the_first_lost_to_the_next_served() {
        assert_eq!(gap("ooooo", 5), 0.0);
        assert_eq!(gap("oxoxxoxo", 8), 2.0);
        assert_eq!(gap("oxooxx", 7), 3.0, "the end ends it");
        assert_eq!(gap("oxu?xo", 6), 4.0, "an unexpected answer is not service");
        assert_eq!(gap("ouuo", 4), 0.0, "but opens no gap");
    }

    #[test]
    fn percentiles_are_of_the_served_by_nearest_rank() {
        let mut samples: Vec<Sample> = (1..=200).map(|i| sample(i, Outcome::Ok)).collect();
        samples.push(sample(1000, Outcome::Lost(Kind::TimedOut)));
        let sum = Summary::of(samples.iter(), 0);
        assert_eq!((sum.p50_ms, sum.p99_ms, sum.max_ms), (100.0, 198.0, 200.0));
        assert_eq!(Summary::of([].iter(), 0).p99_ms, 0.0);
    }

    #[test]
    fn it_goes_into_json_by_name() {
        let sum = Summary::of([sample(0, Outcome::Lost(Kind::Status5xx))].iter(), 0);
        let json = serde_json::to_value(&sum).unwrap();
        assert_eq!(json["by_kind"]["status5xx"], 1);
        assert_eq!(serde_json::from_value::<Summary>(json).unwrap(), sum);
    }
}

use std::time::Duration;

use crate::Arrivals;

/// The arrival times, as offsets from the start: endless, rising, and a function of rate and seed alone.
pub(crate) struct Schedule {
    rate: f64,
    arrivals: Arrivals,
    count: u64,
    elapsed: f64,
    state: u64,
}

impl Schedule {
    pub(crate) fn new(rate: f64, arrivals: Arrivals) -> Self {
        let state = match arrivals {
            Arrivals::Even => 0,
            Arrivals::Poisson { seed } => seed,
        };
        Self { rate, arrivals, count: 0, elapsed: 0.0, state }
    }

    /// The next offset.
    #[expect(clippy::cast_precision_loss, reason = "2^52 requests are never sent")]
    pub(crate) fn next(&mut self) -> Duration {
        let seconds = match self.arrivals {
            // From the count and not from the last one: a sum would drift.
            Arrivals::Even => self.count as f64 / self.rate,
            Arrivals::Poisson { .. } => {
                self.elapsed -= self.uniform().ln() / self.rate;
                self.elapsed
            }
        };
        self.count += 1;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// In (0, 1]. The generator is SplitMix64 (Steele, Lea, Flood 2014).
    #[expect(clippy::cast_precision_loss, reason = "only the upper 53 bits are taken")]
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(arrivals: Arrivals, n: usize) -> Vec<Duration> {
        let mut schedule = Schedule::new(100.0, arrivals);
        std::iter::repeat_with(|| schedule.next()).take(n).collect()
    }

    #[test]
    fn even_arrivals_do_not_drift() {
        let times = take(Arrivals::Even, 60_001);
        assert_eq!(times[0], Duration::ZERO);
        assert_eq!(times[1], Duration::from_millis(10));
        assert_eq!(times[60_000], Duration::from_secs(600));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_poisson() {
        let times = take(Arrivals::Poisson { seed: 7 }, 20_000);
        assert!(times.is_sorted());
        let gaps: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 0.01).abs() < 0.0005, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn the_seed_fixes_the_times() {
        let poisson = |seed| take(Arrivals::Poisson { seed }, 50);
        assert_eq!(poisson(1), poisson(1));
        assert_ne!(poisson(1), poisson(2));
    }
}

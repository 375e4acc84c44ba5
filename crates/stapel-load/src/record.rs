use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Outcome;
use crate::fault::{Reason, Trace};

/// One request that has ended. 32 bytes: ten minutes of 500 a second are 10 MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which request, from 0 in the order of their times.
    pub number: u64,
    /// When it was to start, in µs from the start of the load.
    pub scheduled_us: u64,
    /// From that time to the end, in µs (71 minutes at most).
    pub latency_us: u32,
    /// From that time to its real start, in µs: the generator's own share of the latency.
    pub late_us: u32,
    /// Index of its shape in the plan.
    pub shape: u16,
    /// Status of the answer; 0 if there was none.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was sent a second time.
    pub retried: bool,
}

/// What is known beyond the sample of a request that was not served well.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) trace: Trace,
    pub(crate) reason: Reason,
}

/// What is known about the requests of a load so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// Requests begun.
    pub(crate) begun: u64,
    /// In the order of their ends.
    pub(crate) samples: Vec<Sample>,
    pub(crate) details: HashMap<u64, Detail>,
    /// Numbers of POSTs answered with 2xx.
    pub(crate) acknowledged: Vec<u64>,
    /// Numbers of POSTs that the server may or may not have taken.
    pub(crate) unknown: Vec<u64>,
    /// When arrivals ended.
    pub(crate) ended: Option<Duration>,
}

/// The record while it is being written.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Record>);

impl Recorder {
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_small_as_it_says() {
        assert_eq!(size_of::<Sample>(), 32);
    }
}

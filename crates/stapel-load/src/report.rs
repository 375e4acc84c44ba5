use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::load::Job;
use crate::record::{Detail, Record};
use crate::summary::{millis, seconds};
use crate::{Loss, Sample, Summary};

/// What became of each request of a load.
pub struct Report {
    job: Arc<Job>,
    /// In the order of their scheduled times.
    samples: Vec<Sample>,
    details: HashMap<u64, Detail>,
    acknowledged: Vec<u64>,
    unknown: Vec<u64>,
    begun: u64,
    end_us: u64,
}

impl Report {
    pub(crate) fn new(job: Arc<Job>, mut record: Record) -> Self {
        record.samples.sort_unstable_by_key(|sample| sample.number);
        let end = record.ended.unwrap_or_else(|| job.start.elapsed());
        Self {
            samples: record.samples,
            details: record.details,
            acknowledged: record.acknowledged,
            unknown: record.unknown,
            begun: record.begun,
            end_us: micros(end),
            job,
        }
    }

    /// When the load was started; the scheduled times count from here.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.job.start.into_std()
    }

    /// All requests that have ended, in the order of their scheduled times.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Requests begun and not ended: 0 after a stop, else they were lost together with the runtime.
    #[must_use]
    pub fn under_way(&self) -> u64 {
        self.begun - self.samples.len() as u64
    }

    /// All of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self.samples.iter(), self.end_us)
    }

    /// The requests that were to start from `from` on and before `to`.
    #[must_use]
    pub fn window(&self, from: Instant, to: Instant) -> Summary {
        let offset = |instant: Instant| instant.saturating_duration_since(self.started());
        // Rounded up, so that a request is never in a window that ended, or out of one that began, in the same
        // microsecond.
        let edge = |instant| micros(offset(instant) + Duration::from_nanos(999));
        let (from, to) = (edge(from), edge(to));
        let first = self.samples.partition_point(|sample| sample.scheduled_us < from);
        let last = self.samples.partition_point(|sample| sample.scheduled_us < to).max(first);
        Summary::of(self.samples[first..last].iter(), to.min(self.end_us))
    }

    /// Each lost request, in the order of their times.
    #[must_use]
    pub fn losses(&self) -> Vec<Loss> {
        self.samples.iter().filter_map(|sample| self.loss(sample)).collect()
    }

    /// The ids of the POSTs that were answered with 2xx: these the server must have.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<String> {
        self.acknowledged.iter().map(|number| self.job.id(*number)).collect()
    }

    /// The ids of the POSTs that may have reached the server but were not acknowledged (no answer, 3xx, 5xx): these
    /// it may have, once.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        self.unknown.iter().map(|number| self.job.id(*number)).collect()
    }

    fn loss(&self, sample: &Sample) -> Option<Loss> {
        let kind = sample.outcome.lost()?;
        let detail = self.details.get(&sample.number)?;
        let at: SystemTime = self.job.start_wall + Duration::from_micros(sample.scheduled_us);
        let since_1970 = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Loss {
            at_s: seconds(sample.scheduled_us),
            at_unix_ms: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            after_ms: millis(sample.latency_us),
            shape: self.job.plan.shapes[usize::from(sample.shape)].name.clone(),
            id: self.job.id(sample.number),
            kind,
            status: (sample.status > 0).then_some(sample.status),
            port: detail.trace.port,
            detail: detail.to_string(),
        })
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("summary", &self.summary())
            .field("under_way", &self.under_way())
            .finish_non_exhaustive()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

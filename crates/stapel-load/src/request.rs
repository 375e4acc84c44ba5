use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::fault::{Fault, Reason, Stage, Trace};
use crate::load::Job;
use crate::record::{Detail, Sample};
use crate::{Method, Outcome, Report};

impl Job {
    /// One request of this shape that was to start at this offset, and its record.
    pub(crate) fn request(
        self: Arc<Self>,
        shape: usize,
        scheduled: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let number = self.recorder.with(|record| {
            record.begun += 1;
            record.begun - 1
        });
        async move {
            let started = Instant::now();
            let due = self.start + scheduled;
            let mut trace = Trace::new();
            let what = &self.plan.shapes[shape];
            let bytes = what.render(&self.plan.host_header, &self.id(number));
            let sending = self.client.send(what, &bytes, &mut trace);
            let ended =
                timeout_at(started + self.plan.timeout, sending).await.unwrap_or_else(|_| Err(Fault::deadline()));
            let latency = due.elapsed();

            let (outcome, status, reason) = match ended {
                Ok(answer) => {
                    let status = answer.status;
                    (Outcome::of_status(status), status, (status >= 400).then(|| Reason::of(answer)))
                }
                Err(fault) => (Outcome::Lost(fault.kind), 0, Some(fault.reason)),
            };
            let sample = Sample {
                number,
                scheduled_us: u64::try_from(scheduled.as_micros()).unwrap_or(u64::MAX),
                latency_us: micros(latency),
                late_us: micros(started.saturating_duration_since(due)),
                shape: u16::try_from(shape).unwrap_or(u16::MAX),
                status,
                outcome,
                retried: trace.retried,
            };
            let post = what.method == Method::Post;
            self.recorder.with(|record| {
                record.samples.push(sample);
                if let Some(reason) = reason {
                    record.details.insert(number, Detail { trace, reason });
                }
                if post && (200..300).contains(&status) {
                    record.acknowledged.push(number);
                } else if post && outcome != Outcome::Unexpected && trace.stage > Stage::Connecting {
                    // A 502 too: the proxy does not know either whether the app had written it down.
                    record.unknown.push(number);
                }
            });
        }
    }

    /// The id of a request.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.mark)
    }

    pub(crate) fn report(self: &Arc<Self>) -> Report {
        let record = self.recorder.with(|record| record.clone());
        Report::new(Arc::clone(self), record)
    }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::client::Client;
use crate::record::Recorder;
use crate::schedule::Schedule;
use crate::turns::Turns;
use crate::{Plan, Report, StartError};

/// How often idle connections are looked through for closed ones.
const SWEEP: Duration = Duration::from_millis(100);

/// A load that is running. Several may run at once, on the same target or on others. Dropped, it sends nothing more.
pub struct Load {
    job: Arc<Job>,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

/// What all requests of a load share.
pub(crate) struct Job {
    pub(crate) plan: Plan,
    pub(crate) client: Client,
    pub(crate) recorder: Recorder,
    /// The part of the ids that tells this load from any other one.
    pub(crate) mark: String,
    pub(crate) start: Instant,
    pub(crate) start_wall: SystemTime,
}

impl Load {
    /// Starts a load on the current tokio runtime.
    ///
    /// # Errors
    /// A plan that would send nothing or something broken, or no runtime.
    pub fn start(plan: Plan) -> Result<Self, StartError> {
        plan.check()?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let (load, running) = Self::new(plan);
        runtime.spawn(running);
        Ok(load)
    }

    /// Starts a load whose sockets are all made in the network namespace of the process `pid`, on a thread of its
    /// own: "localhost" is then that process's. Needs `CAP_SYS_ADMIN`.
    ///
    /// # Errors
    /// A plan that would send nothing or something broken, no such process, no permission, no thread.
    #[cfg(target_os = "linux")]
    pub fn start_in_netns(pid: u32, plan: Plan) -> Result<Self, StartError> {
        plan.check()?;
        crate::namespace::run_in(pid, || Self::new(plan))
    }

    /// What has ended so far. Requests still under way are counted in [`Report::under_way`] only: during a stall that
    /// is where they are.
    #[must_use]
    pub fn snapshot(&self) -> Report {
        self.job.report()
    }

    /// Sends nothing more, waits for the requests that are under way (the plan's timeout at most), and reports.
    pub async fn stop(self) -> Report {
        // Both fail only if the runtime of the load is gone, and with it its requests; the report shows them as under
        // way.
        let _ = self.stop.send(());
        let _ = self.stopped.await;
        self.job.report()
    }

    /// The load, and what has to be run for it.
    fn new(plan: Plan) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let job = Arc::new(Job {
            client: Client::new(plan.target, plan.strict),
            plan,
            recorder: Recorder::default(),
            mark: format!("{:016x}", RandomState::new().build_hasher().finish()),
            start: Instant::now(),
            start_wall: SystemTime::now(),
        });
        let (stop, stopping) = oneshot::channel();
        let (done, stopped) = oneshot::channel();
        let load = Self { job: Arc::clone(&job), stop, stopped };
        (load, run(job, stopping, done))
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").field("plan", &self.job.plan).finish_non_exhaustive()
    }
}

async fn run(job: Arc<Job>, mut stopping: oneshot::Receiver<()>, done: oneshot::Sender<()>) {
    let mut schedule = Schedule::new(job.plan.rate, job.plan.arrivals);
    let mut turns = Turns::new(job.plan.shapes.iter().map(|shape| shape.weight));
    let mut requests = JoinSet::new();
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next = schedule.next();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopping => break,
            () = sleep_until(job.start + next) => {
                requests.spawn(Arc::clone(&job).request(turns.next(), next));
                next = schedule.next();
                while requests.try_join_next().is_some() {}
            }
            _ = sweep.tick() => job.client.pool().sweep(),
        }
    }
    let ended = job.start.elapsed();
    // Those whose time came before the stop are started even if we are late: else a stall of our own would hide them.
    while next <= ended {
        requests.spawn(Arc::clone(&job).request(turns.next(), next));
        next = schedule.next();
    }
    job.recorder.with(|record| record.ended = Some(ended));
    while requests.join_next().await.is_some() {}
    job.client.pool().clear();
    // Nobody may be waiting.
    let _ = done.send(());
}

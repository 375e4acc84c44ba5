use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::{ImageId, Lines};

/// One running (or stopped) copy of a service: a container, or a child process of the embedded runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The engine's own id, which no other instance ever has.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// What it was made from.
    pub image: ImageId,
    /// Whether it runs.
    pub running: bool,
}

/// A line of an instance's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was said, where the engine notes that.
    pub at: Option<Timestamp>,
    /// What.
    pub line: String,
}

/// The lines of a log as they come.
pub type LogLines = BoxStream<'static, Result<LogLine, Problem>>;

/// What one look at an instance says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It runs, and its health check has not spoken yet.
    Starting,
    /// It runs, and its health check is content; or it has none and accepts connections on its port.
    Healthy,
    /// Its health check fails; the last thing it said.
    Unhealthy(String),
    /// It has ended, with this exit code.
    Exited(i64),
    /// It is not there.
    Gone,
}

/// How an instance fares, as its engine counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vitals {
    /// How often it ended by itself and was started again.
    pub restarts: u64,
    /// The bytes of memory that it uses, without what the kernel could take back at once.
    pub memory: Option<u64>,
    /// The time of a processor that it has taken since it began.
    pub cpu: Option<Duration>,
}

/// A place in an instance's log. What the number is, is the engine's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct LogMark(pub u64);

impl LogMark {
    /// Where the log begins.
    pub const BEGIN: Self = Self(0);
}

/// The running copies of a service. *Real* is the one the team knows; the *candidate* is ours and passes away.
#[async_trait]
pub trait Instances: Send + Sync {
    /// The instance that the team's own command made.
    async fn real(&self, service: &str) -> Result<Option<Instance>, Problem>;

    /// The candidate, if there is one.
    async fn candidate(&self, service: &str) -> Result<Option<Instance>, Problem>;

    /// Starts a candidate from the service's definition as it is now: other name, no host port, out of reach of
    /// traffic. A candidate of another image is removed first; one of the same image is taken as it is.
    async fn start_candidate(&self, service: &str) -> Result<Instance, Problem>;

    /// Makes ready what it takes to start the real instance once more, as it is now, whatever becomes of its definition;
    /// `false` where there is none, or the engine cannot.
    async fn prepare_standby(&self, _service: &str) -> Result<bool, Problem> {
        Ok(false)
    }

    /// The one that stands by, if it runs.
    async fn standby(&self, _service: &str) -> Result<Option<Instance>, Problem> {
        Ok(None)
    }

    /// Starts what [`Instances::prepare_standby`] has made ready, out of reach of traffic. `None` where there is nothing.
    async fn start_standby(&self, _service: &str) -> Result<Option<Instance>, Problem> {
        Ok(None)
    }

    /// Removes what [`Instances::prepare_standby`] has made ready, also where it runs. Nothing there is fine.
    async fn drop_standby(&self, _service: &str) -> Result<(), Problem> {
        Ok(())
    }

    /// One look.
    async fn health(&self, instance: &Instance) -> Result<Health, Problem>;

    /// Where the host itself can reach this instance's serving port directly, past all proxies.
    async fn address(&self, instance: &Instance) -> Result<Option<SocketAddr>, Problem>;

    /// The process in whose network namespace this instance's address has to be asked, because it refuses connections from
    /// elsewhere while it gets no traffic; `None`: the host's own will do.
    async fn namespace(&self, _instance: &Instance) -> Result<Option<i32>, Problem> {
        Ok(None)
    }

    /// How an instance fares; `None` where it is not there, or where nobody counts.
    async fn vitals(&self, _instance: &Instance) -> Result<Option<Vitals>, Problem> {
        Ok(None)
    }

    /// Makes the real instance from the definition as it is now, by the team's own command (`compose up -d`).
    async fn recreate(&self, service: &str, lines: &dyn Lines) -> Result<Instance, Problem>;

    /// Stops an instance, giving it `grace` to finish, and starts it again as it is: what it was made from counts, not what
    /// the definition says by now. One that has ended is started.
    async fn restart(&self, instance: &Instance, grace: Duration) -> Result<(), Problem>;

    /// The files of a service's definition (compose files, files of variables) that were written since the instance was
    /// made; none where the engine has no such files.
    async fn written_since(&self, _service: &str, _instance: &Instance) -> Result<Vec<Utf8PathBuf>, Problem> {
        Ok(Vec::new())
    }

    /// Every service there is a definition of; `None` where the engine does not say.
    async fn services(&self) -> Result<Option<Vec<String>>, Problem> {
        Ok(None)
    }

    /// Ends an instance: it is asked to stop, given `grace` to finish, and removed. An absent one is fine.
    async fn remove(&self, instance: &Instance, grace: Duration) -> Result<(), Problem>;

    /// The last `tail` log lines of the instance, not older than `since_s` seconds where given.
    async fn logs(&self, instance: &Instance, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem>;

    /// Where an instance's log ends now.
    async fn log_end(&self, instance: &Instance) -> Result<LogMark, Problem>;

    /// The lines of an instance's log from a place on, and where it ends then.
    async fn logs_from(&self, instance: &Instance, from: LogMark) -> Result<(Vec<String>, LogMark), Problem>;

    /// As [`Instances::logs`], and goes on with what comes, until the instance ends. `after` leaves out what was said up to
    /// then, as far as the engine notes times.
    async fn follow(
        &self,
        instance: &Instance,
        tail: usize,
        since_s: Option<u64>,
        after: Option<Timestamp>,
    ) -> Result<LogLines, Problem>;
}

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use stapel_host::{Detached, ProcessId, until};
use stapel_text::{Problem, problem, text};

use super::{ForwarderArgs, Launch};
use crate::{Mark, Published};

const LOOK: Duration = Duration::from_millis(20);
/// How long it may take to come up, and to go down beyond its drain bound.
const PATIENCE: Duration = Duration::from_secs(10);

/// A forwarder that runs, or ran. It outlives the process that started it; what is known of it lies in
/// [`Launch::dir`], so that any other process finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// The process number.
    pub pid: i32,
    /// The start time of the process, see [`ProcessId::started`].
    pub started: u64,
    /// The boot it belongs to.
    pub boot: String,
    /// The port it listens on.
    pub port: u16,
    /// Where it carries connections to.
    pub target: SocketAddr,
    /// How long it drains.
    pub drain: Duration,
    /// The file that holds this record.
    pub record: PathBuf,
}

impl Handle {
    /// Starts a forwarder for a published port and waits until it accepts connections. One that runs already with the
    /// same target is taken as it is; one with another target is stopped first.
    ///
    /// # Errors
    /// `io-failed`, or `net-forwarder-ended` with what it said.
    pub async fn start(
        launch: &Launch,
        mark: &Mark,
        published: &Published,
        target: SocketAddr,
    ) -> Result<Self, Problem> {
        match Self::find(launch, mark, published) {
            Some(running) if running.alive() && running.target == target => return Ok(running),
            Some(other) => other.stop().await?,
            None => {}
        }
        let record = record(launch, mark, published);
        let (ready, log) = (record.with_extension("ready"), record.with_extension("log"));
        forget(&ready)?;
        let args = ForwarderArgs {
            listen_port: 0,
            target,
            original_port: published.host_port,
            drain: launch.drain,
            ready: ready.clone(),
        };
        let all = launch.args.iter().cloned().chain([args.text().into()]);
        let output = File::create(&log).map_err(|e| io(&log, &e))?;
        let process = Detached::new(&launch.program, all).start(output).map_err(|e| io(&launch.program, &e))?;
        let mut handle = Self {
            pid: process.pid,
            started: process.started,
            boot: process.boot,
            port: 0,
            target,
            drain: launch.drain,
            record,
        };
        // Before it is known to be up: should we end now, it must be found nevertheless.
        handle.write()?;
        handle.port = until(text!("net-wait-forwarder"), LOOK, PATIENCE, async || {
            let port = fs::read_to_string(&ready).ok().and_then(|t| t.trim().parse().ok());
            if port.is_none() && !handle.alive() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                return Err(problem!(Failed, "net-forwarder-ended", output = said.trim().to_owned()));
            }
            Ok(port)
        })
        .await?;
        handle.write()?;
        Ok(handle)
    }

    /// The one that was started for a published port.
    #[must_use]
    pub fn find(launch: &Launch, mark: &Mark, published: &Published) -> Option<Self> {
        Self::read(&record(launch, mark, published))
    }

    /// All that were started for this app.
    #[must_use]
    pub fn all(launch: &Launch, mark: &Mark) -> Vec<Self> {
        let prefix = format!("{}-forward-", mark.file_stem());
        let files = fs::read_dir(&launch.dir).into_iter().flatten().flatten().map(|f| f.path());
        let ours = |p: &PathBuf| {
            p.extension().is_some_and(|e| e == "json")
                && p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix))
        };
        files.filter(ours).filter_map(|p| Self::read(&p)).collect()
    }

    /// Whether it runs.
    #[must_use]
    pub fn alive(&self) -> bool {
        self.process().alive()
    }

    /// Tells it to stop and waits until it has drained and ended, at most its drain bound and some seconds; then it is
    /// killed. One that has ended already is fine. Take the rules that lead to it out before.
    ///
    /// # Errors
    /// `io-failed`; `timed-out` when not even killing it helps.
    pub async fn stop(&self) -> Result<(), Problem> {
        let process = self.process();
        process.signal(Signal::TERM);
        let ended = async |limit| {
            until(text!("net-wait-forwarder-end"), LOOK, limit, async || Ok((!process.alive()).then_some(()))).await
        };
        if ended(self.drain + PATIENCE).await.is_err() {
            process.signal(Signal::KILL);
            ended(PATIENCE).await?;
        }
        [self.record.with_extension("ready"), self.record.with_extension("log"), self.record.clone()]
            .iter()
            .try_for_each(|path| forget(path))
    }

    fn process(&self) -> ProcessId {
        ProcessId { pid: self.pid, started: self.started, boot: self.boot.clone() }
    }

    fn read(record: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(record).ok()?).ok()
    }

    fn write(&self) -> Result<(), Problem> {
        let text = serde_json::to_string(self).unwrap_or_default();
        replace(&self.record, &text).map_err(|e| io(&self.record, &e))
    }
}

/// Writes a file whole or not at all.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // The whole name and more: files that differ in their extension only, as the record and the ready file do, are written at
    // the same time by two processes.
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

fn record(launch: &Launch, mark: &Mark, published: &Published) -> PathBuf {
    let key = published.key().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    launch.dir.join(format!("{}-forward-{key}.json", mark.file_stem()))
}

fn forget(path: &Path) -> Result<(), Problem> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io(path, &e)),
        _ => Ok(()),
    }
}

fn io(path: &Path, error: &std::io::Error) -> Problem {
    problem!(Failed, "io-failed", path = path.display(), error = error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_differ_in_their_extension_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let (record, ready) = (dir.path().join("a.json"), dir.path().join("a.ready"));
        std::thread::scope(|scope| {
            for path in [&record, &ready] {
                scope.spawn(move || (0..2000).for_each(|n| replace(path, &format!("{} {n}", path.display())).unwrap()));
            }
        });
        for path in [&record, &ready] {
            assert_eq!(fs::read_to_string(path).unwrap(), format!("{} 1999", path.display()));
        }
    }
}

//! nginx asks for the names in its configuration once, when it reads it. Once a service has another address it has to read it
//! again, which its master does when it is told to: new workers take what comes, the old ones end what they have.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use stapel_host::{Command, processes, start_time};
use stapel_text::{Problem, problem, text};

use crate::namespace;

/// What a master and its workers call themselves, whatever program they are of.
const MASTER: &str = "nginx: master process ";
const WORKER: &str = "nginx: worker process";
const LEAVING: &str = "nginx: worker process is shutting down";

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long it may take to read its configuration.
const READS: Duration = Duration::from_secs(10);

/// The master process of an nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nginx {
    pid: i32,
    /// What it was started with.
    args: Vec<String>,
}

impl Nginx {
    /// Those in the network namespaces of these processes.
    #[must_use]
    pub fn among(neighbours: &[i32]) -> Vec<Self> {
        let homes: BTreeSet<_> = neighbours.iter().filter_map(|pid| namespace::identity(&pid.to_string())).collect();
        let in_them = |pid: &i32| namespace::identity(&pid.to_string()).is_some_and(|home| homes.contains(&home));
        let master = |pid: i32| {
            let title = title(pid)?;
            let args = title.strip_prefix(MASTER)?.split_whitespace().map(str::to_owned).collect();
            Some(Self { pid, args })
        };
        processes().filter(in_them).filter_map(master).collect()
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Makes sure that it can read its configuration again, without having it do so.
    ///
    /// # Errors
    /// `net-nginx-config` with what it says of it; `command-missing`.
    pub async fn test(&self) -> Result<(), Problem> {
        let Some(program) = std::fs::read_link(format!("/proc/{}/exe", self.pid)).ok() else { return Ok(()) };
        let pid = self.pid.to_string();
        let mut test = Command::new("nsenter").args(["-t", &pid, "-a"]).arg(program).args(["-t", "-q"]);
        // What was given with `-g` cannot be told apart any more, and stands beside the configuration.
        for pair in self.args.windows(2).filter(|pair| ["-c", "-p", "-e"].contains(&pair[0].as_str())) {
            test = test.args(pair);
        }
        let done = test.finish().await?;
        if done.code != 0 && title(self.pid).is_some() {
            return Err(problem!(Failed, "net-nginx-config", pid = self.pid, said = done.stderr.trim()));
        }
        Ok(())
    }

    /// Has it read its configuration again, and returns when the workers that knew the former addresses have ended, but after
    /// `bound` at the latest. One that has ended reads it when it starts.
    ///
    /// # Errors
    /// `net-nginx-kept` where it goes on as before.
    pub async fn reload(&self, bound: Duration) -> Result<(), Problem> {
        let former = self.workers();
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        if kill_process(pid, Signal::HUP).is_err() {
            return Ok(());
        }
        let what = text!("net-await-nginx", pid = self.pid);
        let others = stapel_host::until(what.clone(), LOOK_EVERY, READS, || async {
            let gone = title(self.pid).is_none();
            let new = self.workers().iter().any(|worker| !former.contains(worker));
            Ok((gone || new).then_some(()))
        });
        match others.await {
            Err(problem) if problem.code() == "timed-out" => {
                return Err(problem!(Failed, "net-nginx-kept", pid = self.pid));
            }
            others => others?,
        }
        let ended = stapel_host::until(what, LOOK_EVERY, bound, || async {
            Ok(former.iter().all(|worker| title(*worker).is_none_or(|title| !title.starts_with(WORKER))).then_some(()))
        });
        match ended.await {
            // They have what does not end by itself, and keep it.
            Err(problem) if problem.code() == "timed-out" => Ok(()),
            ended => ended,
        }
    }

    /// Whether it has read its configuration since that process began.
    #[must_use]
    pub fn has_read_since(&self, process: i32) -> bool {
        let Some(began) = start_time(process) else { return false };
        self.workers().into_iter().filter_map(start_time).any(|worker| worker >= began)
    }

    /// Its workers that take new connections.
    fn workers(&self) -> BTreeSet<i32> {
        let ours = |pid: &i32| parent(*pid) == Some(self.pid);
        let works =
            |pid: &i32| title(*pid).is_some_and(|title| title.starts_with(WORKER) && !title.starts_with(LEAVING));
        processes().filter(ours).filter(works).collect()
    }
}

/// What a process calls itself; `None` once it has ended.
fn title(pid: i32) -> Option<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    (!line.is_empty()).then(|| String::from_utf8_lossy(line).replace('\0', " "))
}

fn parent(pid: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_of_a_process_is_read_and_of_one_that_has_ended_is_not() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        assert!(title(me).is_some_and(|title| !title.starts_with(MASTER)));
        assert_eq!(parent(me), rustix::process::getppid().map(|p| p.as_raw_nonzero().get()));
        assert!(start_time(me) >= start_time(1) && start_time(me).is_some());
        let none = i32::MAX;
        assert_eq!((title(none), parent(none), start_time(none)), (None, None, None));
        assert!(Nginx::among(&[none]).is_empty());
    }
}

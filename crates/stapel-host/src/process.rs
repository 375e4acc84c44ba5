use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

/// A process by more than its number: numbers are given out again, the number together with the start time and the
/// boot is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process number.
    pub pid: i32,
    /// Field 22 of `/proc/PID/stat`: clock ticks from boot to its start.
    pub started: u64,
    /// The boot it belongs to, see [`boot_id`].
    pub boot: String,
}

/// The kernel's random id of this boot, from `/proc/sys/kernel/random/boot_id`.
#[must_use]
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

impl ProcessId {
    /// This very process.
    #[must_use]
    pub fn me() -> Self {
        Self::of(rustix::process::getpid().as_raw_nonzero().get())
    }

    /// The process that has this number now.
    #[must_use]
    pub fn of(pid: i32) -> Self {
        Self { pid, started: start_time(pid).unwrap_or(0), boot: boot_id() }
    }

    /// Whether exactly this process still runs (a zombie does not).
    #[must_use]
    pub fn alive(&self) -> bool {
        self.boot == boot_id()
            && Pid::from_raw(self.pid).is_some_and(|p| test_kill_process(p).is_ok() || start_time(self.pid).is_some())
            && start_time(self.pid) == Some(self.started)
    }

    /// Waits until it has ended, whoever's child it is. Blocks.
    pub fn wait(&self) {
        // The handle stays with this process, whomever the number is given to afterwards; that it was this one when it was
        // taken is looked at after that.
        let handle = handle(self.pid);
        while self.alive() {
            let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
            match &handle {
                Some(handle) => drop(poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&limit))),
                // A Linux before 5.3, or no Linux.
                None => drop(poll(&mut [], Some(&limit))),
            }
        }
    }

    /// Sends a signal, if exactly this process still runs.
    pub fn signal(&self, signal: Signal) {
        if self.alive()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // It may have ended in between, which is what a signal wants anyway.
            let _ = kill_process(pid, signal);
        }
    }
}

/// What stays with a process whomever its number is given to, and is readable when it has ended.
#[cfg(target_os = "linux")]
fn handle(pid: i32) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn handle(_: i32) -> Option<OwnedFd> {
    None
}

/// Start time of a process, in clock ticks from boot; `None` if it has ended, be it a zombie.
#[must_use]
pub fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name in the second field may hold anything but ends with the last `)`.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    (fields.next()? != "Z").then(|| fields.nth(18)?.parse().ok())?
}

/// Leaves the session of the one who started this process, so that no hang-up or Ctrl-C meant for that one arrives
/// here. A program that is started through [`Detached`] calls it first of all.
pub fn leave_session() {
    // It fails only for a leader of a process group, who has left already.
    let _ = rustix::process::setsid();
}

/// A process that outlives the one who started it: no terminal, no input, output to a file. See [`leave_session`].
pub struct Detached {
    command: std::process::Command,
}

impl Detached {
    /// A detached process of this program with these arguments.
    pub fn new<I: IntoIterator<Item = A>, A: Into<OsString>>(program: impl Into<OsString>, args: I) -> Self {
        let mut command = std::process::Command::new(program.into());
        // What outlives us is not part of our run: it must not be ended with it.
        command.args(args.into_iter().map(Into::into)).stdin(Stdio::null()).env_remove(crate::MARK);
        Self { command }
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Starts it with both outputs appended to `log`. A thread reaps it should it end before us, so that it does not
    /// look alive as a zombie.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut self, log: File) -> std::io::Result<ProcessId> {
        self.command.stdout(log.try_clone()?).stderr(log).current_dir("/");
        let mut child = self.command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(std::io::Error::other)?;
        let id = ProcessId::of(pid);
        std::thread::spawn(move || child.wait());
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_another_boot_is_not() {
        let me = ProcessId::me();
        assert!(me.alive());
        assert!(!ProcessId { boot: "another".into(), ..me.clone() }.alive());
        assert!(!ProcessId { started: me.started + 1, ..me }.alive());
    }
}

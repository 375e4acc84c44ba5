use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use stapel_host::ProcessId;
use stapel_text::{Problem, problem};

/// How often the lock is tried, this long apart.
const ATTEMPTS: u32 = 25;
const MOMENT: Duration = Duration::from_millis(10);

/// Who holds the lock: what a person who meets it wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The person, as their machine names them.
    pub who: String,
    /// What they are doing: `deploy`, `rollback`.
    pub doing: String,
    /// Since when.
    pub since: Timestamp,
    /// The process on the host.
    #[serde(flatten)]
    pub process: ProcessId,
}

impl Owner {
    /// Of a lock that is held by somebody who has not written his name yet, or could not.
    fn unknown() -> Self {
        let process = ProcessId { pid: 0, started: 0, boot: String::new() };
        Self { who: "?".to_owned(), doing: "?".to_owned(), since: Timestamp::now(), process }
    }

    /// What anybody else is told, of class `Busy`: `release-locked`.
    #[must_use]
    pub fn problem(self) -> Problem {
        problem!(
            Busy,
            "release-locked",
            who = self.who,
            doing = self.doing,
            since = self.since.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            pid = self.process.pid.to_string()
        )
    }
}

/// The lock of an app on its host. It belongs to a process: the kernel gives it back when that process ends, however
/// it ends, so a dead owner never blocks and a live one is never overrun.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who holds it.
    ///
    /// # Errors
    /// `release-locked` (class `Busy`) with the owner; `io-failed`.
    pub fn take(path: &Utf8Path, owner: &Owner) -> Result<Self, Problem> {
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
        let mut file =
            File::options().create(true).read(true).write(true).truncate(false).open(path).map_err(failed)?;
        for attempt in 1.. {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                // Whoever only looks who holds it holds it for that moment.
                Err(Errno::WOULDBLOCK) if attempt < ATTEMPTS => std::thread::park_timeout(MOMENT),
                Err(Errno::WOULDBLOCK) => return Err(held(&mut file)),
                Err(e) => return Err(failed(e.into())),
            }
        }
        let line = serde_json::to_vec(owner).map_err(|e| failed(e.into()))?;
        let written = file
            .rewind()
            .and_then(|()| file.write_all(&line))
            .and_then(|()| file.set_len(line.len() as u64))
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // The disk may be full. The lock is held all the same; only its owner's name is not to be read.
            tracing::warn!(%path, %error, "the owner of the lock could not be written");
        }
        Ok(Self { _file: file })
    }

    /// Who holds the lock now, if anybody does.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn owner(path: &Utf8Path) -> Result<Option<Owner>, Problem> {
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            // Held, even where it cannot be read by whom.
            Err(Errno::WOULDBLOCK) => Ok(Some(read(&mut file).unwrap_or_else(Owner::unknown))),
            Err(e) => Err(failed(e.into())),
        }
    }
}

fn read(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The owner may be between taking the lock and writing its name: then it is held by somebody, since just now.
fn held(file: &mut File) -> Problem {
    read(file).unwrap_or_else(Owner::unknown).problem()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        let process = ProcessId { pid: 7, started: 1, boot: "b".into() };
        Owner { who: "anna".into(), doing: "deploy".into(), since: Timestamp::UNIX_EPOCH, process }
    }

    #[test]
    fn the_second_is_told_who_and_since_when() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("lock");
        let first = Lock::take(&path, &owner()).unwrap();
        let problem = Lock::take(&path, &owner()).unwrap_err();
        assert_eq!((problem.class, problem.code()), (stapel_text::Class::Busy, "release-locked"));
        assert!(problem.to_string().contains("anna") && problem.to_string().contains("1970"), "{problem}");
        assert_eq!(Lock::owner(&path).unwrap(), Some(owner()));
        drop(first);
        assert_eq!(Lock::owner(&path).unwrap(), None);
        Lock::take(&path, &owner()).unwrap();
    }
}

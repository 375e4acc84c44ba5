//! Where Stapel keeps its state of an app on the host.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::Mode;
use rustix::process::umask;
use stapel_core::config::Secrets;
use stapel_text::{Problem, problem};

/// The usual root of all state on a host.
const ROOT: &str = "/var/lib/stapel";

/// The bits of a directory's mode that let its group write there, and make what is made there the group's as well.
const OF_A_GROUP: u32 = 0o2020;

/// How the names of files end that hold secrets.
const SECRETS: &str = "secrets";

/// For how long a note may be waited for.
const NOTES: std::time::Duration = std::time::Duration::from_mins(10);

/// The directories of one app's state. It belongs to the app on that host, not to a person: the key is made from the
/// engine's identity and the canonical path of the app, so two people get the same place and two targets get two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    root: Utf8PathBuf,
    key: String,
}

impl Place {
    /// The place of the app at `path` under the engine with this identity; its directories are made, for their owner only, or
    /// for the group where the directory that `state` names belongs to one.
    ///
    /// # Errors
    /// `agent-state` where they cannot be made.
    pub(crate) fn open(state: Option<&Utf8Path>, engine: &str, path: &Utf8Path) -> Result<Self, Problem> {
        let canonical = canonical(path);
        let key = blake3::hash(format!("{engine}\0{canonical}").as_bytes()).to_hex()[..16].to_owned();
        let above = state.unwrap_or(Utf8Path::new(ROOT));
        // A directory that a group agreed on is all of theirs; else it is its owner's only. What holds secrets is so anyway.
        let shared = above.metadata().is_ok_and(|m| m.permissions().mode() & OF_A_GROUP == OF_A_GROUP);
        if shared {
            umask(Mode::RWXO);
        }
        let place = Self { root: above.join(&key), key };
        for dir in [place.root.clone(), place.runs(), place.logs(), place.backups(), place.engine()] {
            make(&dir, if shared { 0o770 } else { 0o700 }).map_err(|e| refused(&dir, &e))?;
        }
        if shared {
            // SQLite makes its files for their owner to write; what it makes beside one takes after it.
            let made = File::options().write(true).create_new(true).mode(0o660).open(place.journal());
            match made {
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(refused(&place.journal(), &e)),
                _ => {}
            }
        }
        Ok(place)
    }

    /// The short hex string that marks what is this app's: firewall rules, containers.
    #[must_use]
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What our sessions in the app's databases are called.
    #[must_use]
    pub(crate) fn session(&self) -> String {
        format!("stapel-{}", self.key)
    }

    /// The directory of all of it.
    #[must_use]
    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The journal.
    #[must_use]
    pub(crate) fn journal(&self) -> Utf8PathBuf {
        journal_of(&self.root)
    }

    /// The lock.
    #[must_use]
    pub(crate) fn lock(&self) -> Utf8PathBuf {
        lock_of(&self.root)
    }

    /// The object store.
    #[must_use]
    pub(crate) fn objects(&self) -> Utf8PathBuf {
        self.root.join("objects")
    }

    /// Notes of which manifest a commit's tree has.
    #[must_use]
    pub(crate) fn trees(&self) -> Utf8PathBuf {
        self.root.join("trees")
    }

    /// What the app's files held when they were read last.
    #[must_use]
    pub(crate) fn memory(&self) -> Utf8PathBuf {
        self.root.join("memory")
    }

    /// Dumps, where the configuration does not say otherwise.
    #[must_use]
    pub(crate) fn backups(&self) -> Utf8PathBuf {
        self.root.join("backups")
    }

    /// What an engine keeps: the embedded runtime's state, the forwarders of the relay.
    #[must_use]
    pub(crate) fn engine(&self) -> Utf8PathBuf {
        self.root.join("engine")
    }

    /// Notes between the session and the process that runs a release.
    #[must_use]
    pub(crate) fn runs(&self) -> Utf8PathBuf {
        self.root.join("runs")
    }

    /// Removes the notes of runs that nobody waits for any more, and the logs of those that had nothing to say. We hold
    /// the lock; a session that has just written its order is younger than that.
    pub(crate) fn tidy(&self) {
        let old = |path: &Utf8Path| {
            let age = path.metadata().and_then(|m| m.modified()).map(|t| t.elapsed().unwrap_or_default());
            age.is_ok_and(|age| age > NOTES)
        };
        let empty = |path: &Utf8Path| path.metadata().is_ok_and(|m| m.len() == 0);
        remove(&self.runs(), |path| old(path) && path.extension() != Some(SECRETS));
        remove(&self.logs(), |path| old(path) && empty(path));
    }

    /// Keeps secrets for those who may have to take up what the process with this mark runs, readable by their owner only.
    ///
    /// # Errors
    /// `io-failed`.
    pub(crate) fn keep_secrets(&self, mark: &str, secrets: &Secrets) -> Result<(), Problem> {
        if secrets.is_empty() {
            return Ok(());
        }
        let path = self.secrets_of(mark);
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
        let text = serde_json::to_vec(secrets).map_err(|e| failed(e.into()))?;
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(&text)).map_err(failed)
    }

    /// The secrets that a process with one of these marks has kept.
    pub(crate) fn secrets(&self, marks: &[String]) -> Secrets {
        let kept = |mark: &String| serde_json::from_slice(&std::fs::read(self.secrets_of(mark)).ok()?).ok();
        marks.iter().find_map(kept).unwrap_or_default()
    }

    /// Removes all that is kept of secrets but for these marks. We hold the lock: nobody begins meanwhile.
    pub(crate) fn forget_secrets(&self, but: &[String]) {
        let needed: Vec<_> = but.iter().map(|mark| self.secrets_of(mark)).collect();
        remove(&self.runs(), |path| path.extension() == Some(SECRETS) && !needed.iter().any(|n| n == path));
    }

    fn secrets_of(&self, mark: &str) -> Utf8PathBuf {
        self.runs().join(format!("{mark}.{SECRETS}"))
    }

    /// What the processes that run releases print.
    #[must_use]
    pub(crate) fn logs(&self) -> Utf8PathBuf {
        self.root.join("log")
    }
}

/// Removes what of a directory goes.
fn remove(dir: &Utf8Path, goes: impl Fn(&Utf8Path) -> bool) {
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten().filter(|e| goes(e.path())) {
        // Another process may have been quicker.
        let _ = std::fs::remove_file(entry.path());
    }
}

/// The state of every app that is kept in the usual place.
pub(crate) fn all() -> Vec<Utf8PathBuf> {
    let dirs = std::fs::read_dir(ROOT).into_iter().flatten().flatten();
    let roots = dirs.filter_map(|d| Utf8PathBuf::from_path_buf(d.path()).ok());
    roots.filter(|root| journal_of(root).exists()).collect()
}

/// The journal of the app whose state lies there.
#[must_use]
pub(crate) fn journal_of(root: &Utf8Path) -> Utf8PathBuf {
    root.join("journal.db")
}

/// Its lock.
#[must_use]
pub(crate) fn lock_of(root: &Utf8Path) -> Utf8PathBuf {
    root.join("lock")
}

/// The canonical form, also of a path that is not there yet: it must stay the same once it is.
fn canonical(path: &Utf8Path) -> Utf8PathBuf {
    let there = path.ancestors().find_map(|a| Some((a, a.canonicalize_utf8().ok()?)));
    let Some((ancestor, there)) = there else { return path.to_owned() };
    // Joining by components drops a trailing slash.
    let rest = path.strip_prefix(ancestor).unwrap_or(path);
    rest.components().fold(there, |all, c| all.join(c))
}

fn refused(path: &Utf8Path, error: &std::io::Error) -> Problem {
    problem!(Refused, "agent-state", path = path.as_str(), error = error)
}

fn make(dir: &Utf8Path, mode: u32) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_the_same_directory_are_one_app_and_two_engines_are_two() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        std::fs::create_dir(dir.join("app")).unwrap();
        std::os::unix::fs::symlink(dir.join("app"), dir.join("link")).unwrap();
        let key = |engine: &str, path: &str| Place::open(Some(dir), engine, &dir.join(path)).unwrap().key().to_owned();
        assert_eq!(key("e", "app"), key("e", "link"));
        let before = key("e", "link/later/");
        std::fs::create_dir(dir.join("app/later")).unwrap();
        assert_eq!(before, key("e", "app/later"));
        assert_ne!(key("e", "app"), key("other", "app"));
        assert_ne!(key("e", "app"), key("e", "elsewhere"));
    }

    #[test]
    fn a_place_that_cannot_be_had_is_refused() {
        let problem = Place::open(Some(Utf8Path::new("/proc/none")), "e", Utf8Path::new("/a")).unwrap_err();
        assert_eq!((problem.class, problem.code()), (stapel_text::Class::Refused, "agent-state"));
    }
}

//! Where Stapel keeps its state of an app on the host.

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

/// The usual root of all state on a host.
const ROOT: &str = "/var/lib/stapel";

/// The directories of one app's state. It belongs to the app on that host, not to a person: the key is made from the
/// engine's identity and the canonical path of the app, so two people get the same place and two targets get two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    root: Utf8PathBuf,
    key: String,
}

impl Place {
    /// The place of the app at `path` under the engine with this identity; its directories are made, for their owner only.
    ///
    /// # Errors
    /// `agent-state` where they cannot be made.
    pub(crate) fn open(state: Option<&Utf8Path>, engine: &str, path: &Utf8Path) -> Result<Self, Problem> {
        let canonical = canonical(path);
        let key = blake3::hash(format!("{engine}\0{canonical}").as_bytes()).to_hex()[..16].to_owned();
        let place = Self { root: state.unwrap_or(Utf8Path::new(ROOT)).join(&key), key };
        for dir in [place.root.clone(), place.runs(), place.logs(), place.backups(), place.engine()] {
            make(&dir).map_err(|e| problem!(Refused, "agent-state", path = dir.as_str(), error = e))?;
        }
        Ok(place)
    }

    /// The short hex string that marks what is this app's: firewall rules, containers.
    #[must_use]
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The directory of all of it.
    #[must_use]
    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The journal.
    #[must_use]
    pub(crate) fn journal(&self) -> Utf8PathBuf {
        self.root.join("journal.db")
    }

    /// The lock.
    #[must_use]
    pub(crate) fn lock(&self) -> Utf8PathBuf {
        self.root.join("lock")
    }

    /// The object store.
    #[must_use]
    pub(crate) fn objects(&self) -> Utf8PathBuf {
        self.root.join("objects")
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

    /// What the processes that run releases print.
    #[must_use]
    pub(crate) fn logs(&self) -> Utf8PathBuf {
        self.root.join("log")
    }
}

/// The canonical form, also of a path that is not there yet: it must stay the same once it is.
fn canonical(path: &Utf8Path) -> Utf8PathBuf {
    let there = path.ancestors().find_map(|a| Some((a, a.canonicalize_utf8().ok()?)));
    let Some((ancestor, there)) = there else { return path.to_owned() };
    // Joining by components drops a trailing slash.
    let rest = path.strip_prefix(ancestor).unwrap_or(path);
    rest.components().fold(there, |all, c| all.join(c))
}

fn make(dir: &Utf8Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
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

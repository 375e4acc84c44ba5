//! What there is on a host of all that an app needs. Nothing is changed: what apt knows is asked of lists of our own, fetched
//! for the occasion, for those of a new host are empty, and those of an old one are old.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use camino::Utf8Path;
use rustix::fs::{Access, access};
use stapel_engine::{Compose, Engine, EngineFacts};
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::packages::{ASKED, Packages};
use super::system::System;
use super::{PATIENCE, Wanted};

/// Whether Docker is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Daemon {
    /// It answers.
    Answers(EngineFacts),
    /// It is installed, and nobody answers.
    Silent,
    /// It is not installed.
    Absent,
}

/// A host as it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Facts {
    pub(super) system: System,
    /// Whether we are root.
    pub(super) root: bool,
    pub(super) daemon: Daemon,
    /// Every compose, the one to use first.
    pub(super) compose: Vec<Compose>,
    /// What apt knows, asked only where something of Docker is missing.
    pub(super) packages: Packages,
    /// What apt complained of when it was asked.
    pub(super) complaint: Option<String>,
    pub(super) systemd: bool,
    /// The networks that there are.
    pub(super) networks: BTreeSet<String>,
    /// Whether the app's directory is there.
    pub(super) directory: bool,
    /// Whether we may make it.
    pub(super) may_make: bool,
}

impl Facts {
    /// Looks at this host.
    ///
    /// # Errors
    /// `engine-denied`, `engine-host-unsupported`, `io-failed`.
    pub(super) async fn look(wanted: &Wanted) -> Result<Self, Problem> {
        let system = System::read(&std::fs::read_to_string("/etc/os-release").unwrap_or_default());
        let (mut daemon, mut networks) = (Daemon::Absent, BTreeSet::new());
        if wanted.docker {
            (daemon, networks) = docker().await?;
        }
        let compose = if wanted.docker { Compose::all().await } else { Vec::new() };
        let mut facts = Self {
            system,
            root: rustix::process::geteuid().is_root(),
            daemon,
            compose,
            packages: Packages::default(),
            complaint: None,
            systemd: Path::new("/run/systemd/system").is_dir(),
            networks,
            directory: wanted.path.is_dir(),
            may_make: may_make(&wanted.path),
        };
        if wanted.docker && !wanted.only_networks && facts.lacks_packages() && facts.system.is_debian() {
            let (packages, complaint) = apt().await?;
            let kernel = std::fs::read_to_string("/sys/module/apparmor/parameters/enabled").unwrap_or_default();
            facts.packages = if kernel.starts_with('Y') { packages } else { packages.without_apparmor() };
            facts.complaint = complaint;
        }
        Ok(facts)
    }

    /// The compose to use, where one suits the engine.
    pub(super) fn suiting(&self) -> Option<&Compose> {
        self.compose.iter().find(|compose| match &self.daemon {
            Daemon::Answers(engine) => compose.suits(engine).is_ok(),
            // It is seen once it answers.
            Daemon::Silent => true,
            Daemon::Absent => false,
        })
    }

    /// Whether anything has to be installed.
    pub(super) fn lacks_packages(&self) -> bool {
        self.daemon == Daemon::Absent || self.suiting().is_none()
    }
}

async fn docker() -> Result<(Daemon, BTreeSet<String>), Problem> {
    let asked = async {
        let engine = Engine::connect().await?;
        Ok::<_, Problem>((engine.ping().await?, engine.networks().await?))
    };
    match asked.await {
        Ok((facts, networks)) => Ok((Daemon::Answers(facts), networks)),
        Err(why) if why.code() == "engine-unreachable" => {
            let daemon = if installed("dockerd") { Daemon::Silent } else { Daemon::Absent };
            Ok((daemon, BTreeSet::new()))
        }
        Err(why) => Err(why),
    }
}

/// Whether a program is there; root's may not be on the path of the one who logs in.
fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(Into::into);
    std::env::split_paths(&path).chain(system).any(|dir| dir.join(program).is_file())
}

/// What apt knows of the packages, and what it complained of.
async fn apt() -> Result<(Packages, Option<String>), Problem> {
    // Those who fetch for apt are another user.
    let open = PermissionsExt::from_mode(0o755);
    let dir = tempfile::Builder::new().prefix("stapel-apt-").permissions(open).tempdir();
    let dir = dir.map_err(|e| problem!(Failed, "io-failed", path = std::env::temp_dir().display(), error = e))?;
    let lists = dir.path().join("lists");
    std::fs::create_dir_all(lists.join("partial"))
        .map_err(|e| problem!(Failed, "io-failed", path = lists.display(), error = e))?;
    let own = [
        format!("-oDir::State::Lists={}", lists.display()),
        "-oDir::Cache::pkgcache=".to_owned(),
        "-oDir::Cache::srcpkgcache=".to_owned(),
    ];
    let called = |program: &str| Command::new(program).env("LC_ALL", "C").args(own.clone());
    let fetched = called("apt-get").args(PATIENCE).args(["-qq", "update"]).finish().await?;
    let complaint = Some(fetched.stderr.trim().to_owned()).filter(|said| !said.is_empty());
    let known = called("apt-cache").arg("policy").args(ASKED).run().await?;
    Ok((Packages::read(&known.stdout), complaint))
}

/// Whether we may make a directory there: the nearest one that there is decides.
fn may_make(path: &Utf8Path) -> bool {
    let nearest = path.ancestors().find(|dir| dir.exists());
    nearest.is_some_and(|dir| dir.is_dir() && access(dir.as_std_path(), Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

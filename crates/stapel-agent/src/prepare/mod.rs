//! What an app needs of its host before anything can be released there: Docker with a compose that suits it, the networks that
//! its files expect to find, its directory.
//!
//! [`Facts::look`] finds out what there is and changes nothing; [`decide`] makes a [`Preparation`] of that, purely; [`run`]
//! does the steps that a person has agreed to. What is there already is left as it is: a Docker that is installed is never
//! replaced, and no package is ever removed.

mod decide;
#[cfg(test)]
mod decide_tests;
mod facts;
mod packages;
mod run;
mod system;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use stapel_core::config::{Config, EngineKind};
use stapel_engine::Project;
use stapel_text::{Problem, Text, problem, text};

pub(crate) use run::run;

use decide::decide;
use facts::Facts;

/// What an app needs of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Whether Docker runs it.
    pub docker: bool,
    /// The networks that its compose files expect to find.
    pub networks: Vec<String>,
    /// Its directory.
    pub path: Utf8PathBuf,
    /// Only the networks are asked for: no packages are looked for, which takes a moment and the network.
    #[serde(default)]
    pub only_networks: bool,
}

impl Wanted {
    /// What the app needs at this target. The compose files are those in `root`, on the operator's machine: the host may have
    /// neither them nor a compose yet.
    ///
    /// # Errors
    /// `agent-no-target`, `engine-compose-file-missing`.
    pub fn read(config: &Config, target: &str, root: &Utf8Path) -> Result<Self, Problem> {
        let known = || config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
        let place = config.targets.get(target);
        let place = place.ok_or_else(|| problem!(Usage, "agent-no-target", name = target, known = known()))?;
        let docker = config.engine == EngineKind::Docker;
        let networks = match (docker, config.compose.files.as_slice()) {
            (false, _) => Vec::new(),
            (true, []) => Project::discover(root)?.external_networks(),
            (true, files) => Project::new(root, files.to_vec()).external_networks(),
        };
        Ok(Self { docker, networks, path: place.path.clone(), only_networks: false })
    }
}

/// What is there, and what would be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// What is as it ought to be.
    pub there: Vec<Text>,
    /// What would be done, in this order.
    pub steps: Vec<Step>,
    /// What only a person can do.
    pub left: Vec<Problem>,
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// The list of packages is brought up to date.
    Update,
    /// Packages are installed.
    Install {
        /// Their names.
        packages: Vec<String>,
        /// Which Docker and which compose these are, in a person's words.
        brings: String,
    },
    /// Docker is started, now and at each boot.
    Start {
        /// By systemd; else by its init script.
        systemd: bool,
    },
    /// A network is made.
    Network {
        /// Its name.
        name: String,
    },
    /// The app's directory is made.
    Directory {
        /// Where.
        path: Utf8PathBuf,
    },
}

/// A mirror that does not answer is given up, at the second try.
pub(super) const PATIENCE: [&str; 3] =
    ["-oAcquire::http::Timeout=20", "-oAcquire::https::Timeout=20", "-oAcquire::Retries=1"];

impl Step {
    /// What it does.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Update => text!("agent-prepare-update"),
            Self::Install { brings, .. } => text!("agent-prepare-install", brings = brings),
            Self::Start { .. } => text!("agent-prepare-start"),
            Self::Network { name } => text!("agent-prepare-network", name = name),
            Self::Directory { path } => text!("agent-prepare-directory", path = path.as_str()),
        }
    }

    /// The command that does it, as it is run: a program and its arguments.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Self::Update => {
                let mut all: Vec<String> = words(&["apt-get", "update"]);
                all.extend(words(&PATIENCE));
                all
            }
            // Nothing is asked, nobody's services are restarted, no configuration is replaced, nothing is removed. Another
            // apt (unattended upgrades run at boot) is waited for.
            Self::Install { packages, .. } => {
                let mut all: Vec<String> = words(&["env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1"]);
                all.extend(words(&["apt-get", "install", "--yes", "--no-install-recommends", "--no-remove"]));
                all.extend(words(&["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]));
                all.extend(packages.iter().cloned());
                all
            }
            Self::Start { systemd: true } => words(&["systemctl", "enable", "--now", "docker"]),
            Self::Start { systemd: false } => words(&["service", "docker", "start"]),
            Self::Network { name } => words(&["docker", "network", "create", name]),
            Self::Directory { path } => words(&["mkdir", "--parents", path.as_str()]),
        }
    }

    /// Whether only root may do it.
    fn needs_root(&self) -> bool {
        matches!(self, Self::Update | Self::Install { .. } | Self::Start { .. })
    }
}

/// What is there, and what would be done. Nothing is changed.
///
/// # Errors
/// What keeps it from being found out, and why nothing can be done here.
pub(crate) async fn look(wanted: &Wanted) -> Result<Preparation, Problem> {
    decide(&Facts::look(wanted).await?, wanted)
}

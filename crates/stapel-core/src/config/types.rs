use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::{Check, DatabaseConfig, Hook, Limit, Notify, Phase, Quiet, Secrets, Watch};

/// A whole `stapel.toml`, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The app's name, as people know it.
    pub app: String,
    /// What runs the app.
    pub engine: EngineKind,
    /// Where it runs, by name.
    pub targets: BTreeMap<String, Target>,
    /// What is shipped.
    pub source: Source,
    /// How compose is called.
    pub compose: Compose,
    /// The services that releases replace, by compose name. Others (databases) are left alone.
    pub services: BTreeMap<String, Service>,
    /// Databases that are dumped before a release, by name.
    pub databases: BTreeMap<String, DatabaseConfig>,
    /// How the schema is migrated, if it is.
    pub migration: Option<Migration>,
    /// What is kept of dumps.
    pub backup: Backup,
    /// What is kept of images.
    #[serde(default)]
    pub images: Images,
    /// What must hold of a serving app.
    pub checks: Vec<Check>,
    /// The parts of a deploy, each with a gate at its end; none: it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// The time after the switch in which the app is compared with what it was.
    pub watch: Watch,
    /// Bounds of the relay rollout.
    pub relay: Relay,
    /// When no release is to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// Whom to call when a release is stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Who is told of releases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Notify>,
    /// The team's own commands before and after steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
}

impl Config {
    /// Whether all that its secret values name is there.
    ///
    /// # Errors
    /// `core-secret-missing`.
    pub fn needs(&self, secrets: &Secrets) -> Result<(), Problem> {
        let of_notices = self.notify.iter().flat_map(|notify| notify.channel.secrets());
        let of_checks = self.checks.iter().flat_map(|check| check.headers.values());
        let of_databases = self.databases.values().filter_map(|database| database.url.as_ref());
        of_notices.chain(of_checks).chain(of_databases).try_for_each(|one| one.reveal(secrets).map(drop))
    }

    /// Patterns (as in `.gitignore`) of what is never shipped, replaced or removed besides the usual: what the team
    /// excludes, and where data lies, which is not code.
    #[must_use]
    pub fn exclusions(&self) -> Vec<String> {
        let mut all = self.source.exclude.clone();
        for path in self.databases.values().filter_map(|d| d.path.as_ref()) {
            // SQLite's own files lie beside: -wal, -shm, -journal.
            all.extend([format!("/{path}"), format!("/{path}-*")]);
        }
        all.extend(
            self.backup
                .dir
                .as_ref()
                .filter(|d| d.is_relative())
                .map(|d| format!("/{}", d.as_str().trim_start_matches("./"))),
        );
        all
    }
}

/// What runs the app on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// Docker with compose.
    Docker,
    /// Child processes of the embedded runtime.
    Embedded,
}

/// `[target.NAME]`: a place where the app runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `local`, or what the system's `ssh` takes as a destination.
    pub host: String,
    /// The app's directory on the host, absolute.
    pub path: Utf8PathBuf,
    /// Where Stapel keeps its state on the host, if not in the usual place.
    pub state: Option<Utf8PathBuf>,
    /// How the agent becomes root there, if the one who logs in is not.
    #[serde(rename = "become", default)]
    pub become_root: Option<Become>,
}

/// Ways for the agent to become root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Become {
    /// `sudo`, which must not ask for a password.
    Sudo,
}

/// `[source]`: what is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where new versions come from.
    #[serde(default)]
    pub from: SourceKind,
    /// The branch that a checkout on the host follows, if not the one that its own branch does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tree, relative to the directory of `stapel.toml`.
    pub path: Utf8PathBuf,
    /// Patterns (as in `.gitignore`) left out besides those that are always left out.
    pub exclude: Vec<String>,
    /// What else says what is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Ignore>,
    /// Files with secrets that are shipped though the exclusions leave them out, readable by their owner only.
    pub env: Vec<String>,
}

/// What else says what is not shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignore {
    /// What git is told to ignore and does not know.
    Git,
    /// `.dockerignore` files.
    Docker,
}

/// Where new versions come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The tree on the operator's machine, which is shipped.
    #[default]
    Here,
    /// The app's directory on the host is a git checkout, which fetches.
    Checkout,
}

/// `[compose]`: how compose is called in the app's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compose {
    /// Compose files in their order, relative to the app's directory. Empty: compose's own default.
    pub files: Vec<String>,
    /// The project's name, if it is not compose's own choice.
    pub project: Option<String>,
}

/// `[service.NAME]`: a service that a release replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The rollout to use, if not the one that Stapel would choose.
    pub rollout: Option<String>,
    /// Build without the layer cache.
    pub no_cache: bool,
    /// Values for the `ARG` of its Dockerfile, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub build_args: BTreeMap<String, String>,
    /// How long a start may take until it is healthy.
    pub healthy_within: Duration,
}

/// `[migration]`: how the schema is migrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The tool.
    pub tool: MigrationTool,
    /// The service whose image holds the tool and the migrations.
    pub service: String,
}

/// Migration tools that Stapel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationTool {
    /// Alembic.
    Alembic,
    /// The embedded runtime's own.
    Embedded,
}

/// `[backup]`: what is kept of dumps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where dumps lie on the host, if not in Stapel's state; relative to the app's directory.
    pub dir: Option<Utf8PathBuf>,
    /// Dumps older than this many days go; the newest proven one never does.
    pub keep_days: u32,
}

/// `[images]`: what is kept of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Of how many releases.
    pub keep: usize,
    /// How much the engine's build cache may hold after a release.
    pub build_cache: Limit,
}

impl Default for Images {
    fn default() -> Self {
        Self { keep: 5, build_cache: Limit::Bytes(10_000_000_000) }
    }
}

/// `[relay]`: bounds of the relay rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// How long open requests of the version that goes may take to end.
    pub drain: Duration,
    /// Whether the former version stands by while the new one is watched.
    #[serde(default)]
    pub standby: bool,
}

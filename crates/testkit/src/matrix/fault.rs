use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};

/// What befalls a release while it is stopped at a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing: the release runs to its end.
    None,
    /// The process that runs the release is killed. The guardian has to do the rest.
    Kill,
    /// That process and the guardian are killed. What remains is what looks every minute: cron or a timer of systemd.
    KillAll,
    /// The operator's session is cut; the release goes on.
    Ssh,
    /// The Docker daemon is restarted, and with it all containers; the release goes on.
    Dockerd,
    /// The server loses its power and boots.
    Reboot,
    /// The database is restarted; the release goes on.
    Database,
    /// The file system of Stapel's state is full, until the release has ended.
    Disk,
}

impl Fault {
    /// All that are one.
    pub const ALL: [Self; 7] =
        [Self::Kill, Self::KillAll, Self::Ssh, Self::Dockerd, Self::Reboot, Self::Database, Self::Disk];

    /// Whether the app itself is away for a time, whatever Stapel does.
    #[must_use]
    pub fn takes_the_app_down(self) -> bool {
        matches!(self, Self::Dockerd | Self::Reboot | Self::Database)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Kill => "kill",
            Self::KillAll => "kill-all",
            Self::Ssh => "ssh",
            Self::Dockerd => "dockerd",
            Self::Reboot => "reboot",
            Self::Database => "database",
            Self::Disk => "disk",
        })
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().chain([Self::None]).find(|fault| fault.to_string() == name);
        found.with_context(|| format!("no fault {name}: {}", Self::ALL.map(|f| f.to_string()).join(", ")))
    }
}

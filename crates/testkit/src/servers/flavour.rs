use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};

/// What a server is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Debian 12 with Docker 20.10 and docker-compose 1.29.
    Bookworm,
    /// Debian 13 with Docker 26.1, `docker compose` 2.26 and buildx.
    Trixie,
    /// As [`Flavour::Bookworm`], and systemd is its first process; the others have cron.
    Systemd,
}

impl Flavour {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::Systemd];

    /// The image of such a server.
    #[must_use]
    pub fn image(self) -> &'static str {
        match self {
            Self::Bookworm => "stapel-server:bookworm",
            Self::Trixie => "stapel-server:trixie",
            Self::Systemd => "stapel-server:systemd",
        }
    }

    /// The flavour whose Docker this one has: what a Docker keeps on its disk is the same for both.
    pub(super) fn docker(self) -> Self {
        match self {
            Self::Systemd => Self::Bookworm,
            other => other,
        }
    }

    /// How its Docker's version begins.
    #[must_use]
    pub fn docker_version(self) -> &'static str {
        match self {
            Self::Bookworm | Self::Systemd => "20.10.",
            Self::Trixie => "26.1.",
        }
    }

    /// The compose command there, as a list of arguments.
    #[must_use]
    pub fn compose_command(self) -> &'static [&'static str] {
        match self {
            Self::Bookworm | Self::Systemd => &["docker-compose"],
            Self::Trixie => &["docker", "compose"],
        }
    }
}

impl FromStr for Flavour {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|flavour| flavour.to_string() == name);
        found.with_context(|| format!("no flavour {name}: {}", Self::ALL.map(|flavour| flavour.to_string()).join(", ")))
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Systemd => "systemd",
        })
    }
}

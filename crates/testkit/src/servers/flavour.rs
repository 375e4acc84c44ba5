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
    /// Debian 12 on which nobody has installed Docker yet; what would bring it is in a package source on its own disk.
    BareBookworm,
    /// The same with Debian 13.
    BareTrixie,
    /// As [`Flavour::BareBookworm`], and systemd is its first process.
    BareSystemd,
}

impl Flavour {
    /// All that have a Docker.
    pub const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::Systemd];

    /// Those that have none.
    pub const BARE: [Self; 3] = [Self::BareBookworm, Self::BareTrixie, Self::BareSystemd];

    /// Whether nobody has installed Docker there yet.
    #[must_use]
    pub fn is_bare(self) -> bool {
        Self::BARE.contains(&self)
    }

    /// The image of such a server.
    #[must_use]
    pub fn image(self) -> &'static str {
        match self {
            Self::Bookworm => "stapel-server:bookworm",
            Self::Trixie => "stapel-server:trixie",
            Self::Systemd => "stapel-server:systemd",
            Self::BareBookworm => "stapel-server:bare-bookworm",
            Self::BareTrixie => "stapel-server:bare-trixie",
            Self::BareSystemd => "stapel-server:bare-systemd",
        }
    }

    /// The flavour whose Docker this one has: what a Docker keeps on its disk is the same for both.
    pub(super) fn docker(self) -> Self {
        match self {
            Self::Systemd => Self::Bookworm,
            other => other,
        }
    }

    /// How its Docker's version begins; of a bare one, the version that its packages have.
    #[must_use]
    pub fn docker_version(self) -> &'static str {
        match self {
            Self::Bookworm | Self::Systemd | Self::BareBookworm | Self::BareSystemd => "20.10.",
            Self::Trixie | Self::BareTrixie => "26.1.",
        }
    }

    /// The compose command there, as a list of arguments; of a bare one, the command that its packages bring.
    #[must_use]
    pub fn compose_command(self) -> &'static [&'static str] {
        match self {
            Self::Bookworm | Self::Systemd | Self::BareBookworm | Self::BareSystemd => &["docker-compose"],
            Self::Trixie | Self::BareTrixie => &["docker", "compose"],
        }
    }
}

impl FromStr for Flavour {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.into_iter().chain(Self::BARE);
        let known = || Self::ALL.iter().chain(&Self::BARE).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        all.find(|flavour| flavour.to_string() == name).with_context(|| format!("no flavour {name}: {}", known()))
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Systemd => "systemd",
            Self::BareBookworm => "bare-bookworm",
            Self::BareTrixie => "bare-trixie",
            Self::BareSystemd => "bare-systemd",
        })
    }
}

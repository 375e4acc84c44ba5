use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};

/// What is released in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Story {
    /// The first release at all, over what was found: version 2 over version 1, which was brought by hand.
    First,
    /// Version 2, with a migration, over version 1.
    Deploy,
    /// Version 3-late over version 2: it turns bad in the watch and comes back by itself.
    ComesBack,
    /// From version 2 to version 1.
    Rollback,
}

impl Story {
    /// All of them, in the order in which a server takes them with the least work between.
    pub const ALL: [Self; 4] = [Self::First, Self::Deploy, Self::ComesBack, Self::Rollback];

    /// The version in service before.
    #[must_use]
    pub fn before(self) -> &'static str {
        match self {
            Self::First | Self::Deploy => "1",
            Self::ComesBack | Self::Rollback => "2",
        }
    }

    /// The version that the release is to bring.
    #[must_use]
    pub fn brings(self) -> &'static str {
        match self {
            Self::First | Self::Deploy => "2",
            Self::ComesBack => "3-late",
            Self::Rollback => "1",
        }
    }

    /// The version that serves after this outcome; `None`: the story may not end so.
    #[must_use]
    pub fn serves_after(self, outcome: &str) -> Option<&'static str> {
        match (outcome, self) {
            ("undone", _) => Some(self.before()),
            ("done", Self::ComesBack) => None,
            ("done", _) => Some(self.brings()),
            _ => None,
        }
    }

    /// The revisions that the schema may be at after this outcome. Once traffic has moved a schema stays that the former
    /// version was seen to work with.
    #[must_use]
    pub fn revisions_after(self, outcome: &str) -> &'static [&'static str] {
        match (outcome, self) {
            ("undone", Self::First | Self::Deploy) => &["0003", "0004"],
            _ => &["0004"],
        }
    }

    /// How long the watch lasts, as `stapel.toml` says it: version 3-late is well for six seconds.
    #[must_use]
    pub fn watch(self) -> &'static str {
        match self {
            Self::ComesBack => "12s",
            _ => "2s",
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Deploy => "deploy",
            Self::ComesBack => "comes-back",
            Self::Rollback => "rollback",
        })
    }
}

impl FromStr for Story {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|story| story.to_string() == name);
        found.with_context(|| format!("no story {name}: {}", Self::ALL.map(|s| s.to_string()).join(", ")))
    }
}

use serde::{Deserialize, Serialize};

/// Migration tools that Stapel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// Alembic.
    Alembic,
    /// The demo app's own, which speaks as Alembic does.
    Embedded,
}

/// The command lines of a migration tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argv {
    /// Prints the revisions that the database is at.
    pub current: Vec<String>,
    /// Prints the newest revisions that there are.
    pub heads: Vec<String>,
    /// Migrates to the newest.
    pub upgrade: Vec<String>,
    /// Goes down; the revision to go to follows.
    pub downgrade: Vec<String>,
    /// What stands for "before the first revision".
    pub base: String,
}

impl Tool {
    /// Its command lines.
    #[must_use]
    pub fn argv(self) -> Argv {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        match self {
            Self::Alembic => Argv {
                current: words(&["alembic", "current"]),
                heads: words(&["alembic", "heads"]),
                upgrade: words(&["alembic", "upgrade", "head"]),
                downgrade: words(&["alembic", "downgrade"]),
                base: "base".to_owned(),
            },
            Self::Embedded => Argv {
                current: words(&["migrate", "current"]),
                heads: words(&["migrate", "heads"]),
                upgrade: words(&["migrate", "upgrade"]),
                downgrade: words(&["migrate", "downgrade"]),
                base: "base".to_owned(),
            },
        }
    }
}

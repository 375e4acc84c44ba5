use serde::{Deserialize, Serialize};

/// What a release is to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "goal")]
pub enum Goal {
    /// The tree with this manifest is in service.
    Deploy {
        /// The manifest's hash in the object store.
        manifest: String,
        /// The tree's fingerprint.
        fingerprint: String,
        /// The commit it was made from, if it comes from a repository.
        commit: Option<String>,
        /// Which phase of a deploy this is, if it has several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<PhaseGoal>,
    },
    /// What an earlier release had put in service is in service again.
    Rollback {
        /// That release.
        to: u64,
        /// The hash of that release's manifest in the object store.
        manifest: String,
        /// That tree's fingerprint.
        fingerprint: String,
        /// The revision to take the schema down to afterwards; `None`: the schema stays.
        down_to: Option<String>,
    },
    /// These services are started again, as they are; what is in service stays.
    Restart {
        /// Their compose names.
        services: Vec<String>,
        /// Stopped and started, with the gap that this is, where a relay would lose nothing.
        hard: bool,
    },
}

/// One of the phases of a deploy: a release like any other, that ends at its gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseGoal {
    /// Its number, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// What people call it.
    pub name: String,
    /// Whether the schema is migrated in it.
    pub migrates: bool,
    /// The checks that have to hold at its end; `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Vec<String>>,
    /// The first line of its commit's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The release that was the first phase of the deploy; `None`: this one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
}

impl PhaseGoal {
    /// Whether a check is one that has to hold at its end, whatever was before.
    #[must_use]
    pub fn demands(&self, check: &str) -> bool {
        self.gate.as_ref().is_none_or(|gate| gate.iter().any(|name| name == check))
    }

    /// Whether its gate names a check.
    #[must_use]
    pub fn names(&self, check: &str) -> bool {
        self.gate.iter().flatten().any(|name| name == check)
    }
}

impl Goal {
    /// Which phase of a deploy it is, if of one that has several.
    #[must_use]
    pub fn phase(&self) -> Option<&PhaseGoal> {
        match self {
            Self::Deploy { phase, .. } => phase.as_ref(),
            Self::Rollback { .. } | Self::Restart { .. } => None,
        }
    }

    /// The hash of the goal's manifest in the object store; `None`: it puts no tree in service.
    #[must_use]
    pub fn manifest(&self) -> Option<&str> {
        match self {
            Self::Deploy { manifest, .. } | Self::Rollback { manifest, .. } => Some(manifest),
            Self::Restart { .. } => None,
        }
    }

    /// The fingerprint of the goal's tree; `None` as above.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Deploy { fingerprint, .. } | Self::Rollback { fingerprint, .. } => Some(fingerprint),
            Self::Restart { .. } => None,
        }
    }

    /// The commit the tree was made from.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::Deploy { commit, .. } => commit.as_deref(),
            Self::Rollback { .. } | Self::Restart { .. } => None,
        }
    }
}

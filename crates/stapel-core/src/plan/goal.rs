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

impl Goal {
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

use serde::{Deserialize, Serialize};

use crate::Hash;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A regular file.
    File {
        /// The hash of its content.
        hash: Hash,
        /// Its size in bytes.
        size: u64,
        /// Its permission bits, without the type. [`crate::scan`] takes no more than `0o777`.
        mode: u32,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points, as it is written in the link.
        target: String,
    },
    /// A directory that holds nothing which is shipped; all others are implied by the paths in them.
    Directory,
}

impl Entry {
    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        matches!(self, Self::Directory)
    }

    /// The content's hash, of a file.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        match self {
            Self::File { hash, .. } => Some(*hash),
            Self::Symlink { .. } | Self::Directory => None,
        }
    }
}

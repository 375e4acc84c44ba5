use serde::{Deserialize, Serialize};

use crate::Hash;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "Written")]
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

/// How it is written. A tag inside has serde keep all of an entry until it has seen the tag; the fields are all there is, and
/// read as they come.
#[derive(Deserialize)]
struct Written {
    kind: Kind,
    hash: Option<Hash>,
    size: Option<u64>,
    mode: Option<u32>,
    target: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    File,
    Symlink,
    Directory,
}

impl TryFrom<Written> for Entry {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { kind, hash, size, mode, target } = written;
        match (kind, hash, size, mode, target) {
            (Kind::File, Some(hash), Some(size), Some(mode), _) => Ok(Self::File { hash, size, mode }),
            (Kind::Symlink, _, _, _, Some(target)) => Ok(Self::Symlink { target }),
            (Kind::Directory, ..) => Ok(Self::Directory),
            _ => Err("a file needs hash, size and mode, a symlink its target".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_any_order_of_its_fields() {
        for entry in [
            Entry::File { hash: Hash::of(b"x"), size: 1, mode: 0o644 },
            Entry::Symlink { target: "ü \n".to_owned() },
            Entry::Directory,
        ] {
            let written = serde_json::to_value(&entry).unwrap();
            assert_eq!(serde_json::from_value::<Entry>(written.clone()).unwrap(), entry);
            assert_eq!(serde_json::from_str::<Entry>(&written.to_string()).unwrap(), entry);
        }
        for wrong in [r#"{"kind":"file","size":1}"#, r#"{"kind":"symlink"}"#, r#"{"kind":"pipe"}"#, r#"{"size":1}"#] {
            assert!(serde_json::from_str::<Entry>(wrong).is_err(), "{wrong}");
        }
    }
}

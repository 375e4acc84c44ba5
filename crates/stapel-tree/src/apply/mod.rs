//! From what is on the host to what a manifest says, and back.

mod carry_out;
mod hand;
mod look;
mod plan;
mod revert;
mod sweep;

use serde::{Deserialize, Serialize};

use crate::Entry;

pub use carry_out::carry_out;
pub use look::look;
pub use plan::plan_apply;
pub use revert::revert;
pub use sweep::sweep;

/// What making a manifest true changes, and what was there before. It is the intent that the journal holds before
/// anything is touched, and all that the way back needs besides the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The version of this format, [`Applied::FORMAT`] where it is written.
    pub format: u32,
    /// Whether the root itself was not there.
    pub root_made: bool,
    /// The changes in the order in which they are made; the way back goes from the last to the first. Directories that
    /// are made and removed are among them.
    pub changed: Vec<Change>,
    /// What lies in the directories of the manifest and belongs neither to it nor to the last release nor to what the
    /// rules leave out; it is kept. A directory ends with `/` and stands for all that is in it.
    pub foreign: Vec<String>,
}

/// One path, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where.
    pub path: String,
    /// What was there; its content is in the object store.
    pub before: Option<Entry>,
    /// What is to be there.
    pub after: Option<Entry>,
    /// Whose it was, for the way back and for what replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Attributes>,
}

/// Owner and mode of something on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// The number of its user.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
}

/// Something that was neither what the release had put there nor what was there before, when the way back came by. It
/// was replaced; the content of a file lies in the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Displaced {
    /// Where.
    pub path: String,
    /// What it was.
    pub entry: Entry,
}

impl Applied {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The files and links that change, without the directories.
    pub fn files(&self) -> impl Iterator<Item = &Change> {
        let directory = |e: &Option<Entry>| e.as_ref().is_some_and(Entry::is_directory);
        self.changed.iter().filter(move |c| !directory(&c.before) && !directory(&c.after))
    }

    /// The directories that are made, the outer before the inner.
    pub fn directories_made(&self) -> impl Iterator<Item = &str> {
        self.changed.iter().filter(|c| c.after.as_ref().is_some_and(Entry::is_directory)).map(|c| c.path.as_str())
    }

    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.root_made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_1_stays_readable_and_is_what_is_written() {
        let json: serde_json::Value = serde_json::from_str(include_str!("../../fixtures/applied-1.json")).unwrap();
        let applied: Applied = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(applied.directories_made().collect::<Vec<_>>(), ["new"]);
        assert_eq!(applied.files().count(), 2);
        assert_eq!(serde_json::to_value(&applied).unwrap(), json);
    }
}

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use crate::beneath::Root;
use crate::observe::{There, observe_all};
use crate::{Entry, Manifest, Memory};

/// Something on the host that is not what the last release put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Drift {
    /// Other content, mode, target or type.
    Changed {
        /// Where.
        path: String,
        /// What is there now; `None` for what no manifest can hold (a socket, a device, a pipe).
        found: Option<Entry>,
    },
    /// It is gone.
    Missing {
        /// What.
        path: String,
    },
}

impl Drift {
    /// The path it is about.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Changed { path, .. } | Self::Missing { path } => path,
        }
    }
}

/// Where `root` differs from `manifest`, in the order of the paths. Files that the manifest does not know are not drift, and
/// those that are as `memory` knows them are not read.
///
/// # Errors
/// `io-failed`, and those of [`Manifest::check`].
pub fn drift(root: &Utf8Path, manifest: &Manifest, memory: &Memory) -> Result<Vec<Drift>, Problem> {
    manifest.check()?;
    let root = Root::open(root)?;
    let paths: Vec<&str> = manifest.entries.keys().map(String::as_str).collect();
    let looked = observe_all(&root, &paths, memory)?;
    memory.keep();
    let differs = manifest.entries.iter().zip(looked).filter_map(|((path, entry), there)| {
        let path = path.clone();
        match there {
            There::Nothing => Some(Drift::Missing { path }),
            There::Special => Some(Drift::Changed { path, found: None }),
            There::Entry(found, _) if found == *entry => None,
            There::Entry(found, _) => Some(Drift::Changed { path, found: Some(found) }),
        }
    });
    Ok(differs.collect())
}

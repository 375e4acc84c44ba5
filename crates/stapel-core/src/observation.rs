//! What is there now. Gathered by the agent, never guessed; the plan is a function of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stapel_text::{Text, text};

use crate::Touched;
use crate::ports::{ImageId, Instance, Parts};

/// What was found on the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The engine in a person's words: `Docker 26.1.5, docker compose 2.26.1`.
    pub engine: String,
    /// The services that releases replace.
    pub services: BTreeMap<String, ServiceFacts>,
    /// The last release that is in service, if Stapel has released here before.
    pub last: Option<LastRelease>,
    /// How many files under the app's directory differ from the goal.
    pub files_differ: usize,
    /// They by name, with what shipping does to them; at most [`Observation::NAMED`].
    #[serde(default)]
    pub files: Vec<FileChange>,
    /// Files there that no release of ours put there: they are kept.
    pub foreign: usize,
    /// They by name; at most [`Observation::NAMED`]. A directory ends with `/` and stands for all that is in it.
    #[serde(default)]
    pub kept: Vec<String>,
    /// What becomes of the variables in files with secrets, where anything does.
    #[serde(default)]
    pub env: Vec<EnvChange>,
    /// The databases' sizes in bytes, by name.
    pub databases: BTreeMap<String, u64>,
    /// The file systems that the release writes to.
    #[serde(default)]
    pub rooms: Vec<Room>,
    /// What ends a release well should its process or the machine die.
    #[serde(default)]
    pub guardian: Guardian,
    /// A digest of what shipping would replace as it is now: what is changed there after the plan was shown makes it
    /// another plan.
    #[serde(default)]
    pub replaces: String,
    /// Where the host's own git checkout stands, if new versions come from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<CheckoutFacts>,
    /// The schema now and what the goal's tree would make of it, where both can be told without running anything of the
    /// app's.
    #[serde(default)]
    pub schema: Option<Schema>,
}

impl Observation {
    /// How many files are named at most: a first release has all of them.
    pub const NAMED: usize = 1000;

    /// Whether any of the services runs.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.services.values().any(ServiceFacts::runs)
    }
}

/// Where a git checkout on the host stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutFacts {
    /// The commit that is checked out; `None` before the first.
    pub head: Option<String>,
    /// The commit that the goal's tree is of; `None` where that is not known.
    pub goal: Option<String>,
}

/// A file, and what shipping does to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path below the app's directory.
    pub path: String,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Becomes {
    /// It was not there.
    New,
    /// It is another one.
    Changed,
    /// It is not there any more.
    Gone,
}

impl Becomes {
    /// As a sign before a name: `+`, `~`, `-`.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::New => '+',
            Self::Changed => '~',
            Self::Gone => '-',
        }
    }
}

/// The variables of a file with secrets that are not as they were: names only, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvChange {
    /// The file's path below the app's directory.
    pub file: String,
    /// The variables, in order of their names.
    pub variables: Vec<(String, Becomes)>,
}

/// The schema as the database has noted it, and as the goal's tree would have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The revisions that the database is at; none where it never was migrated.
    pub current: Vec<String>,
    /// The migrations that are not applied yet, in the order in which they run.
    pub pending: Vec<Pending>,
    /// Whether the database is at a revision that the goal's tree does not know: the tree is older.
    pub ahead: bool,
}

/// A migration that is not applied yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its revision.
    pub revision: String,
    /// What its file says that it does.
    pub says: String,
}

/// What was found of one service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// The instance that the team's command made, running or not.
    pub real: Option<Instance>,
    /// What the next start would take.
    pub pointed: Option<ImageId>,
    /// What its registry has, where its image is not built but comes from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled: Option<Registry>,
    /// How what the goal changes touches it; `None` where its definition is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touched>,
    /// What the release had to do with it that a rollback leads to; `None` where none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
    /// Files of its definition that were written since the instance was made and are not as the release in service left
    /// them: it runs without what they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// The other services that must be there before it, by its definition.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub after: BTreeSet<String>,
    /// How many instances of it there are to be at once; 0 where that is not known.
    #[serde(default)]
    pub copies: u32,
    /// Whether it has anything mounted that it can write.
    #[serde(default)]
    pub writes: bool,
}

impl ServiceFacts {
    /// What its definition says of it.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        Self { after: parts.after.clone(), copies: parts.copies, writes: parts.writes, ..Self::default() }
    }

    /// Whether it serves now.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.real.as_ref().is_some_and(|r| r.running)
    }

    /// In what the definition differs from what the instance was made from; `None`: in nothing that is known.
    #[must_use]
    pub fn differs(&self) -> Option<Text> {
        let real = self.real.as_ref()?;
        if !self.written.is_empty() {
            return Some(text!("core-differs-files", files = self.written.join(", ")));
        }
        let other = self.pointed.as_ref().is_some_and(|image| *image != real.image);
        other.then(|| text!("core-differs-image"))
    }
}

/// What an earlier release had to do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Nothing: it was not one that releases replace.
    Nothing,
    /// It put an image in service that is kept.
    Kept,
    /// The image that it put in service is not here any more.
    Gone,
}

/// What the registry has under the name of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registry {
    /// The image that is here.
    Same,
    /// Another one.
    Newer,
    /// It did not tell.
    Silent,
}

/// The release that is in service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRelease {
    /// Its number.
    pub id: u64,
    /// The fingerprint of the tree it shipped.
    pub fingerprint: String,
    /// The commit that the tree came from.
    #[serde(default)]
    pub commit: Option<String>,
    /// Whether its tree's migrations were left to a later phase, which has not come.
    #[serde(default)]
    pub unmigrated: bool,
    /// Whether what it put in service was found, and not made by a release.
    #[serde(default)]
    pub found: bool,
    /// The images it put in service, by service.
    pub images: BTreeMap<String, ImageId>,
    /// The build arguments that these were built with, by service; none of what was found.
    #[serde(default)]
    pub build_args: BTreeMap<String, BTreeMap<String, String>>,
}

/// What ends a release well should its process or the machine die.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guardian {
    /// A process, and a systemd unit after a boot.
    Systemd,
    /// A process, and lines of cron's after a boot and each minute.
    Cron,
    /// A process only: after a boot nobody comes by himself.
    #[default]
    Process,
}

/// A file system that the release writes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// A directory on it.
    pub path: String,
    /// Free bytes, for those who write there.
    pub free: u64,
    /// Bytes that dumps will take there at most.
    pub dumps: u64,
    /// Bytes that files and what is kept of them will take.
    pub files: u64,
    /// Bytes that images may take.
    pub images: u64,
}

impl Room {
    /// Bytes that the release needs there.
    #[must_use]
    pub fn needed(&self) -> u64 {
        self.dumps.saturating_add(self.files).saturating_add(self.images)
    }
}

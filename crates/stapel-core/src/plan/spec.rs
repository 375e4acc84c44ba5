use serde::{Deserialize, Serialize};
use stapel_text::Text;
use strum::VariantNames;

use super::Goal;
use crate::config::When;

/// Which step, with its parameters: what the journal holds, and what the agent makes a step from again after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "snake_case", tag = "step")]
#[strum(serialize_all = "snake_case")]
pub enum StepSpec {
    /// Looks at the app before anything is changed.
    Baseline,
    /// Dumps a database and reads the dump back.
    Backup {
        /// The database's name in the configuration.
        database: String,
    },
    /// Puts the goal's tree in the app's directory.
    Ship,
    /// Says to the host's git checkout that the goal's commit is checked out.
    Checkout {
        /// The commit.
        commit: String,
    },
    /// Keeps the image in use under a dated tag.
    KeepImage {
        /// The service.
        service: String,
    },
    /// Keeps the image in use for this release, too: what it is built from does not change.
    HoldImage {
        /// The service.
        service: String,
    },
    /// Builds the new image, or brings it from its registry, while the old one serves.
    Build {
        /// The service.
        service: String,
        /// Without the layer cache.
        no_cache: bool,
        /// It comes from a registry, as far as is known beforehand.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pull: bool,
    },
    /// Points the service's definition at the image of an earlier release.
    PointImage {
        /// The service.
        service: String,
        /// That release.
        release: u64,
    },
    /// Migrates the schema up, from the new image.
    Migrate {
        /// The service whose image holds the migrations.
        service: String,
        /// What serves is what the schema is for: nothing is replaced.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        serves: bool,
    },
    /// Migrates the schema down, from the image that goes.
    MigrateDown {
        /// The service whose image holds the migrations.
        service: String,
        /// The revision to go down to.
        to: String,
    },
    /// One phase of a rollout.
    Phase {
        /// The rollout's name.
        rollout: String,
        /// The phase's name in that rollout.
        phase: String,
        /// The service.
        service: String,
    },
    /// The checks.
    Verify,
    /// Compares the app with its baseline for a time.
    Watch,
    /// A person is asked what no request can see.
    Ask {
        /// The name of the check.
        check: String,
    },
    /// Lets go of what is no longer needed for a way back.
    Prune,
    /// A command of the team's.
    Hook {
        /// Its place among `[[hook]]`, from 1.
        hook: usize,
        /// On which side of a step.
        when: When,
        /// That step, or `release`.
        point: String,
    },
}

/// What a hook may stand before or after: the steps by their names, a rollout as one, and the release as a whole.
pub const HOOK_POINTS: [&str; 16] = [
    "release",
    "baseline",
    "backup",
    "ship",
    "keep_image",
    "build",
    "checkout",
    "hold_image",
    "point_image",
    "migrate",
    "migrate_down",
    "rollout",
    "verify",
    "watch",
    "ask",
    "prune",
];

impl StepSpec {
    /// What hooks call this step; `None` for a hook.
    #[must_use]
    pub fn point(&self) -> Option<&'static str> {
        Some(match self {
            Self::Baseline => "baseline",
            Self::Backup { .. } => "backup",
            Self::Ship => "ship",
            Self::Checkout { .. } => "checkout",
            Self::HoldImage { .. } => "hold_image",
            Self::KeepImage { .. } => "keep_image",
            Self::Build { .. } => "build",
            Self::PointImage { .. } => "point_image",
            Self::Migrate { .. } => "migrate",
            Self::MigrateDown { .. } => "migrate_down",
            Self::Phase { .. } => "rollout",
            Self::Verify => "verify",
            Self::Watch => "watch",
            Self::Ask { .. } => "ask",
            Self::Prune => "prune",
            Self::Hook { .. } => return None,
        })
    }
}

/// A step of a plan, with the words for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Which step.
    pub spec: StepSpec,
    /// Why it is in the plan, where that is not plain.
    pub why: Option<Text>,
    /// What it will do; filled in by the agent from the step itself.
    pub does: Option<Text>,
    /// What its undo would do; likewise. `None`: it changes nothing.
    pub undoes: Option<Text>,
    /// Seconds that it took in earlier releases, the median of them; likewise. `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_s: Option<f64>,
    /// What of it stays when it is undone; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Residue>,
}

/// What an undone step may leave behind, because the way back may need it again or a person may want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residue {
    /// A dump, until retention lets go of it.
    Dump,
    /// An image under its release's tag, until it is pruned: going down a migration needs the new one.
    Image,
    /// An empty database where there was none; and the newer schema once requests have reached the new version, as long
    /// as the former one lives with it.
    Schema,
}

/// What will be done, from observation to goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this format.
    pub format: u32,
    /// What is to be reached.
    pub goal: Goal,
    /// The steps in order; none: everything is as it should be.
    pub steps: Vec<Planned>,
    /// Seconds in which a request could be lost.
    pub gap_s: f64,
    /// A digest of what it was made from, as far as that decides what the steps do.
    #[serde(default)]
    pub basis: String,
    /// The phases after this one, each planned when it is its turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Goal>,
}

impl Plan {
    /// The format written now.
    pub const FORMAT: u32 = 1;

    /// The plan for a goal that is reached already.
    #[must_use]
    pub fn none(goal: Goal) -> Self {
        let (steps, later) = (Vec::new(), Vec::new());
        Self { format: Self::FORMAT, goal, steps, gap_s: 0.0, basis: String::new(), later }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Seconds that all of it takes, where every step was done before.
    #[must_use]
    pub fn takes_s(&self) -> Option<f64> {
        self.steps.iter().map(|step| step.takes_s).sum()
    }

    /// A fingerprint of what will be done: two plans that do the same to the same are equal by it. The reasons are not in
    /// it, for they count what does not matter (files of others that came meanwhile).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(|s| (&s.spec, &s.does, &s.undoes)).collect();
        let this = digest(&(&self.goal, steps, self.gap_s, &self.basis));
        if self.later.is_empty() { this } else { digest(&(this, &self.later)) }
    }
}

/// 16 hexadecimal digits by which plain data can be told from other data; nothing that could fail to serialize.
#[must_use]
pub fn digest(data: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(data).unwrap_or_default();
    blake3::hash(&bytes).to_hex()[..16].to_owned()
}

/// The rollout that was chosen for a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its phases.
    pub phases: Vec<StepSpec>,
    /// Two more, before and behind those of all services, where the former version can stand by.
    pub standby: Option<[StepSpec; 2]>,
    /// Why this one.
    pub why: Text,
    /// Seconds in which a request could be lost.
    pub gap_s: f64,
}

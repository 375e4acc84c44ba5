//! What `stapel check` finds: does everything hold that a release needs?

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, Text};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examined {
    /// What it is, as it ought to be: "the databases answer".
    pub what: Text,
    /// Whether there was anything to look at.
    pub looked: bool,
    /// What is not so; nothing where all is well.
    pub found: Vec<Found>,
}

/// Something that is not as it ought to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// How much it matters.
    pub weight: Weight,
    /// What, with its code and its remedy.
    pub problem: Problem,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// A release would be refused, or would come back.
    Prevents,
    /// A person ought to know it before a release.
    Advises,
}

impl Found {
    /// Something that keeps a release from being made.
    #[must_use]
    pub fn prevents(problem: Problem) -> Self {
        Self { weight: Weight::Prevents, problem }
    }

    /// Something to be known.
    #[must_use]
    pub fn advises(problem: Problem) -> Self {
        Self { weight: Weight::Advises, problem }
    }
}

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_core::config::Moment;
use stapel_text::{Problem, Text};

use crate::{Direction, Outcome, StepState};

/// Something that happened in a release: what a screen, `--json` and `attach` show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A step changed its state.
    Step {
        /// Which, counted from 0 in the plan.
        index: usize,
        /// The new state.
        state: StepState,
        /// Why, for a failure.
        problem: Option<Problem>,
    },
    /// A step says something that a person wants to know.
    Say {
        /// Which step.
        index: usize,
        /// What.
        text: Text,
    },
    /// A line of a running command's output.
    Line {
        /// Which step.
        index: usize,
        /// The line.
        line: String,
    },
    /// How far a step is.
    Progress {
        /// Which step.
        index: usize,
        /// Done so far.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// A person is asked something.
    Question {
        /// Which step.
        index: usize,
        /// The check's name.
        check: String,
        /// What is asked, in the team's words.
        question: String,
        /// Until when an answer is waited for.
        until: Timestamp,
    },
    /// The way back begins.
    GoingBack {
        /// Why.
        problem: Problem,
    },
    /// The process that ran the release has died, and another one takes it up.
    TakenUp {
        /// Which way.
        direction: Direction,
    },
    /// Somebody asked for the way back.
    Cancelled {
        /// Who.
        who: String,
    },
    /// Somebody was told of the release, or could not be.
    Notice {
        /// Who: the place among `[[notify]]`, from 1.
        notify: usize,
        /// By what: `telegram`, `webhook`.
        kind: String,
        /// Of what.
        of: Moment,
        /// Why not.
        problem: Option<Problem>,
    },
    /// The release has ended.
    Ended {
        /// How.
        outcome: Outcome,
        /// Why, if not well.
        problem: Option<Problem>,
    },
}

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Grows with each event of the host; where to go on reading.
    pub seq: i64,
    /// When, by the host's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

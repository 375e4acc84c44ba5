use serde::{Deserialize, Serialize};

/// The state of a step in the journal. `Doing` and `Undoing` are intents: after a crash they mean that the effect may
/// have happened, wholly, half or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Planned,
    /// Begun, outcome not known.
    Doing,
    /// Done.
    Done,
    /// It failed; what it had done by then is not undone yet.
    Failed,
    /// Its undo has begun, outcome not known.
    Undoing,
    /// Undone: the world is as before the step.
    Undone,
    /// Its undo failed.
    Stuck,
}

/// Every transition that may be written; anything else is a bug and is refused.
///
/// A crash is why `Doing → Doing` and `Undoing → Undoing` are legal: recovery takes the same intent up again.
pub(crate) const LEGAL: &[(StepState, StepState)] = {
    use StepState::{Doing, Done, Failed, Planned, Stuck, Undoing, Undone};
    &[
        (Planned, Doing),
        (Doing, Doing),
        (Doing, Done),
        (Doing, Failed),
        (Doing, Undoing),
        (Done, Undoing),
        (Failed, Undoing),
        (Undoing, Undoing),
        (Undoing, Undone),
        (Undoing, Stuck),
        (Stuck, Undoing),
    ]
};

impl StepState {
    /// Whether the step may have changed the world and that has not been undone.
    #[must_use]
    pub fn begun(self) -> bool {
        !matches!(self, Self::Planned | Self::Undone)
    }

    /// Whether the journal may go from this state to the other.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        LEGAL.contains(&(self, next))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Stuck => "stuck",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Planned, Self::Doing, Self::Done, Self::Failed, Self::Undoing, Self::Undone, Self::Stuck]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// How a release ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step is done.
    Done,
    /// A step failed and everything was undone.
    Undone,
    /// An undo failed: a person is needed.
    Stuck,
    /// What was found on the host before Stapel first released there (release 0).
    Found,
}

impl Outcome {
    /// The exit code of the command that ran the release.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Found => 0,
            Self::Undone => 1,
            Self::Stuck => 4,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Stuck => "stuck",
            Self::Found => "found",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Done, Self::Undone, Self::Stuck, Self::Found].into_iter().find(|o| o.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_without_an_intent_before_it() {
        for (from, to) in LEGAL {
            match to {
                StepState::Done | StepState::Failed => assert_eq!(*from, StepState::Doing),
                StepState::Undone | StepState::Stuck => assert_eq!(*from, StepState::Undoing),
                _ => {}
            }
        }
        assert!(!StepState::Planned.may_become(StepState::Done));
        assert!(!StepState::Undone.may_become(StepState::Doing));
    }
}

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stapel_core::plan::Residue;
use stapel_core::ports::Lines;
use stapel_text::{Problem, Text};

use crate::{Event, Journal};

/// What a step changes; it decides the order of the way back once traffic has moved, see
/// [`undo_order`](crate::undo_order).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only looks.
    Observation,
    /// It changes what the *next* start takes: tree, environment, image.
    Definition,
    /// It changes who serves.
    Traffic,
    /// It holds the former version ready for the way back, which begins with it.
    Standby,
    /// It starts what did not serve before: undone like data, as long as its definition is there.
    Start,
    /// It changes data.
    Data,
}

impl Kind {
    /// Whether requests reach the new version through it.
    #[must_use]
    pub fn switches(self) -> bool {
        matches!(self, Self::Traffic | Self::Start)
    }
}

/// The unit of doing and of undoing. Both are idempotent, and an undo tolerates "never happened" and "half happened".
#[async_trait]
pub trait Step: Send + Sync {
    /// What it will do, for the plan.
    fn does(&self) -> Text;

    /// What its undo will do; `None` for a step that changes nothing that needs undoing.
    fn undoes(&self) -> Option<Text>;

    /// What it changes.
    fn kind(&self) -> Kind;

    /// What of it stays when it is undone.
    fn leaves(&self) -> &'static [Residue] {
        &[]
    }

    /// Does it. What the undo will need is written with [`StepContext::set_fact`] before the effect.
    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem>;

    /// Takes it back; nothing for a step that only looks.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let _ = cx;
        Ok(())
    }
}

/// What a step sees of the release it is part of.
pub struct StepContext<'a> {
    journal: &'a Journal,
    release: u64,
    index: usize,
}

impl<'a> StepContext<'a> {
    /// The context of the step with this place in the plan.
    #[must_use]
    pub fn new(journal: &'a Journal, release: u64, index: usize) -> Self {
        Self { journal, release, index }
    }

    /// The release's number.
    #[must_use]
    pub fn release(&self) -> u64 {
        self.release
    }

    /// A fact of this release that was written before, by this step or another.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn fact<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Problem> {
        self.journal.fact(self.release, key)
    }

    /// Writes a fact, durably: it is on disk when this returns.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn set_fact<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<(), Problem> {
        self.journal.set_fact(self.release, key, value)
    }

    /// Writes a fact unless it is there: what was so *before* the first attempt stays on record.
    ///
    /// # Errors
    /// As [`StepContext::set_fact`].
    pub fn set_fact_once<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<(), Problem> {
        match self.fact::<serde_json::Value>(key)? {
            Some(_) => Ok(()),
            None => self.set_fact(key, value),
        }
    }

    /// Tells a person.
    pub fn say(&self, text: Text) {
        self.journal.tell(self.release, &Event::Say { index: self.index, text });
    }

    /// Tells what has an event of its own; it is given the step's place in the plan.
    pub fn tell(&self, event: impl FnOnce(usize) -> Event) {
        self.journal.tell(self.release, &event(self.index));
    }

    /// Tells how far it is.
    pub fn progress(&self, done: u64, total: u64) {
        self.journal.tell(self.release, &Event::Progress { index: self.index, done, total });
    }
}

/// The output of a running command becomes events.
impl Lines for StepContext<'_> {
    fn line(&self, line: &str) {
        self.journal.tell(self.release, &Event::Line { index: self.index, line: line.to_owned() });
    }
}

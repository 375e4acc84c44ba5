use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_core::ports::{ImageId, Instance};
use stapel_host::ProcessId;
use stapel_text::Problem;

use super::Embedded;
use crate::app;
use crate::files;

/// The places an instance can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The one the team knows.
    Real,
    /// Ours, which passes away.
    Candidate,
    /// The former one, ready for the way back.
    Standby,
}

impl Slot {
    pub(crate) const ALL: [Self; 3] = [Self::Real, Self::Candidate, Self::Standby];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Candidate => "candidate",
            Self::Standby => "standby",
        }
    }
}

/// A process as it lies in a file, see [`ProcessId`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pid: i32,
    started: u64,
    boot: String,
}

impl Process {
    pub(crate) fn id(&self) -> ProcessId {
        ProcessId { pid: self.pid, started: self.started, boot: self.boot.clone() }
    }
}

impl From<ProcessId> for Process {
    fn from(id: ProcessId) -> Self {
        Self { pid: id.pid, started: id.started, boot: id.boot }
    }
}

/// The instance in a slot, running or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The version of this format.
    pub(crate) format: u32,
    /// Chosen at random at the start, so no other instance ever has it.
    pub(crate) id: String,
    /// The name people see.
    pub(crate) name: String,
    pub(crate) image: ImageId,
    pub(crate) process: Process,
}

impl Record {
    pub(crate) fn instance(&self) -> Instance {
        Instance {
            id: self.id.clone(),
            name: self.name.clone(),
            image: self.image.clone(),
            running: self.process.id().alive(),
        }
    }
}

impl Embedded {
    /// The instance in a slot.
    pub(crate) fn record(&self, slot: Slot) -> Result<Option<Record>, Problem> {
        files::read_json(&self.record_file(slot))
    }

    /// The slot and record of an instance, `None` where it has been removed.
    pub(crate) fn record_of(&self, id: &str) -> Result<Option<(Slot, Record)>, Problem> {
        for slot in Slot::ALL {
            if let Some(record) = self.record(slot)?.filter(|r| r.id == id) {
                return Ok(Some((slot, record)));
            }
        }
        Ok(None)
    }

    pub(crate) fn store_record(&self, slot: Slot, record: &Record) -> Result<(), Problem> {
        files::replace_json(&self.record_file(slot), record)
    }

    /// Forgets an instance; its log stays.
    pub(crate) fn forget(&self, slot: Slot, id: &str) -> Result<(), Problem> {
        files::remove(&self.state_file(id))?;
        files::remove(&self.record_file(slot))
    }

    /// What an instance says of itself, `None` before it has said anything.
    pub(crate) fn state(&self, id: &str) -> Result<Option<app::State>, Problem> {
        app::State::read(&self.state_file(id))
    }

    pub(crate) fn state_file(&self, id: &str) -> Utf8PathBuf {
        self.root.join("run").join(format!("{id}.json"))
    }

    fn record_file(&self, slot: Slot) -> Utf8PathBuf {
        self.root.join("instances").join(format!("{}.json", slot.name()))
    }
}

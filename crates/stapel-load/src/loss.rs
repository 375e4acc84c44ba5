use std::fmt;

use serde::Serialize;

use crate::fault::{Reason, Stage};
use crate::record::Detail;
use crate::{Kind, Outcome};

/// A request that was lost, for diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loss {
    /// When it was to start, in seconds from the start of the load.
    pub at_s: f64,
    /// The same on the wall clock, in ms since 1970, to compare with logs.
    pub at_unix_ms: u64,
    /// From then until it was known to be lost, in ms.
    pub after_ms: f64,
    /// The shape's name.
    pub shape: String,
    /// The request's id, as in path and body.
    pub id: String,
    /// How it was lost.
    pub kind: Kind,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// Our port, to find the connection in a capture; 0 if there was none.
    pub port: u16,
    /// How far it got, what the system said, how the answer began. Not for people but for those who search.
    pub detail: String,
}

impl Outcome {
    /// The kind, if lost.
    #[must_use]
    pub fn lost(self) -> Option<Kind> {
        match self {
            Self::Lost(kind) => Some(kind),
            Self::Ok | Self::Unexpected => None,
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.trace.stage {
            Stage::Connecting => "connecting",
            Stage::Writing => "writing",
            Stage::Waiting => "waiting",
            Stage::Answering => "answering",
        })?;
        if self.trace.uses > 0 {
            write!(f, ", request {} on its connection", self.trace.uses + 1)?;
        }
        if self.trace.retried {
            f.write_str(", second attempt")?;
        }
        match &self.reason {
            Reason::Eof => f.write_str(": closed"),
            Reason::Deadline => f.write_str(": timeout"),
            Reason::Os(code) => write!(f, ": {}", std::io::Error::from_raw_os_error(*code)),
            Reason::Protocol(what) => write!(f, ": bad {what}"),
            Reason::Answer(status, excerpt) => write!(f, ": {status} {}", excerpt.trim()),
        }
    }
}

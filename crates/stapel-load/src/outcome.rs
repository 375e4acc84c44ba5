use serde::{Deserialize, Serialize};

/// How a request was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nobody listened.
    Refused,
    /// The connection ended before the answer did.
    Cut,
    /// No whole answer in the plan's time.
    TimedOut,
    /// An answer with a status from 500 up.
    Status5xx,
    /// No way to the address.
    Unreachable,
    /// What came was not HTTP/1.1.
    Malformed,
    /// The generator's own machine was out of something (open files, ports, memory): says nothing about the server.
    Local,
    /// Any other error of the socket; the detail of the loss has it.
    Other,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with 2xx or 3xx.
    Ok,
    /// Answered with 4xx: the app serves, but the plan asks for the wrong thing, or the app has lost what it had.
    Unexpected,
    /// Not served.
    Lost(Kind),
}

impl Outcome {
    /// What an answer with this status is.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            ..400 => Self::Ok,
            400..500 => Self::Unexpected,
            500.. => Self::Lost(Kind::Status5xx),
        }
    }
}

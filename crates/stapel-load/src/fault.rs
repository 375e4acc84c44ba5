use std::io;

use rustix::io::Errno;

use crate::Kind;

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// No connection yet: the server cannot have seen it.
    Connecting,
    /// The request is being written: the server may have seen it.
    Writing,
    /// Written, no byte of the answer yet.
    Waiting,
    /// A part of the answer has come.
    Answering,
}

/// What is known about a request while it is under way; it outlives the request when that is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace {
    pub(crate) stage: Stage,
    /// Our port, to find the connection in a capture.
    pub(crate) port: u16,
    /// Requests that the connection had carried before.
    pub(crate) uses: u32,
    /// Sent for the second time.
    pub(crate) retried: bool,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { stage: Stage::Connecting, port: 0, uses: 0, retried: false }
    }
}

/// What was wrong, small: there may be hundreds of thousands of them in an outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The other side closed.
    Eof,
    /// The time was over.
    Deadline,
    /// The system said so.
    Os(i32),
    /// Not HTTP.
    Protocol(&'static str),
    /// The status, and how the body begins.
    Answer(u16, Box<str>),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) reason: Reason,
}

impl Fault {
    pub(crate) fn eof() -> Self {
        Self { kind: Kind::Cut, reason: Reason::Eof }
    }

    pub(crate) fn deadline() -> Self {
        Self { kind: Kind::TimedOut, reason: Reason::Deadline }
    }

    pub(crate) fn protocol(what: &'static str) -> Self {
        Self { kind: Kind::Malformed, reason: Reason::Protocol(what) }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        let kind = match Errno::from_io_error(&error) {
            Some(Errno::CONNREFUSED) => Kind::Refused,
            Some(Errno::CONNRESET | Errno::PIPE | Errno::CONNABORTED | Errno::NOTCONN) => Kind::Cut,
            Some(Errno::TIMEDOUT) => Kind::TimedOut,
            Some(Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::HOSTDOWN | Errno::NETDOWN) => Kind::Unreachable,
            Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL | Errno::NOBUFS | Errno::NOMEM) => Kind::Local,
            _ => Kind::Other,
        };
        Self { kind, reason: Reason::Os(error.raw_os_error().unwrap_or_default()) }
    }
}

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How a forwarder is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program, as a rule our own binary.
    pub program: PathBuf,
    /// Its first arguments (`agent forward`); [`ForwarderArgs`](super::ForwarderArgs) follows as one more.
    pub args: Vec<OsString>,
    /// The first arguments for the process of a [`Farewell`](crate::farewell::Farewell); the process number of the peer
    /// follows as one more.
    pub farewell: Vec<OsString>,
    /// An existing directory for what must be known about running forwarders, and for their logs. It must be the same
    /// for every process that works for this app, and nobody else may write there.
    pub dir: PathBuf,
    /// How long connections through a forwarder may go on once it is told to stop.
    pub drain: Duration,
}

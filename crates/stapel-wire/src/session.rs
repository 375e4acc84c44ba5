use tokio::process::{ChildStdin, ChildStdout};

use crate::line::Line;
use crate::{Connection, Hello};

/// A connection to an agent and the process that carries it. Dropped, it ends that process at once; the release on the
/// host does not mind.
pub struct Session {
    /// The line to talk on.
    pub connection: Connection<ChildStdout, ChildStdin>,
    /// Who is at the other side.
    pub peer: Hello,
    end: End,
}

/// The process behind a session.
pub struct End {
    line: Line,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; 128 + the signal's number where a signal ended it; 255 where `ssh` itself failed.
    pub code: i32,
    /// What it said on standard error besides log records, made printable, at most 32 KiB from the end.
    pub said: String,
}

impl Session {
    pub(crate) fn new(connection: Connection<ChildStdout, ChildStdin>, peer: Hello, line: Line) -> Self {
        Self { connection, peer, end: End { line } }
    }

    /// The line and the process apart, for those who send and receive at the same time. The process ends with its
    /// [`End`].
    #[must_use]
    pub fn into_parts(self) -> (Connection<ChildStdout, ChildStdin>, Hello, End) {
        (self.connection, self.peer, self.end)
    }

    /// Says that no more will come and waits for the other side to end, at most 10 s.
    pub async fn close(self) -> Ended {
        drop(self.connection);
        self.end.close().await
    }
}

impl End {
    /// Waits for the process to end, at most 10 s, after which it is ended. To be called when the sending direction has
    /// been dropped or the receiving one has ended.
    pub async fn close(mut self) -> Ended {
        self.line.end().await
    }
}

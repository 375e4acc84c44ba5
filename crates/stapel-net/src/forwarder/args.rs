use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// What a forwarder is told: one argument, JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwarderArgs {
    /// The port it listens on, on all addresses of both versions of IP; 0 lets the kernel choose.
    pub listen_port: u16,
    /// Where it carries connections to.
    pub target: SocketAddr,
    /// The port that a client must have meant. Whoever knocks at `listen_port` itself is sent away, so that it is no
    /// second door.
    pub original_port: u16,
    /// How long what is open may go on after SIGTERM.
    pub drain: Duration,
    /// The file it creates when it accepts connections, with the port it listens on as its text.
    pub ready: PathBuf,
}

impl ForwarderArgs {
    /// Reads the argument.
    ///
    /// # Errors
    /// `net-forwarder-args`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|e| problem!(Usage, "net-forwarder-args", error = e.to_string()))
    }

    /// The argument that [`ForwarderArgs::parse`] reads.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let args = ForwarderArgs {
            listen_port: 0,
            target: "172.18.0.5:8000".parse().unwrap(),
            original_port: 8001,
            drain: Duration::from_millis(1500),
            ready: "/run/a b/ready".into(),
        };
        assert_eq!(ForwarderArgs::parse(&args.text()).unwrap(), args);
        assert_eq!(ForwarderArgs::parse("{}").unwrap_err().code(), "net-forwarder-args");
    }
}

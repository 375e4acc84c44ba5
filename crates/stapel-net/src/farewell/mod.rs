//! Ending kept-alive connections without losing a request.
//!
//! A proxy or a browser keeps connections open and goes on sending requests on them, also to an instance that takes no new
//! ones. When that instance is stopped it closes them, and a request that is sent in that very moment is lost; a POST is
//! not sent again by anybody (RFC 9112, 9.3.1). The client must end such a connection itself, and HTTP has the words for
//! it: `connection: close` in an answer. They are put in on the way: the first packet of each answer passes through a
//! queue of the kernel, and a header field that nobody misses for a moment (`date`) is overwritten by them, at equal
//! length, so that nothing else in the stream moves.
//!
//! It only ever helps: without it (TLS, HTTP/2, a kernel without such queues, our own death) packets pass as they are.

mod answer;
mod packet;
mod run;

use std::process::Stdio;
use std::time::Duration;

use stapel_text::{Problem, problem};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{Family, Firewall, Peer, Rule, iptables};

pub use run::run;

/// The queue's number; each network namespace has its own.
const QUEUE: u16 = 7710;
/// Where in a packet an answer can begin, in bytes: behind the headers of IP and TCP, however long.
const FURTHEST: &str = "136";

/// How long its process may take to come up: a switch waits for it.
const COMES_UP: Duration = Duration::from_secs(5);

/// The answers of a peer say `connection: close`, for as long as this lives.
#[derive(Debug)]
pub struct Farewell {
    rules: Vec<Rule>,
    _process: Child,
}

impl Firewall {
    /// Makes the answers that the peer gives on these ports say that the connection ends. Stop it with
    /// [`Farewell::stop`].
    ///
    /// # Errors
    /// `net-farewell` where the kernel has no such queue or its process cannot be started; `command-failed`,
    /// `command-missing`. Nothing is changed then.
    pub async fn farewell(&self, peer: &Peer, ports: &[u16]) -> Result<Farewell, Problem> {
        let failed = |said: String| problem!(Failed, "net-farewell", said = said);
        // `agent forward` is started the same way.
        let mut command = Command::new(&self.launch.program);
        // It ends with us by itself, and must not end before: what a run has set going is ended when a step is dropped.
        command.args(&self.launch.farewell).arg(peer.pid.to_string()).env_remove(stapel_host::MARK);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|e| failed(e.to_string()))?;
        let mut said = String::new();
        if let Some(out) = process.stdout.take() {
            let read = tokio::time::timeout(COMES_UP, BufReader::new(out).read_line(&mut said)).await;
            read.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
        }
        if said.trim() != run::UP {
            return Err(failed(said));
        }
        let rules: Vec<Rule> = ports.iter().map(|port| self.to_queue(peer, *port)).collect();
        let farewell = Farewell { rules, _process: process };
        for rule in &farewell.rules {
            if let Err(problem) = iptables::insert(rule, 1).await {
                farewell.stop().await?;
                return Err(problem);
            }
        }
        Ok(farewell)
    }

    fn to_queue(&self, peer: &Peer, port: u16) -> Rule {
        Rule::new(Family::V4, "filter", "OUTPUT", &["!", "-o", "lo"])
            .inside(Some(peer.pid))
            .with(&["-p", "tcp", "-m", "tcp", "--sport", &port.to_string()])
            .with(&["-m", "string", "--algo", "bm", "--from", "40", "--to", FURTHEST, "--string", "HTTP/1."])
            .with(&["-m", "comment", "--comment", &self.mark.farewell()])
            .with(&["-j", "NFQUEUE", "--queue-num", &QUEUE.to_string(), "--queue-bypass"])
    }
}

impl Farewell {
    /// Answers are as they are again. A peer that has ended took the rules along.
    ///
    /// # Errors
    /// `command-failed`, `command-missing`.
    pub async fn stop(self) -> Result<(), Problem> {
        for rule in &self.rules {
            iptables::delete(rule).await?;
        }
        Ok(())
    }
}

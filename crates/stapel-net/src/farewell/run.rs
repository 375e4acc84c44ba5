use std::io::{self, Write};

use stapel_text::{Problem, problem};

use super::QUEUE;
use super::answer::say_close;
use super::packet::with_payload;
use crate::kernel;

/// Said on standard output once packets can come.
pub(super) const UP: &str = "up";

/// Handles the packets of the queue in the network namespace of a process, until it is ended. It is the whole life of a
/// process, which ends with the one who started it: packets then pass by themselves.
///
/// # Errors
/// `net-farewell` where there is no such queue or namespace.
pub fn run(pid: i32) -> Problem {
    let failed = |e: io::Error| problem!(Failed, "net-farewell", said = e.to_string());
    match handle(pid) {
        Ok(never) => match never {},
        Err(e) => failed(e),
    }
}

fn handle(pid: i32) -> io::Result<std::convert::Infallible> {
    let up = || {
        writeln!(io::stdout(), "{UP}")?;
        io::stdout().flush()
    };
    kernel::packets(pid, QUEUE, up, |packet| with_payload(packet, say_close))
}

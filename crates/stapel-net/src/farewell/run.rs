use std::fs::File;
use std::io::{self, Write};

use nfq::{Queue, Verdict};
use nix::sched::{CloneFlags, setns};
use rustix::process::{Signal, set_parent_process_death_signal};
use stapel_text::{Problem, problem};

use super::QUEUE;
use super::answer::say_close;
use super::packet::with_payload;

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
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setns(File::open(format!("/proc/{pid}/ns/net"))?, CloneFlags::CLONE_NEWNET)?;
    let mut queue = Queue::open()?;
    queue.bind(QUEUE)?;
    queue.set_fail_open(QUEUE, true)?;
    // Lost packets are sent again by TCP; an error here would end it all.
    queue.set_recv_enobufs(false)?;
    writeln!(io::stdout(), "{UP}")?;
    io::stdout().flush()?;
    loop {
        let mut message = queue.recv()?;
        let mut packet = message.get_payload().to_vec();
        if with_payload(&mut packet, say_close) {
            message.set_payload(packet);
        }
        message.set_verdict(Verdict::Accept);
        queue.verdict(message)?;
    }
}

use std::convert::Infallible;
use std::fs::File;
use std::io;

use nfq::{Queue, Verdict};
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{getsockopt, sockopt};
use rustix::process::{Signal, set_parent_process_death_signal};
use socket2::Socket;
use tokio::net::TcpStream;

/// Takes this thread, for good, to the network namespace of a process.
///
/// # Errors
/// Where the process has ended or the namespace may not be entered.
pub fn enter(pid: i32) -> io::Result<()> {
    Ok(setns(File::open(format!("/proc/{pid}/ns/net"))?, CloneFlags::CLONE_NEWNET)?)
}

/// Lets a socket accept connections to other addresses than its own.
pub(crate) fn make_transparent(socket: &Socket, v4: bool) -> io::Result<()> {
    if v4 { socket.set_ip_transparent_v4(true) } else { socket.set_ip_transparent_v6(true) }
}

/// The port that a connection was made to before a rule rewrote it, as the connection tracking remembers it.
pub(crate) fn original_port(stream: &TcpStream, v4: bool) -> Option<u16> {
    let port = if v4 {
        getsockopt(stream, sockopt::OriginalDst).ok()?.sin_port
    } else {
        getsockopt(stream, sockopt::Ip6tOriginalDst).ok()?.sin6_port
    };
    Some(u16::from_be(port))
}

/// Passes on what comes through a queue in the network namespace of a process, changed where `change` says that it did. The process ends with the one that started
/// it. `up` is called once packets can come.
pub(crate) fn packets(
    pid: i32,
    number: u16,
    up: impl FnOnce() -> io::Result<()>,
    change: impl Fn(&mut Vec<u8>) -> bool,
) -> io::Result<Infallible> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    enter(pid)?;
    let mut queue = Queue::open()?;
    queue.bind(number)?;
    queue.set_fail_open(number, true)?;
    // Lost packets are sent again by TCP; an error here would end it all.
    queue.set_recv_enobufs(false)?;
    up()?;
    loop {
        let mut message = queue.recv()?;
        let mut packet = message.get_payload().to_vec();
        if change(&mut packet) {
            message.set_payload(packet);
        }
        message.set_verdict(Verdict::Accept);
        queue.verdict(message)?;
    }
}

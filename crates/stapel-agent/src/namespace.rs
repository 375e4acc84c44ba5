use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::os::fd::AsFd;

use stapel_text::{Problem, problem};

/// Runs `work` on a thread of its own inside the network namespace of a process: its sockets are made there.
///
/// # Errors
/// `io-failed` when the process has ended or the namespace may not be entered.
pub(crate) fn enter<T: Send + 'static>(pid: i32, work: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    let failed =
        move |e: std::io::Error| problem!(Failed, "io-failed", path = format!("/proc/{pid}/ns/net"), error = e);
    let thread = std::thread::spawn(move || {
        let file = std::fs::File::open(format!("/proc/{pid}/ns/net"))?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(work))
    });
    thread.join().unwrap_or_else(|_| Err(std::io::Error::other("panic"))).map_err(failed)
}

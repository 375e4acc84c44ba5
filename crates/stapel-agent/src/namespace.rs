use stapel_text::{Problem, problem};

/// Runs `work` on a thread of its own inside the network namespace of a process: its sockets are made there.
///
/// # Errors
/// `io-failed` when the process has ended or the namespace may not be entered.
pub(crate) fn enter<T: Send + 'static>(pid: i32, work: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    let failed =
        move |e: std::io::Error| problem!(Failed, "io-failed", path = format!("/proc/{pid}/ns/net"), error = e);
    let thread = std::thread::spawn(move || {
        stapel_net::enter(pid)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(work))
    });
    thread.join().unwrap_or_else(|_| Err(std::io::Error::other("panic"))).map_err(failed)
}

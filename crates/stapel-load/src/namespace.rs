use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Load, StartError};

/// Runs what `make` gives on a new thread inside the network namespace of the process `pid`.
///
/// A namespace belongs to a thread, and a socket to the namespace of the thread that made it: so one thread, which
/// ends afterwards and never gives itself back to a pool, and a runtime that has no other.
pub(crate) fn run_in<F>(pid: u32, make: impl FnOnce() -> (Load, F) + Send + 'static) -> Result<Load, StartError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let namespace = fs_err::File::open(format!("/proc/{pid}/ns/net"))?;
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new().name(format!("load-in-{pid}")).spawn(move || {
        let ready = move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(std::io::Error::from)
            .and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
        match ready {
            Ok(runtime) => {
                let (load, running) = make();
                if tell.send(Ok(load)).is_ok() {
                    runtime.block_on(running);
                }
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }
    })?;
    let load = told.recv().map_err(std::io::Error::other)??;
    Ok(load)
}

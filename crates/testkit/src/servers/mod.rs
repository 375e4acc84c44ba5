//! Servers: containers with an sshd and a Docker daemon of their own, reached the way an operator reaches a real one.

mod commands;
mod container;
mod faults;
mod files;
mod flavour;
mod labels;
mod network;
mod processes;
mod reaper;
mod server;
mod ssh;
mod sweep;
mod template;

pub use flavour::Flavour;
pub use processes::Process;
pub use server::Server;
pub use sweep::{sweep, sweep_all};

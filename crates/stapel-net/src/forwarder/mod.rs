//! A small process that takes connections which the kernel brings to it (TPROXY, REDIRECT) and carries them to a
//! container, as docker-proxy does.

mod args;
mod handle;
mod launch;
mod listen;
mod origin;
mod relay;
mod run;

pub use args::ForwarderArgs;
pub use handle::Handle;
pub use launch::Launch;
pub use run::run;

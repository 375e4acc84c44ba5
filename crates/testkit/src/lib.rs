//! A fake world for the tests: servers with their own sshd and Docker daemon, the images they run, and the faults
//! that befall them. See "The test world" in the design.

pub mod convertik;
pub mod http;
pub mod images;
pub mod machine;
pub mod matrix;
pub mod nginx;
mod operator;
mod place;
pub mod residue;
pub mod servers;
mod tool;
mod wait;
mod ways;

pub use convertik::Convertik;
pub use operator::{Operator, Told};
pub use servers::{Flavour, Server};
pub use tool::{Output, Tool};
pub use wait::{until, until_every, until_true};
pub use ways::{Way, Ways};

/// Brings all that servers need to this machine, with progress on standard error; quick when it is there. `false` where this
/// machine cannot have servers; then it has said what is missing, and the test is left out.
///
/// # Errors
/// When something could be brought and failed.
pub fn ready() -> anyhow::Result<bool> {
    let say = |line: &str| eprintln!("{line}");
    let missing = machine::prepare(&say)?;
    for lack in &missing {
        eprintln!("left out, this machine lacks {}: {}", lack.what, lack.remedy);
    }
    if missing.is_empty() {
        images::ensure(&say)?;
    }
    Ok(missing.is_empty())
}

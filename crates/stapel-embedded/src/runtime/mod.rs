//! The embedded runtime: one service of one app, whose instances are child processes behind the proxy.
//!
//! What it knows lies below its root, so that any process can go on where another one died:
//!
//! ```text
//! images/HASH.json   images, by the hash of their content       tags/TAG     the image kept under a tag
//! pointed            the image the next start takes             run/ID.json  what an instance says of itself
//! standby            the image of which one can stand by
//! instances/SLOT.json  the real instance and the candidate      logs/ID.log  what it prints; kept when it is gone
//! proxy/             control socket, set of upstreams, process, recorded address, log
//! ```
//!
//! Each process carries a mark of its root and place in its environment, by which it is found when no record names it.

mod definition;
mod http;
mod image;
mod images;
mod instances;
mod logs;
mod processes;
mod proxy;
mod record;
mod stop;
mod traffic;

use std::path::PathBuf;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::Problem;

use crate::files;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// The bound of what happens at once unless the machine is overloaded: a process starting, a killed one ending.
const PROMPT: Duration = Duration::from_secs(60);

/// How long an instance that is replaced may take to finish its open requests (`compose up -d` has 10 s too).
const STOP: Duration = Duration::from_secs(10);

/// The embedded runtime of one service. It implements [`stapel_core::ports::Images`],
/// [`stapel_core::ports::Instances`] and [`stapel_core::ports::Traffic`]; the service named to them only gives the
/// instances their names.
///
/// # What it starts
/// `program leading_args… proxy|app|migrate …`, the commands of [`crate::cli::EmbeddedCommand`].
///
/// # `run_once`
/// `argv` is `["migrate", "current"]`, `["migrate", "heads"]`, `["migrate", "upgrade"]` (a further `"head"` is taken
/// too) or `["migrate", "downgrade", REVISION]`; the image's version and the database are added. Anything else is the
/// problem `embedded-argv-unknown`.
#[derive(Debug, Clone)]
pub struct Embedded {
    root: Utf8PathBuf,
    app: Utf8PathBuf,
    program: PathBuf,
    leading_args: Vec<String>,
    drain: Duration,
}

impl Embedded {
    /// A runtime with its state below `root`, which is made where it is not there, for the app whose tree lies (or
    /// will lie) in `app` with an `app.toml`:
    ///
    /// ```toml
    /// version = 2                 # of the demo app, 1 to 4
    /// listen = "127.0.0.1:8080"   # where the proxy serves; by default a free port, chosen once
    /// database = "data/app.db"    # from the app's directory on; this is the default
    /// ```
    ///
    /// # Errors
    /// `io-failed` when `root` cannot be made.
    pub fn new(
        root: impl AsRef<Utf8Path>,
        app: impl AsRef<Utf8Path>,
        program: impl Into<PathBuf>,
        leading_args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Problem> {
        let (root, app, program) = (root.as_ref(), app.as_ref(), program.into());
        files::make_dir(root)?;
        Ok(Self {
            // The same root under two names would be two marks.
            root: root.canonicalize_utf8().map_err(|e| files::io(root, &e))?,
            app: camino::absolute_utf8(app).map_err(|e| files::io(app, &e))?,
            // Its processes start in `/`; a bare name is looked for in PATH.
            program: if program.components().count() > 1 {
                std::path::absolute(&program).unwrap_or(program)
            } else {
                program
            },
            leading_args: leading_args.into_iter().map(Into::into).collect(),
            drain: Duration::from_secs(30),
        })
    }

    /// The same with another bound for `drain` (30 s otherwise).
    #[must_use]
    pub fn drain_bound(mut self, bound: Duration) -> Self {
        self.drain = bound;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: T) {}

    #[test]
    fn a_step_of_a_release_can_await_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        let runtime = Embedded::new(dir.join("root"), dir, "x", [""; 0]).unwrap();
        is_send(runtime.stop_all());
        is_send(runtime.ensure_proxy());
        is_send(runtime.proxy_address());
    }
}

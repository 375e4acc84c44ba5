use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// What removes the server when this process is gone, however it went. Its input is a pipe whose other end only this
/// process holds: end of file means the server is not needed any more.
#[derive(Debug)]
pub(super) struct Reaper {
    process: Child,
}

/// $1 container, $2 volume, $3 directory.
const SCRIPT: &str = "cat >/dev/null; docker unpause \"$1\"; docker rm --force --volumes \"$1\"; docker volume rm --force \"$2\"; \
                      rm -rf \"$3\"";

impl Reaper {
    /// Starts it for a server.
    pub(super) fn start(container: &str, volume: &str, dir: &Path) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let process = Command::new("sh")
            .args(["-c", SCRIPT, "stapel-testkit-reaper", container, volume])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C at the terminal ends the tests and must not end this.
            .process_group(0)
            .spawn()
            .context("failed to start the reaper")?;
        Ok(Self { process })
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It cannot fail for a child of ours, and a drop has nobody to tell.
        let _ = self.process.wait();
    }
}

use std::path::Path;

use anyhow::{Context, Result};

use super::Server;
use crate::tool::Tool;

/// What is brought to a server beforehand.
impl Server {
    /// Makes the directory `remote` there hold what the directory `local` holds, and nothing else.
    ///
    /// # Errors
    /// When the line or the disk fails.
    pub fn copy_dir(&self, local: &Path, remote: &str) -> Result<()> {
        self.run(&["mkdir", "-p", remote])?;
        let from = local.to_str().context("a path that is not UTF-8")?;
        Tool::new("rsync")
            .args(["--archive", "--delete", "--no-owner", "--no-group", "--rsh", &self.ssh.for_rsync()])
            .args([format!("{from}/"), format!("{}:{remote}/", self.name)])
            .run()
            .map(drop)
    }

    /// Makes its Docker have these images of this machine's.
    ///
    /// # Errors
    /// When this machine has not all of them, or its Docker refuses.
    pub fn load_images(&self, names: &[&str]) -> Result<()> {
        let load = Tool::docker(["exec", "--interactive", &self.container, "docker", "load", "--quiet"]);
        Tool::docker(["save"]).args(names.iter().copied()).pipe_into(load).map(drop)
    }
}

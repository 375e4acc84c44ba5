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

    /// Installs Debian packages that its image does not have. They come by way of this machine's own network, as what images
    /// are made of does: a Docker bridge may have no way out.
    ///
    /// # Errors
    /// When they cannot be had.
    pub fn install(&self, packages: &[&str]) -> Result<()> {
        let fetch = "apt-get -qq update >/dev/null && apt-get -qq -y --no-install-recommends --download-only install \"$@\" >/dev/null && \
                     cd /var/cache/apt/archives && tar -c *.deb";
        let unpack = "dir=$(mktemp -d) && cd \"$dir\" && tar -x && dpkg -i ./*.deb && rm -r \"$dir\"";
        Tool::docker(["run", "--rm", "--network=host", self.flavour.image(), "sh", "-c", fetch, "fetch"])
            .args(packages.iter().copied())
            .pipe_into(Tool::docker(["exec", "--interactive", &self.container, "sh", "-c", unpack]))
            .map(drop)
    }
}

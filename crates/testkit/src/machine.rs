//! What the tests need of the machine they run on, and how it comes there.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::place::lock;
use crate::tool::Tool;
use crate::wait::until_true;

/// Programs and the Debian packages that bring them.
const NEEDED: [(&str, &str); 14] = [
    ("docker", "docker.io"),
    ("dockerd", "docker.io"),
    ("docker-compose", "docker-compose"),
    ("iptables", "iptables"),
    ("ssh", "openssh-client"),
    ("sshd", "openssh-server"),
    ("rsync", "rsync"),
    ("debootstrap", "debootstrap"),
    ("git", "git"),
    ("ip", "iproute2"),
    ("fuser", "psmisc"),
    ("busybox", "busybox-static"),
    ("sqlite3", "sqlite3"),
    ("pg_ctlcluster", "postgresql"),
];

/// The programs without which no server can be started, on whatever machine.
const ESSENTIAL: [&str; 4] = ["docker", "ssh", "ssh-keygen", "rsync"];

/// Where programs of root are, which may not be on the PATH.
const SYSTEM_DIRS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const LOG: &str = "/var/log/dockerd.log";

/// Something that the tests need and this machine does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is: a program, or `docker daemon`, or `linux`.
    pub what: String,
    /// What a person can do about it.
    pub remedy: String,
}

/// What is missing now; empty when servers can be started. Changes nothing.
#[must_use]
pub fn missing() -> Vec<Missing> {
    let mut all = Vec::new();
    if !cfg!(target_os = "linux") {
        all.push(Missing { what: "linux".into(), remedy: "run these tests on a Linux machine".into() });
    }
    for program in ESSENTIAL.into_iter().filter(|p| !has(p)) {
        all.push(Missing { what: program.into(), remedy: format!("install {program}") });
    }
    if !docker_answers() {
        all.push(Missing {
            what: "docker daemon".into(),
            remedy: "start Docker, or let this user reach its socket".into(),
        });
    }
    all
}

/// Brings what is missing where that can be done by itself (as root on Debian and its kin: packages are installed and
/// `dockerd` is started), and gives what is missing still. Quick when all is there. Progress goes to `say`.
///
/// # Errors
/// When a package cannot be installed or `dockerd` does not come up.
pub fn prepare(say: &dyn Fn(&str)) -> Result<Vec<Missing>> {
    let ours = rustix::process::geteuid().is_root() && has("apt-get");
    if !ours {
        return Ok(missing());
    }
    let _alone = lock("machine")?;
    install(say)?;
    if !docker_answers() {
        start_dockerd(say)?;
    }
    Ok(missing())
}

/// Whether a Docker daemon answers on its socket.
#[must_use]
pub fn docker_answers() -> bool {
    Tool::docker(["version", "--format", "{{.Server.Version}}"]).succeeds()
}

fn install(say: &dyn Fn(&str)) -> Result<()> {
    let mut packages: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| !has(program)).map(|(_, package)| *package).collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    say(&format!("installing {}", packages.join(" ")));
    let apt = || Tool::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    apt().args(["-q", "update"]).run()?;
    apt().args(["-q", "-y", "--no-install-recommends", "install"]).args(packages).run()?;
    Ok(())
}

fn start_dockerd(say: &dyn Fn(&str)) -> Result<()> {
    say(&format!("starting dockerd, log in {LOG}"));
    let log =
        OpenOptions::new().create(true).append(true).open(LOG).with_context(|| format!("failed to open {LOG}"))?;
    // A session of its own: the daemon is to outlive this test and its terminal.
    let mut daemon = Tool::new("setsid").arg("dockerd").leave_running(log)?;
    let mut ended = false;
    until_true("dockerd answers", Duration::from_secs(60), || {
        ended = daemon.try_wait().is_ok_and(|status| status.is_some());
        ended || docker_answers()
    })?;
    if ended {
        bail!("dockerd ended at once, {LOG} says why");
    }
    Ok(())
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(SYSTEM_DIRS.iter().map(|dir| Path::new(dir).to_owned()))
        .any(|dir| dir.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_and_not_invented() {
        assert!(has("sh"));
        assert!(!has("no-such-program-anywhere"));
    }
}

use std::net::Ipv4Addr;

use anyhow::Result;

use super::{Flavour, network};
use crate::tool::Tool;

/// What a server's container is run with.
pub(super) struct Container<'a> {
    pub(super) name: &'a str,
    pub(super) hostname: &'a str,
    pub(super) flavour: Flavour,
    pub(super) volume: &'a str,
    /// None: no network at all.
    pub(super) address: Option<Ipv4Addr>,
    pub(super) labels: Vec<String>,
}

impl Container<'_> {
    /// Starts it. These rights and no others are what a Docker daemon inside needs; `--privileged` asks for more than
    /// some machines have themselves.
    pub(super) fn run(&self) -> Result<()> {
        let mut run = Tool::docker(["run", "--detach", "--name", self.name, "--hostname", self.hostname]);
        for capability in ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD"] {
            run = run.args(["--cap-add", capability]);
        }
        run = run
            .args(["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"])
            .args(["--cgroupns=host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"])
            .args(["--tmpfs", "/run", "--tmpfs", "/tmp:exec"])
            .args(["--volume", &format!("{}:/var/lib/docker", self.volume)])
            .args(["--env", &format!("STAPEL_DNS={}", network::name_servers())]);
        run = match self.address {
            // Docker switches IPv6 off where it gives no address; real servers have at least ::1.
            Some(ip) => run
                .args(["--network", network::NAME, "--ip", &ip.to_string()])
                .args(["--sysctl", "net.ipv6.conf.all.disable_ipv6=0"]),
            None => run.args(["--network", "none"]),
        };
        for label in &self.labels {
            run = run.args(["--label", label]);
        }
        run.arg(self.flavour.image()).run()?;
        Ok(())
    }
}

/// Whether the Docker daemon inside answers.
pub(super) fn docker_answers(container: &str) -> bool {
    Tool::docker(["exec", container, "docker", "info"]).succeeds()
}

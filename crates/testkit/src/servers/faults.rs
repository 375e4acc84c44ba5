use std::time::Duration;

use anyhow::Result;

use super::{Flavour, Server, network};
use crate::tool::Tool;
use crate::wait::until_true;

/// For a Docker daemon to end: it gives its containers ten seconds, and takes its time.
const DOCKER_ENDS: Duration = Duration::from_mins(1);

/// What befalls servers.
impl Server {
    /// Boots it again and waits until it is up: processes and `/run` and `/tmp` are gone, the disk and the address stay.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn reboot(&self) -> Result<()> {
        Tool::docker(["restart", &self.container]).run()?;
        self.wait_until_up()
    }

    /// Ends it between two instructions. [`Server::power_on`] boots it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn power_off(&self) -> Result<()> {
        Tool::docker(["kill", &self.container]).run().map(drop)
    }

    /// Boots it and waits until it is up.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn power_on(&self) -> Result<()> {
        Tool::docker(["start", &self.container]).run()?;
        self.wait_until_up()
    }

    /// Freezes it with all its containers: it takes connections and never answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        self.freeze_inner("1")?;
        Tool::docker(["pause", &self.container]).run().map(drop)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is not paused.
    pub fn unpause(&self) -> Result<()> {
        Tool::docker(["unpause", &self.container]).run()?;
        self.freeze_inner("0")
    }

    /// Cuts its network line; it runs on. Open connections hear nothing any more.
    ///
    /// # Errors
    /// When there is none.
    pub fn cut(&self) -> Result<()> {
        Tool::docker(["network", "disconnect", network::NAME, &self.container]).run().map(drop)
    }

    /// Gives it its line back, with the same address.
    ///
    /// # Errors
    /// When it has one.
    pub fn mend(&self) -> Result<()> {
        Tool::docker(["network", "connect", "--ip", &self.ip.to_string(), network::NAME, &self.container])
            .run()
            .map(drop)
    }

    /// Ends its Docker daemon at once; its containers run on until [`Server::start_dockerd`], or until systemd starts it,
    /// which it does by itself.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_dockerd(&self) -> Result<()> {
        Tool::docker(["exec", &self.container, "pkill", "-KILL", "-x", "dockerd"]).run().map(drop)
    }

    /// Ends its Docker daemon in order and starts it again, as `systemctl restart docker` does: its containers end with it
    /// and are started again as their restart policies say. After [`Server::kill_dockerd`] Docker itself leaves those
    /// stopped whose policy is `unless-stopped`.
    ///
    /// # Errors
    /// When it does not end or does not answer.
    pub fn restart_dockerd(&self) -> Result<()> {
        if self.flavour == Flavour::Systemd {
            self.systemctl(&["restart", "docker"])?;
            return self.wait_for_docker();
        }
        Tool::docker(["exec", &self.container, "pkill", "-TERM", "-x", "dockerd"]).run()?;
        until_true(&format!("the Docker of {} ends", self.name), DOCKER_ENDS, || {
            !Tool::docker(["exec", &self.container, "pidof", "dockerd"]).succeeds()
        })?;
        self.start_dockerd()
    }

    /// Starts its Docker daemon again, as systemd would on a real server, and waits until it answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start_dockerd(&self) -> Result<()> {
        if self.flavour == Flavour::Systemd {
            self.systemctl(&["start", "docker"])?;
        } else {
            Tool::docker(["exec", "--detach", &self.container, "start-dockerd"]).run()?;
        }
        self.wait_for_docker()
    }

    fn systemctl(&self, args: &[&str]) -> Result<()> {
        Tool::docker(["exec", &self.container, "systemctl"]).args(args.iter().copied()).run().map(drop)
    }

    /// With cgroup v2 the inner containers have a group of their own beside the server's, see the image's `start-dockerd`.
    fn freeze_inner(&self, state: &str) -> Result<()> {
        let script =
            "file=/sys/fs/cgroup/stapel-$(hostname)-inner/cgroup.freeze; test ! -e \"$file\" || echo \"$1\" >\"$file\"";
        Tool::docker(["exec", &self.container, "sh", "-c", script, "freeze", state]).run().map(drop)
    }
}

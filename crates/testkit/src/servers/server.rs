use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::container::{Container, docker_answers};
use super::reaper::Reaper;
use super::ssh::Ssh;
use super::{Flavour, labels, network, sweep, template};
use crate::place::{lock, place};
use crate::tool::Tool;
use crate::wait::until_true;

/// Until a server's sshd and Docker answer.
const BOOT: Duration = Duration::from_secs(120);

/// Set it to look at the servers after the tests; [`super::sweep_all`] removes them.
const KEEP: &str = "STAPEL_KEEP_SERVERS";

static SWEPT: Once = Once::new();
static COUNT: AtomicU32 = AtomicU32::new(0);
static SHARED: Mutex<BTreeMap<String, &'static Server>> = Mutex::new(BTreeMap::new());

/// A running server. It is removed, with all it holds, when this is dropped or its process ends.
#[derive(Debug)]
pub struct Server {
    pub(super) name: String,
    pub(super) container: String,
    pub(super) flavour: Flavour,
    pub(super) ip: Ipv4Addr,
    pub(super) ssh: Ssh,
    pub(super) users: Mutex<Vec<(String, String)>>,
    /// None: it is somebody else's or is to be kept.
    _reaper: Option<Reaper>,
    /// Somebody else's.
    attached: bool,
}

impl Server {
    /// Starts a server and waits until ssh lets root in and Docker answers. `name` is its host name and its name in the
    /// ssh config; several servers may have the same. [`crate::images::ensure`] must have run.
    ///
    /// # Errors
    /// When Docker refuses, or the server does not come up.
    pub fn start(flavour: Flavour, name: &str) -> Result<Self> {
        Self::start_as(flavour, name, std::env::var_os(KEEP).is_some())
    }

    /// As [`Server::start`], and the server stays until [`super::sweep_all`], as with `STAPEL_KEEP_SERVERS`.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_kept(flavour: Flavour, name: &str) -> Result<Self> {
        Self::start_as(flavour, name, true)
    }

    fn start_as(flavour: Flavour, name: &str, kept: bool) -> Result<Self> {
        SWEPT.call_once(|| {
            // What former runs left takes space; that it cannot be removed is no reason not to go on.
            let _ = sweep();
        });
        let unique = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let container = format!("stapel-{name}-{unique}");
        let volume = format!("{container}-docker");
        let dir = place()?.join(&container);
        // From here on everything is removed again if a later step fails.
        let reaper = if kept { None } else { Some(Reaper::start(&container, &volume, &dir)?) };
        let owner = if kept { labels::KEPT.to_owned() } else { labels::owner() };
        let mut labels = vec![
            format!("{}={name}", labels::SERVER),
            format!("{}={owner}", labels::OWNER),
            format!("{}={flavour}", labels::FLAVOUR),
        ];
        let mut create = Tool::docker(["volume", "create"]);
        for label in &labels {
            create = create.args(["--label", label]);
        }
        create.arg(&volume).run()?;
        if !flavour.is_bare() {
            template::fill(flavour, &volume)?;
        }

        let alone = lock("servers")?;
        let ip = network::free_address()?;
        labels.push(format!("{}={ip}", labels::ADDRESS));
        Container { name: &container, hostname: name, flavour, volume: &volume, address: Some(ip), labels }.run()?;
        drop(alone);

        let ssh = Ssh::introduce(dir, name, &container, ip)?;
        let users = Mutex::new(vec![("root".to_owned(), name.to_owned())]);
        let server =
            Self { name: name.to_owned(), container, flavour, ip, ssh, users, _reaper: reaper, attached: false };
        server.wait_until_up()?;
        Ok(server)
    }

    /// A server that another process started and still has, with a key of our own. It stays when this is dropped.
    ///
    /// # Errors
    /// When no such server runs.
    pub fn attach(container: &str) -> Result<Self> {
        let name = labels::value(container, labels::SERVER)?;
        let ip = labels::value(container, labels::ADDRESS)?;
        let ip = ip.parse().with_context(|| format!("{container} is no server of the test world"))?;
        let flavour = labels::value(container, labels::FLAVOUR)?;
        let flavour = flavour.parse()?;
        let unique = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let ssh = Ssh::introduce(place()?.join(format!("{container}-by-{unique}")), &name, container, ip)?;
        let users = Mutex::new(vec![("root".to_owned(), name.clone())]);
        let server =
            Self { name, container: container.to_owned(), flavour, ip, ssh, users, _reaper: None, attached: true };
        server.wait_until_up()?;
        Ok(server)
    }

    /// One server of this flavour for all tests of this process that leave it as they found it; started on first use.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn shared(flavour: Flavour) -> Result<&'static Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.get(&flavour.to_string()) {
            return Ok(server);
        }
        // Never dropped: the reaper sees the end of the process.
        let server: &'static Self = Box::leak(Box::new(Self::start(flavour, &format!("shared-{flavour}"))?));
        shared.insert(flavour.to_string(), server);
        Ok(server)
    }

    /// Its name: host name, and `Host` in the ssh config.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its container at this machine's Docker, for [`Server::attach`].
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// What it is made of.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Its address, which stays through reboots and cut lines.
    #[must_use]
    pub fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    /// The ssh config in which it is known by its name: `ssh -F PATH NAME`.
    #[must_use]
    pub fn ssh_config(&self) -> PathBuf {
        self.ssh.config()
    }

    /// A directory on this machine that goes when the server goes.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.ssh.dir()
    }

    /// The number, on this machine, of its first process, for `nsenter`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pid(&self) -> Result<u32> {
        let pid = Tool::docker(["inspect", "--format", "{{.State.Pid}}", &self.container]).run()?;
        match pid.parse() {
            Ok(0) | Err(_) => bail!("the server {} does not run", self.name),
            Ok(pid) => Ok(pid),
        }
    }

    /// Waits until ssh lets root in and Docker, where the server came with one, answers.
    pub(super) fn wait_until_up(&self) -> Result<()> {
        let up = until_true(&format!("ssh lets root into {}", self.name), BOOT, || {
            self.exec(&["true"]).is_ok_and(|o| o.ok())
        })
        .and_then(|()| if self.flavour.is_bare() { Ok(()) } else { self.wait_for_docker() });
        up.with_context(|| format!("the server said: {}", self.last_words()))
    }

    /// Waits until Docker answers.
    pub(super) fn wait_for_docker(&self) -> Result<()> {
        until_true(&format!("Docker answers on {}", self.name), BOOT, || docker_answers(&self.container))
    }

    /// The ends of its logs, for an error.
    fn last_words(&self) -> String {
        let logs = Tool::docker(["logs", "--tail", "5", &self.container]).finish().map(|out| out.stderr);
        let docker = self.docker_exec(&["tail", "-n", "5", "/var/log/dockerd.log"]).map(|out| out.stdout);
        format!("{}\n{}", logs.unwrap_or_default(), docker.unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.attached {
            // Only the key goes.
            let _ = std::fs::remove_dir_all(self.ssh.dir());
        }
    }
}

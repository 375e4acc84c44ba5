//! Docker behind the ports, put together from the engine (containers, images) and the net (firewall, forwarder).

mod examine;
mod instances;
mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::sync::Arc;

use async_trait::async_trait;
use stapel_core::observation::Registry;
use stapel_core::ports::{Exec, ExecOutput, Health, ImageId, Images, Instance, Instances, Lines, Parts};
use stapel_engine::{Aliases, Compose, Docker, Engine, Project, Protocol};
use stapel_net::farewell::Farewell;
use stapel_net::forwarder::Launch;
use stapel_net::{Attachment, Firewall, Mark, Peer};
use stapel_text::Problem;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::place::Place;
use stapel_core::config::{Config, Target};

/// For how long what compose has made of the files is good before a plan is made from it.
const FRESH: std::time::Duration = std::time::Duration::from_secs(5);

/// An app under compose. What compose makes of its files is read when it is first needed, and again after
/// [`DockerWorld::definition_changed`].
pub(crate) struct DockerWorld {
    engine: Engine,
    compose: Compose,
    project: Project,
    key: String,
    session: String,
    launch: Launch,
    drain: std::time::Duration,
    opened: Mutex<Option<(Instant, Arc<Docker>)>>,
    /// By the instance whose clients are asked to go.
    farewells: Mutex<HashMap<String, Farewell>>,
}

impl DockerWorld {
    pub(crate) fn new(
        engine: Engine,
        compose: Compose,
        config: &Config,
        target: &Target,
        place: &Place,
    ) -> Result<Self, Problem> {
        let launch = Launch {
            program: crate::own_program()?,
            args: vec![OsString::from("agent"), OsString::from("forward")],
            farewell: vec![OsString::from("agent"), OsString::from("farewell")],
            dir: place.engine().into_std_path_buf(),
            drain: config.relay.drain,
        };
        Ok(Self {
            engine,
            compose,
            project: Project { notes: Some(place.engine()), ..configured(config, target) },
            key: place.key().to_owned(),
            session: place.session(),
            launch,
            drain: config.relay.drain,
            opened: Mutex::new(None),
            farewells: Mutex::default(),
        })
    }

    /// The rules of one service: clearing them leaves another's as they are.
    fn firewall(&self, service: &str) -> Firewall {
        let service = &blake3::hash(service.as_bytes()).to_hex()[..8];
        Firewall::new(Mark::new(&format!("{}{service}", self.key)), self.launch.clone())
    }

    /// Forgets what compose made of the files.
    pub(crate) async fn definition_changed(&self) {
        self.opened.lock().await.take();
    }

    /// Asks compose what it makes of the files, while other things are done: it is going to be needed.
    pub(crate) fn look_ahead(self: &Arc<Self>) {
        let world = Arc::clone(self);
        // What it fails with it fails with again when it is needed.
        tokio::spawn(async move { if world.defined() { world.docker().await.map(drop) } else { Ok(()) } });
    }

    /// Forgets what was read too long ago: a tree may have gone up for minutes since, and somebody else may have changed
    /// the files.
    pub(crate) async fn look_again(&self) {
        let mut opened = self.opened.lock().await;
        if opened.as_ref().is_some_and(|(at, _)| at.elapsed() > FRESH) {
            opened.take();
        }
    }

    /// The services whose state is plain to see, without asking compose.
    pub(crate) async fn glance(&self) -> Result<BTreeMap<String, (Instance, Health)>, Problem> {
        stapel_engine::glance(&self.engine, &now(&self.project)).await
    }

    /// Whether the compose files are there at all: before the first release of a new app they are not.
    fn defined(&self) -> bool {
        defined(&self.project)
    }

    /// Removes containers of one-off runs that were left behind.
    pub(crate) async fn sweep(&self) -> Result<(), Problem> {
        if self.defined() {
            self.docker().await?.sweep_once().await?;
        }
        Ok(())
    }

    /// Whether the definition on the host has this service: before the release that adds it, it has not.
    async fn knows(&self, service: &str) -> Result<bool, Problem> {
        Ok(self.defined() && self.docker().await?.resolved().services.contains_key(service))
    }

    pub(crate) async fn docker(&self) -> Result<Arc<Docker>, Problem> {
        let mut opened = self.opened.lock().await;
        if let Some((_, docker)) = opened.as_ref() {
            return Ok(Arc::clone(docker));
        }
        let (engine, compose, project) = (self.engine.clone(), self.compose.clone(), now(&self.project));
        let opening = Docker::open(engine, compose, project).await?;
        let docker = Arc::new(opening.session(self.session.clone()));
        *opened = Some((Instant::now(), Arc::clone(&docker)));
        Ok(docker)
    }

    /// The first process of a service's container, and the signal that its image wants to be stopped by.
    pub(crate) async fn first_process(&self, service: &str) -> Result<Option<(i32, Option<String>)>, Problem> {
        if !self.knows(service).await? {
            return Ok(None);
        }
        let docker = self.docker().await?;
        match Instances::real(docker.as_ref(), service).await?.filter(|real| real.running) {
            Some(real) => docker.first_process(&real).await,
            None => Ok(None),
        }
    }

    /// The instance as the network sees it; `None` while it does not run.
    async fn peer(&self, instance: &Instance) -> Result<Option<Peer>, Problem> {
        let docker = self.docker().await?;
        let Some(pid) = docker.pid(instance).await? else { return Ok(None) };
        let on = docker.attachments(instance).await?.into_iter();
        let attachments =
            on.filter_map(|a| Some(Attachment { network: a.network, bridge: a.bridge?, address: a.ipv4? })).collect();
        Ok(Some(Peer { pid, attachments }))
    }

    async fn tcp_ports(&self, service: &str) -> Result<Vec<u16>, Problem> {
        let ports = self.docker().await?.service_ports(service).await?;
        Ok(ports.into_iter().filter(|(_, p)| *p == Protocol::Tcp).map(|(port, _)| port).collect())
    }

    /// How a candidate comes by the service's names: on networks of others (a proxy's) it is put again when it is let in;
    /// a service without such has them from the start, because being put again would cut it off from its database.
    async fn aliases(&self, service: &str) -> Result<Aliases, Problem> {
        let external = self.docker().await?.networks_of(service)?.iter().any(|n| n.external);
        Ok(if external { Aliases::None } else { Aliases::FromStart })
    }
}

/// The project as it is configured.
fn configured(config: &Config, target: &Target) -> Project {
    let mut project = Project::new(&target.path, config.compose.files.clone());
    project.name.clone_from(&config.compose.project);
    project
}

fn defined(project: &Project) -> bool {
    match project.files.first() {
        Some(first) => project.directory.join(first).exists(),
        None => Project::discover(&project.directory).is_ok(),
    }
}

/// The project with its compose files as they are now: where none are configured, those that compose would find.
fn now(project: &Project) -> Project {
    let found = if project.files.is_empty() { Project::discover(&project.directory).ok() } else { None };
    match found {
        Some(found) => Project { files: found.files, ..project.clone() },
        None => project.clone(),
    }
}

#[async_trait]
impl Images for DockerWorld {
    async fn in_use(&self, service: &str) -> Result<Option<ImageId>, Problem> {
        if self.knows(service).await? { self.docker().await?.in_use(service).await } else { Ok(None) }
    }

    async fn pointed(&self, service: &str) -> Result<Option<ImageId>, Problem> {
        if self.knows(service).await? { self.docker().await?.pointed(service).await } else { Ok(None) }
    }

    async fn parts(&self, service: &str) -> Result<Option<Parts>, Problem> {
        if self.knows(service).await? { self.docker().await?.parts(service).await } else { Ok(None) }
    }

    async fn point(&self, service: &str, image: &ImageId) -> Result<(), Problem> {
        self.docker().await?.point(service, image).await
    }

    async fn unpoint(&self, service: &str) -> Result<(), Problem> {
        if self.knows(service).await? { self.docker().await?.unpoint(service).await } else { Ok(()) }
    }

    async fn build(
        &self,
        service: &str,
        no_cache: bool,
        args: &BTreeMap<String, String>,
        lines: &dyn Lines,
    ) -> Result<ImageId, Problem> {
        self.docker().await?.build(service, no_cache, args, lines).await
    }

    async fn pull(&self, service: &str, lines: &dyn Lines) -> Result<ImageId, Problem> {
        self.docker().await?.pull(service, lines).await
    }

    async fn offered(&self, service: &str) -> Result<Registry, Problem> {
        self.docker().await?.offered(service).await
    }

    async fn keep(&self, service: &str, image: &ImageId, tag: &str) -> Result<String, Problem> {
        self.docker().await?.keep(service, image, tag).await
    }

    async fn kept(&self, service: &str, tag: &str) -> Result<Option<ImageId>, Problem> {
        self.docker().await?.kept(service, tag).await
    }

    async fn drop_tag(&self, service: &str, tag: &str) -> Result<(), Problem> {
        self.docker().await?.drop_tag(service, tag).await
    }

    async fn tags(&self, service: &str, prefix: &str) -> Result<Vec<String>, Problem> {
        self.docker().await?.tags(service, prefix).await
    }

    async fn drop_unnamed(&self, service: &str, built: &[ImageId], needed: &[ImageId]) -> Result<usize, Problem> {
        self.docker().await?.drop_unnamed(service, built, needed).await
    }

    async fn prune_cache(&self, keep: u64) -> Result<u64, Problem> {
        self.docker().await?.prune_cache(keep).await
    }

    async fn run_once(
        &self,
        service: &str,
        image: &ImageId,
        argv: &[String],
        lines: &dyn Lines,
    ) -> Result<i32, Problem> {
        self.docker().await?.run_once(service, image, argv, lines).await
    }
}

#[async_trait]
impl Exec for DockerWorld {
    async fn exec(
        &self,
        service: &str,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<std::fs::File>,
        stdout: Option<std::fs::File>,
    ) -> Result<ExecOutput, Problem> {
        self.docker().await?.exec(service, argv, env, stdin, stdout).await
    }

    async fn variable(&self, service: &str, name: &str) -> Result<Option<String>, Problem> {
        self.docker().await?.variable(service, name).await
    }
}

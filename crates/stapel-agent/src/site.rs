use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_core::config::{Config, DatabaseKind, EngineKind, MigrationTool, Secrets, Target};
use stapel_core::observation::Guardian;
use stapel_core::ports::{Health, ImageId, Instance, World};
use stapel_data::backup::Label;
use stapel_data::migrations::{Commands, Migrations, Tool};
use stapel_data::{Database, PostgresByUrl, PostgresInService, PostgresOnHost, SqliteFile};
use stapel_embedded::runtime::Embedded;
use stapel_engine::{Compose, Engine};
use stapel_release::{Journal, Outcome, StepContext};
use stapel_text::{Problem, problem, text};
use stapel_tree::{Hash, Manifest, Memory, ObjectStore};

use crate::checks::Checks;
use crate::docker::DockerWorld;
use crate::guardian;
use crate::phases;
use crate::place::Place;
use crate::steps;

/// How long an instance that is asked to stop may take to finish its requests before it is killed.
const GRACE: Duration = Duration::from_secs(30);

/// How often a start is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// After this time nobody is bringing an object any more.
const UPLOAD: Duration = Duration::from_hours(24);

/// In how many releases the output of commands is kept.
const KEEP_OUTPUT: usize = 20;

/// From where the secrets come that a configuration names.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// From the operator's side.
    Given(&'a Secrets),
    /// As processes with these marks have kept them; what they had not, whoever takes a release up may have.
    Kept(&'a [String], &'a Secrets),
}

impl Known<'_> {
    fn at(self, place: &Place) -> Secrets {
        match self {
            Self::Given(secrets) => secrets.clone(),
            Self::Kept(marks, more) => place.secrets(marks).completed(more),
        }
    }
}

/// One app on this host, with everything that works on it.
pub(crate) struct Site {
    pub(crate) config: Config,
    /// What the secret values in it stand for.
    pub(crate) secrets: Secrets,
    pub(crate) target_name: String,
    pub(crate) target: Target,
    pub(crate) place: Place,
    pub(crate) engine: String,
    pub(crate) world: World,
    pub(crate) databases: BTreeMap<String, Arc<dyn Database>>,
    migrations: Option<Arc<dyn Migrations>>,
    pub(crate) checks: Checks,
    pub(crate) store: ObjectStore,
    /// What the app's files held when they were read last.
    pub(crate) memory: Memory,
    /// Those that were read already, by their hashes: they are large, and asked for at every turn.
    pub(crate) manifests: Mutex<HashMap<Hash, Arc<Manifest>>>,
    pub(crate) journal: Journal,
    docker: Option<Arc<DockerWorld>>,
    images_at: Option<Utf8PathBuf>,
    compose: String,
    /// Why compose cannot replace containers of this engine, if it cannot.
    pub(crate) unsuited: Option<Problem>,
}

impl Site {
    /// Puts together what works on the app of `config` at the target of this name.
    pub(crate) async fn open(config: Config, known: Known<'_>, target_name: &str) -> Result<Self, Problem> {
        let target = config.targets.get(target_name).cloned().ok_or_else(|| {
            let known = config.targets.keys().cloned().collect::<Vec<_>>().join(", ");
            problem!(Usage, "agent-no-target", name = target_name, known = known)
        })?;
        let mut unsuited = None;
        let (place, engine, world, docker, compose, images_at) = match config.engine {
            EngineKind::Docker => {
                let api = Engine::connect().await?;
                let facts = api.ping().await?;
                let place = Place::open(target.state.as_deref(), &facts.id, &target.path)?;
                let compose = Compose::find_noted(&place.engine().join("compose")).await?;
                unsuited = compose.suits(&facts).err();
                let words = format!("Docker {}, {} {}", facts.version, compose.command(), compose.version);
                let by_hand =
                    std::iter::once(compose.command()).chain(config.compose.files.iter().map(|f| format!("-f {f}")));
                let by_hand = by_hand.collect::<Vec<_>>().join(" ");
                let docker = Arc::new(DockerWorld::new(api, compose, &config, &target, &place)?);
                let world = World {
                    images: docker.clone(),
                    instances: docker.clone(),
                    traffic: docker.clone(),
                    exec: Some(docker.clone()),
                };
                (place, words, world, Some(docker), by_hand, Some(Utf8PathBuf::from(facts.root)))
            }
            EngineKind::Embedded => {
                let place = Place::open(target.state.as_deref(), "embedded", &target.path)?;
                let runtime = Embedded::new(place.engine(), &target.path, crate::own_program()?, ["embedded"])?
                    .drain_bound(config.relay.drain);
                let runtime = Arc::new(runtime);
                let world = World { images: runtime.clone(), instances: runtime.clone(), traffic: runtime, exec: None };
                (place, "embedded".to_owned(), world, None, String::new(), None)
            }
        };
        let secrets = known.at(&place);
        let databases = databases(&config, &target, &world, &place.session(), &secrets)?;
        let migrations = config.migration.as_ref().map(|m| {
            let tool = match m.tool {
                MigrationTool::Alembic => Tool::Alembic,
                MigrationTool::Embedded => Tool::Embedded,
            };
            Arc::new(Commands::new(&m.service, Arc::clone(&world.images), tool)) as Arc<dyn Migrations>
        });
        let journal = Journal::open(&place.journal())?;
        let store = ObjectStore::open(place.objects())?;
        let memory = Memory::at(place.memory());
        let checks = Checks::new(&config);
        Ok(Self {
            target_name: target_name.to_owned(),
            config,
            secrets,
            target,
            place,
            engine,
            world,
            databases,
            migrations,
            checks,
            store,
            memory,
            manifests: Mutex::default(),
            journal,
            docker,
            images_at,
            compose,
            unsuited,
        })
    }

    /// Whether compose can replace containers of this engine. It is asked before anything is changed; looking does no harm.
    ///
    /// # Errors
    /// `engine-compose-too-old`.
    pub(crate) fn suits(&self) -> Result<(), Problem> {
        self.unsuited.clone().map_or(Ok(()), Err)
    }

    /// The first process of a service's container and the signal that stops it, where it is not the usual one; `None` where none
    /// runs, or no container has it.
    pub(crate) async fn first_process(&self, service: &str) -> Result<Option<(i32, Option<String>)>, Problem> {
        match &self.docker {
            Some(docker) => docker.first_process(service).await,
            None => Ok(None),
        }
    }

    /// The migration tool.
    pub(crate) fn migrations(&self) -> Result<&Arc<dyn Migrations>, Problem> {
        self.migrations.as_ref().ok_or_else(|| problem!(Failed, "agent-no-migration"))
    }

    /// What compose makes of the app's files must be asked again.
    pub(crate) async fn definition_changed(&self) {
        if let Some(docker) = &self.docker {
            docker.definition_changed().await;
        }
    }

    /// What compose makes of the app's files is going to be asked for.
    pub(crate) fn look_ahead(&self) {
        if let Some(docker) = &self.docker {
            docker.look_ahead();
        }
    }

    /// What compose makes of the app's files must not be of some minutes ago.
    pub(crate) async fn look_again(&self) {
        if let Some(docker) = &self.docker {
            docker.look_again().await;
        }
    }

    /// The services whose state is plain to see; the others have to be looked at one by one.
    pub(crate) async fn glance(&self) -> Result<BTreeMap<String, (Instance, Health)>, Problem> {
        match &self.docker {
            Some(docker) => docker.glance().await,
            None => Ok(BTreeMap::new()),
        }
    }

    /// Ends one-off runs (a migration) that a dead process has left behind, before anything is undone under them.
    pub(crate) async fn sweep(&self) -> Result<(), Problem> {
        match &self.docker {
            Some(docker) => docker.sweep().await,
            None => Ok(()),
        }
    }

    /// Takes out what no release needs any more once one has ended, whatever became of it: rules, a candidate, temporary
    /// files, notes. What cannot be taken out is named in the log and is no reason to fail.
    pub(crate) async fn tidy(&self, release: u64, outcome: Outcome) {
        for service in self.config.services.keys() {
            if let Err(problem) = self.tidy_service(service, release, outcome).await {
                tracing::warn!(%problem, service, "something was left over");
            }
        }
        let (path, dir) = (self.target.path.clone(), self.backup_dir());
        if let Err(problem) = self.store.sweep(UPLOAD) {
            tracing::warn!(%problem, "temporary objects were left over");
        }
        let swept = crate::blocking(move || {
            stapel_tree::sweep(&path)?;
            stapel_data::backup::sweep(&dir)
        });
        if let Err(problem) = swept.await {
            tracing::warn!(%problem, "temporary files were left over");
        }
        self.place.tidy();
        self.forget_secrets();
        if let Err(problem) = self.journal.thin(KEEP_OUTPUT) {
            tracing::warn!(%problem, "the journal keeps old output");
        }
    }

    /// Lets go of secrets that no unfinished release needs. We hold the lock.
    pub(crate) fn forget_secrets(&self) {
        let unfinished = self.journal.unfinished().unwrap_or_default().into_iter().map(|release| release.id);
        let waits = phases::to_go_on(&self.journal).unwrap_or_default().map(|release| release.id);
        let marks: Vec<_> = unfinished.chain(waits).flat_map(|r| self.journal.marks(r).unwrap_or_default()).collect();
        self.place.forget_secrets(&marks);
    }

    /// Ends what stands by for a way back that is not gone.
    pub(crate) async fn drop_standby(&self, service: &str) -> Result<(), Problem> {
        if let Some(standby) = self.world.instances.standby(service).await? {
            self.world.instances.remove(&standby, GRACE).await?;
        }
        self.world.instances.drop_standby(service).await
    }

    async fn tidy_service(&self, service: &str, release: u64, outcome: Outcome) -> Result<(), Problem> {
        if let Some(candidate) = self.world.instances.candidate(service).await? {
            self.world.instances.remove(&candidate, GRACE).await?;
        }
        self.drop_standby(service).await?;
        let named: Option<Option<ImageId>> = self.journal.fact(release, &steps::named_fact(service))?;
        if outcome == Outcome::Undone && named.is_none() {
            // A build that was dropped at its very end may have been tagged by the engine after it was undone.
            steps::point_back(self, service, &StepContext::new(&self.journal, release, 0)).await?;
        }
        self.world.traffic.clear(service).await
    }

    /// Waits until the services are healthy, as long as their start may take. One that does not become healthy is left to
    /// what looks at it next.
    pub(crate) async fn await_healthy(&self) {
        for (name, service) in &self.config.services {
            let healthy = stapel_host::until(
                text!("rollouts-await-healthy", service = name),
                LOOK,
                service.healthy_within,
                || async {
                    let Some(real) = self.world.instances.real(name).await? else { return Ok(Some(())) };
                    Ok((self.world.instances.health(&real).await? == Health::Healthy).then_some(()))
                },
            );
            if let Err(problem) = healthy.await {
                tracing::warn!(%problem, service = name, "not healthy yet");
            }
        }
    }

    /// What brings recovery back after a boot. The embedded runtime's processes do not outlive one, so nothing need.
    pub(crate) fn guardian(&self) -> Guardian {
        match self.config.engine {
            EngineKind::Docker => guardian::find(),
            EngineKind::Embedded => Guardian::Process,
        }
    }

    /// Whether traffic can be led to and from a service here; the embedded runtime always can.
    pub(crate) async fn may_steer(&self, service: &str) -> Result<(), Problem> {
        match &self.docker {
            Some(docker) => docker.may_steer(service).await,
            None => Ok(()),
        }
    }

    /// Whether each proxy that keeps a service's address can be told another one.
    pub(crate) async fn test_proxies(&self, service: &str) -> Result<Vec<Result<(), Problem>>, Problem> {
        match &self.docker {
            Some(docker) => docker.test_proxies(service).await,
            None => Ok(Vec::new()),
        }
    }

    /// The ports of the host that a service is to have.
    pub(crate) async fn wanted_ports(&self, service: &str) -> Result<Vec<(Option<IpAddr>, u16)>, Problem> {
        match &self.docker {
            Some(docker) => docker.wanted_ports(service).await,
            None => Ok(Vec::new()),
        }
    }

    /// Ends what a step that was dropped in its midst may have left at work: one-off containers, and their sessions in the
    /// databases, which outlive them with their locks.
    pub(crate) async fn end_what_was_dropped(&self) -> Result<(), Problem> {
        self.sweep().await?;
        for name in self.databases.keys() {
            self.end_sessions(name).await;
        }
        Ok(())
    }

    /// Ends the sessions of ours in a database. One that does not answer has none.
    pub(crate) async fn end_sessions(&self, name: &str) {
        if let Some(database) = self.databases.get(name)
            && let Err(problem) = database.end_sessions().await
        {
            tracing::warn!(%problem, database = name, "sessions could not be ended");
        }
    }

    /// Whether any service of the app runs.
    pub(crate) async fn serves(&self) -> Result<bool, Problem> {
        for service in self.config.services.keys() {
            if self.world.instances.real(service).await?.is_some_and(|r| r.running) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the phases of a service's rollout work with.
    pub(crate) fn rollout_context(self: &Arc<Self>, service: &str) -> stapel_rollouts::Context {
        let healthy_within = self.config.services.get(service).map_or(Duration::from_mins(2), |s| s.healthy_within);
        stapel_rollouts::Context {
            world: self.world.clone(),
            gate: Arc::new(crate::checks::CandidateGate { site: Arc::clone(self), service: service.to_owned() }),
            healthy_within,
            grace: GRACE,
            drain: self.config.relay.drain,
        }
    }

    /// Where the engine keeps images, if it keeps any to speak of.
    pub(crate) fn images_at(&self) -> Option<&Utf8Path> {
        self.images_at.as_deref()
    }

    /// Where dumps lie.
    pub(crate) fn backup_dir(&self) -> Utf8PathBuf {
        match &self.config.backup.dir {
            Some(dir) => self.target.path.join(dir),
            None => self.place.backups(),
        }
    }

    /// What a dump's manifest says.
    pub(crate) fn backup_label(&self, release: u64) -> Label {
        Label {
            app: self.config.app.clone(),
            target: Some(self.target_name.clone()),
            release: Some(release),
            compose: self.compose.clone(),
        }
    }
}

fn databases(
    config: &Config,
    target: &Target,
    world: &World,
    session: &str,
    secrets: &Secrets,
) -> Result<BTreeMap<String, Arc<dyn Database>>, Problem> {
    let mut all: BTreeMap<String, Arc<dyn Database>> = BTreeMap::new();
    for (name, database) in &config.databases {
        let incomplete = || problem!(Usage, "agent-database-incomplete", database = name);
        let made: Arc<dyn Database> = match database.kind {
            DatabaseKind::Postgres if let Some(url) = &database.url => {
                Arc::new(PostgresByUrl::new(name, url, secrets, session))
            }
            DatabaseKind::Postgres if database.host.is_some() => {
                let named = database.database.as_ref().ok_or_else(incomplete)?;
                let there = PostgresOnHost::new(name, database.host_user(), named, session);
                Arc::new(there.at(database.socket.clone(), database.port))
            }
            DatabaseKind::Postgres => Arc::new(PostgresInService {
                service: database.service.clone().ok_or_else(incomplete)?,
                user: database.user.clone(),
                database: database.database.clone(),
                exec: world.exec.clone().ok_or_else(incomplete)?,
                session: session.to_owned(),
            }),
            DatabaseKind::Sqlite => {
                Arc::new(SqliteFile { path: target.path.join(database.path.as_ref().ok_or_else(incomplete)?) })
            }
        };
        all.insert(name.clone(), made);
    }
    Ok(all)
}

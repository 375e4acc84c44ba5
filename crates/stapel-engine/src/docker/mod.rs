//! One app's containers and images, behind the ports.

mod candidate;
mod containers;
mod everyone;
mod exec;
mod glance;
mod health;
mod image_name;
mod images;
mod instances;
mod logs;
mod name;
mod networks;
mod once;
mod published;
mod standby;
mod vitals;

use stapel_host::Command;
use stapel_text::{Problem, problem};

use crate::compose::{Compose, Generation, Project, Resolved, Service, ServiceNetwork};
use crate::engine::{Engine, EngineFacts};

pub use candidate::Aliases;
pub use everyone::{Container, MadeBy};
pub use glance::glance;
pub use networks::Attachment;
pub use published::Published;

/// The label of a candidate; its value is the service.
pub const CANDIDATE_LABEL: &str = "dev.stapel.candidate";
/// The label of a copy that stands by; its value is the service.
pub const STANDBY_LABEL: &str = "dev.stapel.standby";
/// The label of a one-off run; its value is the service.
pub const ONCE_LABEL: &str = "dev.stapel.once";
/// What the name of a one-off run's container begins with.
pub const ONCE_PREFIX: &str = "stapel-once-";

/// An app of this host: the daemon, compose, and what compose makes of the app's files at the time of [`Docker::open`].
/// Where the compose files have changed since, it is opened anew.
///
/// It implements [`Images`](stapel_core::ports::Images), [`Instances`](stapel_core::ports::Instances) and
/// [`Exec`](stapel_core::ports::Exec).
#[derive(Debug, Clone)]
pub struct Docker {
    engine: Engine,
    compose: Compose,
    project: Project,
    resolved: Resolved,
    session: String,
}

impl Docker {
    /// Reads the definition and finds out the project's name: the one given, else the one compose says, unless only
    /// containers of another name were made from these files (the team calls compose with `-p`).
    ///
    /// # Errors
    /// Those of [`Project::config`], `engine-project-ambiguous`, and `engine-request-failed`.
    pub async fn open(engine: Engine, compose: Compose, mut project: Project) -> Result<Self, Problem> {
        let mut resolved = project.config(&compose).await?;
        if project.name.is_none() {
            let name = name::in_use(&engine, &project, &resolved.name).await?;
            let other = name != resolved.name;
            project.name = Some(name);
            if other {
                resolved = project.config(&compose).await?;
            }
        }
        Ok(Self { engine, compose, project, resolved, session: "stapel".to_owned() })
    }

    /// What one-off runs call themselves in a database (`PGAPPNAME`), so that their sessions can be told from others'.
    #[must_use]
    pub fn session(self, session: String) -> Self {
        Self { session, ..self }
    }

    /// The project's name, by which its containers are labelled.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.resolved.name
    }

    /// What compose makes of the app's files.
    #[must_use]
    pub fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// The daemon.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The compose in use.
    #[must_use]
    pub fn compose(&self) -> &Compose {
        &self.compose
    }

    /// The project, with its name.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Asks the daemon who it is, and refuses a compose that would break its containers.
    ///
    /// # Errors
    /// Those of [`Engine::ping`] and [`Compose::suits`].
    pub async fn ping(&self) -> Result<EngineFacts, Problem> {
        let facts = self.engine.ping().await?;
        self.compose.suits(&facts)?;
        Ok(facts)
    }

    /// The definition of a service.
    ///
    /// # Errors
    /// `engine-service-unknown`.
    pub fn service(&self, service: &str) -> Result<&Service, Problem> {
        self.resolved.services.get(service).ok_or_else(|| {
            let known = self.resolved.services.keys().cloned().collect::<Vec<_>>().join(", ");
            problem!(Usage, "engine-service-unknown", service = service, known = known)
        })
    }

    /// The networks of a service by their names at the engine, with whether they belong to somebody else.
    ///
    /// # Errors
    /// `engine-service-unknown`.
    pub fn networks_of(&self, service: &str) -> Result<&[ServiceNetwork], Problem> {
        Ok(&self.service(service)?.networks)
    }

    /// A compose command about this app at this daemon.
    fn compose_command(&self, extra: Option<&camino::Utf8Path>) -> Command {
        self.project.command(&self.compose, extra).env("DOCKER_HOST", self.engine.host())
    }

    /// What `run` needs besides, so that it neither wants a terminal nor reads from one.
    fn run_flags(&self) -> &'static [&'static str] {
        match self.compose.generation {
            Generation::V1 => &["run", "-d", "-T", "--no-deps"],
            Generation::V2 => &["run", "-d", "-T", "--interactive=false", "--no-deps"],
        }
    }
}

//! Docker behind the ports of [`stapel_core::ports`]: the Engine API on the host's own socket, and compose as the team's
//! own command. Nothing else: who reaches a container and how traffic moves is not known here.
//!
//! [`Engine`] is the daemon, [`Compose`] the command, [`Project`] where the compose files are; [`Docker::open`] puts the
//! three together for one app. What the definition says is always asked of compose (`compose config`), never merged here;
//! environment values, build arguments and commands in it are not even kept in memory.
//!
//! # Reboots
//! A candidate and a one-off run come from `compose run`, for which both versions of compose drop the service's restart
//! policy (`HostConfig.RestartPolicy` is empty, i.e. `no`). After a reboot they are there, stopped, found by their label;
//! the real container returns by its own policy.

mod cache;
mod compose;
mod credentials;
mod docker;
mod engine;

pub use compose::{
    Build, Compose, Generation, HealthCheck, Network, Port, Project, Protocol, Resolved, Service, ServiceNetwork,
    Volume,
};
pub use docker::{
    Aliases, Attachment, CANDIDATE_LABEL, Container, Docker, MadeBy, ONCE_LABEL, ONCE_PREFIX, Published, STANDBY_LABEL,
    glance,
};
pub use engine::{Engine, EngineFacts};

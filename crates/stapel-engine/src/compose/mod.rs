//! Compose: which one is on the host, how it is called, and what it makes of the team's files.

mod dotenv;
mod external;
mod find;
mod noted;
mod ports;
mod project;
mod raw;
mod redact;
mod remembered;
mod resolved;
mod sources;

pub use find::{Compose, Generation};
pub use ports::{Port, Protocol};
pub use project::Project;
pub use resolved::{Build, HealthCheck, Network, Resolved, Service, ServiceNetwork, Volume};

pub(crate) use ports::exposed;
pub(crate) use project::success;
pub(crate) use redact::Redacted;

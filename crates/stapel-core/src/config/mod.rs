//! `stapel.toml`: what a team says about its app. Small, because the rest is observed on the host.
//!
//! [`Config::parse`] reports every error of a file at once, each with its place; see [`Findings`].

mod check;
mod database;
mod finding;
mod hook;
mod notice;
mod parse;
mod quiet;
mod reference;
mod secret;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_secrets;
mod types;

pub use check::{Check, Way};
pub use database::{DatabaseConfig, DatabaseHost, DatabaseKind};
pub use finding::{Finding, Findings};
pub use hook::{Hook, Place, When};
pub use notice::{Channel, Moment, Notify};
pub use quiet::{Hours, Quiet};
pub use reference::reference;
pub use secret::{Secret, Secrets};
pub use types::{
    Backup, Become, Compose, Config, EngineKind, Migration, MigrationTool, Relay, Service, Source, SourceKind, Target,
    Watch,
};

//! `stapel.toml`: what a team says about its app. Small, because the rest is observed on the host.
//!
//! [`Config::parse`] reports every error of a file at once, each with its place; see [`Findings`].

mod build_arg;
mod check;
mod database;
mod finding;
mod hook;
mod json_rule;
mod notice;
mod parse;
mod pattern;
mod phase;
mod quiet;
mod reference;
mod secret;
mod size;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_secrets;
mod types;
mod watch;

pub use build_arg::build_arg;
pub use check::{Check, Method, Way};
pub use database::{DatabaseConfig, DatabaseHost, DatabaseKind};
pub use finding::{Finding, Findings};
pub use hook::{Hook, Place, When};
pub use json_rule::{JsonRule, JsonTest};
pub use notice::{Channel, Moment, Notify};
pub use phase::Phase;
pub use quiet::{Hours, Quiet};
pub use reference::reference;
pub use secret::{Secret, Secrets};
pub use size::Limit;
pub use table::Environment;
pub use types::{
    Backup, Become, Compose, Config, EngineKind, Ignore, Images, Migration, MigrationTool, Relay, Service, Source,
    SourceKind, Target,
};
pub use watch::{Watch, WatchedLog};

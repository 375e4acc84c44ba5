//! Databases and their schema: dumps that are proven before anything relies on them, the way back from a dump, and the
//! migration tools of the app.
//!
//! A dump is a plain file with a manifest beside it; a person can restore it without Stapel.

pub mod backup;
pub mod migrations;

mod database;
mod file;
mod mask;
mod postgres;
mod proof;
mod quoted;
mod sqlite;

pub use database::{Database, Glance, Kind};
pub use postgres::{PostgresByUrl, PostgresInService, PostgresOnHost, PostgresTools};
pub use proof::Proof;
pub use sqlite::SqliteFile;

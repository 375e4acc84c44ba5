//! PostgreSQL, with its own `pg_dump`, `pg_restore` and `psql`. What is done with a database is in `database` and is the same
//! everywhere; where the tools run and how they reach it is a [`PostgresTools`]: in the container of a service, so that
//! their version is always the server's, or on the host, over its own server's socket or by a URL.

mod archive;
mod by_url;
mod database;
mod host;
mod login;
mod on_host;
mod programs;
mod reason;
mod service;
mod tools;
mod url;

pub use by_url::PostgresByUrl;
pub use on_host::PostgresOnHost;
pub use service::PostgresInService;
pub use tools::PostgresTools;

//! PostgreSQL where it runs: its own `pg_dump` and `pg_restore`, so that their version is always the server's.

mod archive;
mod login;
mod service;

pub use service::PostgresInService;

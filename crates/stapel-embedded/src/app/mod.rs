//! The demo app: orders in a SQLite database, in four versions.
//!
//! | version | schema | |
//! |---|---|---|
//! | 1 | 1 | good |
//! | 2 | 2 | good; its schema suits version 1 too |
//! | 3 | 2 | healthy, and its report fails two seconds after the start |
//! | 4 | 3 | its migration fails half way |

mod database;
mod log;
mod migrate;
mod migrations;
mod report;
mod routes;
mod state;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::ListenerExt;
use camino::Utf8PathBuf;
use stapel_text::{Problem, problem};
use tokio::net::TcpListener;

pub use migrate::{MigrateArgs, MigrateCommand, migrate};
pub(crate) use state::State;

use crate::shutdown::Shutdown;
use database::Database;
use log::info;
use report::Report;
use routes::{Shared, router};

/// The highest version of the demo app that there is; the lowest is 1.
pub const HIGHEST_VERSION: u32 = 4;

/// How an instance of the demo app is started.
#[derive(Debug, Clone, clap::Args)]
pub struct AppArgs {
    /// Which version to be, 1 to 4
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(HIGHEST_VERSION)))]
    pub version: u32,
    /// Where to listen; port 0 takes a free one
    #[arg(long)]
    pub listen: SocketAddr,
    /// The SQLite file, shared with other instances
    #[arg(long)]
    pub database: Utf8PathBuf,
    /// A file to write into where it listens, once it does, and the exit code at the end
    #[arg(long)]
    pub state: Option<Utf8PathBuf>,
}

/// The ids of all orders stored in the database of an instance, in their order: what counts writes.
///
/// # Errors
/// `embedded-database`.
pub fn order_ids(database: &camino::Utf8Path) -> Result<Vec<String>, Problem> {
    let failed =
        |e: rusqlite::Error| problem!(Failed, "embedded-database", path = database.as_str(), error = e.to_string());
    let connection = database::connect(database)?;
    let mut query = connection.prepare("SELECT id FROM orders ORDER BY n").map_err(failed)?;
    let ids = query.query_map([], |row| row.get(0)).map_err(failed)?;
    ids.collect::<Result<_, _>>().map_err(failed)
}

/// Serves until SIGTERM or SIGINT; then takes no new connection, closes the idle ones and finishes the open requests.
///
/// It starts on a schema that is too old as well, and is unhealthy until the migrations have run.
///
/// # Errors
/// `embedded-database`, `embedded-listen`, `io-failed` for the state file.
pub async fn serve(args: AppArgs) -> Result<(), Problem> {
    let state = args.state.clone();
    let result = serve_until_asked(args).await;
    if let Some(path) = state {
        State { address: None, exit: Some(result.as_ref().map_or_else(|p| p.class.exit_code().into(), |()| 0)) }
            .write(&path)?;
    }
    result
}

async fn serve_until_asked(args: AppArgs) -> Result<(), Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "embedded-listen", address = args.listen.to_string(), error = e);
    let database = Database::open(&args.database)?;
    let report = Report::new(args.version, &database).await;
    let shutdown = Shutdown::listen().map_err(failed)?;
    let listener = TcpListener::bind(args.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shared = Arc::new(Shared { version: args.version, database, report });
    report::keep_fresh(&shared);
    if let Some(path) = &args.state {
        State { address: Some(address), exit: None }.write(path)?;
    }
    info(&format_args!("version {} listens on {address}", args.version));
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router(shared)).with_graceful_shutdown(shutdown.asked()).await.map_err(failed)?;
    info(&"stopped");
    Ok(())
}

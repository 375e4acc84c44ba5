//! An HTTP/1.1 reverse proxy whose upstreams are changed while it serves.
//!
//! A request belongs to one upstream from the moment it is given to it until the last byte of its answer, and is
//! counted there. Giving and changing happen under one lock: once a new set has been answered for, no request goes to
//! an upstream outside it, and a count of 0 means that none ever will again. Each request has a connection of its own
//! to its upstream, so none can be lost on a kept one that is just being closed.
//!
//! The set is changed through a Unix socket, one JSON object per line: `{"set": [{"name": "a", "address":
//! "127.0.0.1:8001"}]}` replaces the set, `{"status": true}` changes nothing; both answer a [`Status`]. The set is kept
//! in a file beside the socket, so that a proxy that is started anew goes on with it.

mod control;
mod forward;
mod headers;
mod socket;
mod status;
mod upstreams;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt;
use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};
use tokio::net::TcpListener;

pub(crate) use control::{Order, ask};
pub use status::{Status, Upstream};

use crate::shutdown::Shutdown;
use control::{Control, kept_set};
use upstreams::Upstreams;

/// How the proxy is started.
#[derive(Debug, Clone, clap::Args)]
pub struct ProxyArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long)]
    pub listen: SocketAddr,
    /// The Unix socket to be commanded through
    #[arg(long)]
    pub control: Utf8PathBuf,
}

/// Where the proxy of this control socket keeps its set of upstreams.
pub(crate) fn set_file(control: &Utf8Path) -> Utf8PathBuf {
    control.with_extension("upstreams.json")
}

/// Serves until SIGTERM or SIGINT; then takes no new connection, closes the idle ones and finishes the open requests.
///
/// # Errors
/// `embedded-listen` where the address cannot be had, which leaves another proxy's control socket alone; `io-failed`
/// for the control socket; `embedded-file-invalid` for the kept set.
pub async fn serve(args: ProxyArgs) -> Result<(), Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "embedded-listen", address = args.listen.to_string(), error = e);
    let shutdown = Shutdown::listen().map_err(failed)?;
    let listener = TcpListener::bind(args.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let upstreams = Arc::new(Upstreams::new(address, kept_set(&args.control)?));
    let control = Control::bind(&args.control, Arc::clone(&upstreams))?;
    let control = tokio::spawn(control.serve());
    let app = Router::new().fallback(forward::forward).with_state(upstreams);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tracing::info!(%address, "proxy listens");
    let result = axum::serve(listener, app).with_graceful_shutdown(shutdown.asked()).await.map_err(failed);
    control.abort();
    result
}

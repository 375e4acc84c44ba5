//! Two more proxies before convertik, as teams have them besides Caddy: nginx in a container, and nginx on the server.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::convertik;
use crate::servers::Server;
use crate::wait::until_true;

/// The port of the one in a container on the network that the service shares with its proxies.
pub const IN_CONTAINER: u16 = 8080;
/// The port of the one on the server, before the published port of the service.
pub const ON_HOST: u16 = 8081;

const PATH: &str = "/opt/nginx";
const IMAGE: &str = "nginx:1";
const LIMIT: Duration = Duration::from_secs(60);

/// Starts both, where convertik runs, and waits until it answers through them.
///
/// # Errors
/// When one of the commands fails, or it does not come to answer.
pub fn start(server: &Server) -> Result<()> {
    server.load_images(&[IMAGE])?;
    server.copy_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("proxies"), PATH)?;
    let compose = convertik::compose_command(server);
    server.run(&[&["env", "-C", PATH], compose, &["up", "-d"]].concat())?;
    server.run(&["nginx", "-c", &format!("{PATH}/host.conf")])?;
    for port in [IN_CONTAINER, ON_HOST] {
        let url = format!("http://127.0.0.1:{port}/health");
        let host = format!("Host: {}", convertik::DOMAIN);
        let ask = ["curl", "--silent", "--fail", "--max-time", "5", "--header", &host, &url];
        until_true("convertik answers through nginx", LIMIT, || server.exec(&ask).is_ok_and(|said| said.ok()))?;
    }
    Ok(())
}

//! What runs on a host, and which proxy brings requests to it. Looked at by the agent there; of the proxies' files only the
//! routes leave the host, for the rest of them may hold secrets.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use stapel_engine::{Compose, Container, Engine};
use stapel_text::Problem;

use crate::place::Place;
use crate::read::{Route, caddy, nginx, traefik};

/// A host as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The engine and compose in a person's words.
    pub engine: String,
    /// Whether the one who looked is root.
    pub root: bool,
    /// All containers.
    pub containers: Vec<Container>,
    /// What proxies are told: those of the host itself and those in containers.
    pub routes: Vec<Route>,
}

/// Where proxies have their files on a host.
const FILES: &[&str] = &["/etc/caddy/Caddyfile", "/etc/nginx/nginx.conf"];
const DIRECTORIES: &[&str] =
    &["/etc/nginx/conf.d", "/etc/nginx/sites-enabled", "/etc/caddy/sites", "/etc/caddy/conf.d"];
/// A file of a proxy's is not larger.
const BYTES: u64 = 512 << 10;
/// How many files of one directory are read.
const MANY: usize = 200;

/// Looks at this host. Nothing is changed.
///
/// # Errors
/// `engine-unreachable`, `engine-denied`, `engine-request-failed`.
pub async fn survey() -> Result<Survey, Problem> {
    let engine = Engine::connect().await?;
    let facts = engine.ping().await?;
    let mut words = format!("Docker {}", facts.version);
    if let Ok(compose) = Compose::find().await {
        words = format!("{words}, {} {}", compose.command(), compose.version);
    }
    let containers = engine.containers().await?;
    let mut routes = Vec::new();
    for path in files(&containers) {
        let Some(text) = text(&path) else { continue };
        // What is neither has no route.
        let found = if path.as_str().contains("nginx") { nginx(path.as_str(), &text) } else { Vec::new() };
        routes.extend(if found.is_empty() { caddy(path.as_str(), &text) } else { found });
    }
    for container in &containers {
        let name = container.compose.as_ref().map_or(&container.name, |made| &made.service);
        routes.extend(traefik(name, &container.traefik, &Place::file(&container.name)));
    }
    Ok(Survey { engine: words, root: rustix::process::geteuid().is_root(), containers, routes })
}

fn files(containers: &[Container]) -> Vec<Utf8PathBuf> {
    let mounted = containers.iter().filter(|c| c.running).flat_map(|c| &c.binds);
    let mounted = mounted.filter(|(_, seen)| seen.starts_with("/etc/caddy") || seen.starts_with("/etc/nginx"));
    let mut all: Vec<Utf8PathBuf> = mounted.map(|(source, _)| source.into()).collect();
    all.extend(FILES.iter().chain(DIRECTORIES).map(Into::into));
    let mut files: Vec<_> =
        all.into_iter().flat_map(|path| if path.is_dir() { listed(&path) } else { vec![path] }).collect();
    files.sort();
    files.dedup();
    files
}

fn listed(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(all) = directory.read_dir_utf8() else { return Vec::new() };
    all.flatten().map(|e| e.into_path()).filter(|p| p.is_file()).take(MANY).collect()
}

fn text(path: &Utf8Path) -> Option<String> {
    if path.metadata().ok()?.len() > BYTES {
        return None;
    }
    Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned())
}

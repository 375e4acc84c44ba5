use std::collections::BTreeSet;

use bollard::API_DEFAULT_VERSION;
use bollard::query_parameters::ListNetworksOptions;
use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// How long the daemon may take to begin an answer, in seconds. Stopping a container has its grace on top.
pub(crate) const ANSWER_S: u64 = 120;
/// Docker's own socket.
const SOCKET: &str = "/var/run/docker.sock";

/// A connection to the Docker daemon of this host, over its socket.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) api: bollard::Docker,
    socket: String,
}

/// Which daemon answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// The engine's version (`20.10.24`).
    pub version: String,
    /// The newest API version it speaks (`1.41`).
    pub api: String,
    /// The daemon's own id, the same over restarts.
    pub id: String,
    /// Where it keeps images and volumes.
    pub root: String,
    /// Whether images lie in containerd's store rather than Docker's own.
    pub containerd_images: bool,
}

impl Engine {
    /// Connects to the daemon at `DOCKER_HOST` (`unix://…` only, as we run on the server itself), else at
    /// `/var/run/docker.sock`, with an API version both speak.
    ///
    /// # Errors
    /// `engine-host-unsupported`, `engine-unreachable`, `engine-denied`.
    pub async fn connect() -> Result<Self, Problem> {
        match std::env::var("DOCKER_HOST") {
            Ok(host) if !host.is_empty() => match host.strip_prefix("unix://") {
                Some(socket) => Self::at(socket).await,
                None => Err(problem!(Refused, "engine-host-unsupported", host = host)),
            },
            _ => Self::at(SOCKET).await,
        }
    }

    /// Connects to the daemon at this socket.
    ///
    /// # Errors
    /// `engine-unreachable`, `engine-denied`.
    pub async fn at(socket: &str) -> Result<Self, Problem> {
        let connected = bollard::Docker::connect_with_unix(socket, ANSWER_S, API_DEFAULT_VERSION);
        let api = match connected {
            Ok(api) => api.negotiate_version().await,
            Err(e) => Err(e),
        };
        let api = api.map_err(|e| unreachable(socket, &e))?;
        Ok(Self { api, socket: socket.to_owned() })
    }

    /// Asks who it is.
    ///
    /// # Errors
    /// `engine-unreachable`, `engine-denied`.
    pub async fn ping(&self) -> Result<EngineFacts, Problem> {
        let (version, info) = futures_util::future::try_join(self.api.version(), self.api.info())
            .await
            .map_err(|e| unreachable(&self.socket, &e))?;
        let status = info.driver_status.unwrap_or_default();
        Ok(EngineFacts {
            version: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            id: info.id.unwrap_or_default(),
            root: info.docker_root_dir.unwrap_or_default(),
            containerd_images: status.iter().flatten().any(|w| w == "io.containerd.snapshotter.v1"),
        })
    }

    /// The names of all networks.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn networks(&self) -> Result<BTreeSet<String>, Problem> {
        let all = self.api.list_networks(None::<ListNetworksOptions>).await.map_err(|e| failed("networks", &e))?;
        Ok(all.into_iter().filter_map(|network| network.name).collect())
    }

    /// Where the daemon listens.
    pub(crate) fn socket(&self) -> &str {
        &self.socket
    }

    /// What `DOCKER_HOST` must be for another program to talk to the same daemon.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket)
    }
}

fn unreachable(socket: &str, error: &bollard::errors::Error) -> Problem {
    if io_kind(error) == Some(std::io::ErrorKind::PermissionDenied) {
        return problem!(Refused, "engine-denied", socket = socket);
    }
    problem!(Refused, "engine-unreachable", socket = socket, error = deepest(error))
}

/// What a failed request about `object` is to people. A daemon that has gone away is told apart.
pub(crate) fn failed(object: &str, error: &bollard::errors::Error) -> Problem {
    let error = match error {
        bollard::errors::Error::DockerResponseServerError { message, .. } => message.clone(),
        other => deepest(other),
    };
    problem!(Failed, "engine-request-failed", object = object, error = error)
}

/// The answer, or `None` where the engine says that there is no such thing.
pub(crate) fn found<T>(object: &str, answer: Result<T, bollard::errors::Error>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(e) => Err(failed(object, &e)),
    }
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |e| e.source())
}

fn io_kind(error: &bollard::errors::Error) -> Option<std::io::ErrorKind> {
    if let bollard::errors::Error::IOError { err } = error {
        return Some(err.kind());
    }
    causes(error).find_map(|e| e.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

fn deepest(error: &bollard::errors::Error) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_is_not_there_is_named() {
        let problem = Engine::at("/nowhere/docker.sock").await.unwrap_err();
        assert_eq!(problem.code(), "engine-unreachable");
        assert!(problem.to_string().contains("/nowhere/docker.sock"), "{problem}");
    }

    #[tokio::test]
    async fn a_socket_nobody_listens_on_is_unreachable() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        let problem = Engine::at(socket.to_str().unwrap()).await.unwrap_err();
        assert_eq!(problem.code(), "engine-unreachable");
        assert!(problem.to_string().contains("refused"), "{problem}");
    }

    #[test]
    fn denied_is_told_apart() {
        let denied = bollard::errors::Error::from(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        assert_eq!(unreachable("/s", &denied).code(), "engine-denied");
    }
}

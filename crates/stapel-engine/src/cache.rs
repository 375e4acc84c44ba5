//! The build cache of the engine, which all who build on this host have in common.

use std::time::Duration;

use bollard::query_parameters::PruneBuildOptions;
use serde::Deserialize;
use stapel_text::{Problem, problem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::engine::{Engine, failed};

/// How long it may take: gigabytes of small files are removed.
const PATIENCE: Duration = Duration::from_mins(5);

/// The first Engine API version that calls what stays `reserved-space`. Those before say `keep-storage`, know no other name,
/// and would keep nothing if they were asked by it.
const RESERVED_SPACE: (usize, usize) = (1, 48);

/// What is said of the request in messages.
const OBJECT: &str = "build cache";

#[derive(Deserialize)]
struct Pruned {
    #[serde(rename = "SpaceReclaimed", default)]
    reclaimed: u64,
}

impl Engine {
    /// Lets go of what the build cache holds beyond `keep` bytes, and gives the bytes that this brought.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub(crate) async fn prune_cache(&self, keep: u64) -> Result<u64, Problem> {
        let version = self.api.client_version();
        let version = (version.major_version, version.minor_version);
        let work = async {
            if version >= RESERVED_SPACE {
                let reserved_space = Some(i64::try_from(keep).unwrap_or(i64::MAX));
                let patient = self.api.clone().with_timeout(PATIENCE);
                let options = PruneBuildOptions { reserved_space, ..PruneBuildOptions::default() };
                let answer = patient.prune_build(Some(options)).await.map_err(|e| failed(OBJECT, &e))?;
                return Ok(answer.space_reclaimed.and_then(|n| u64::try_from(n).ok()).unwrap_or(0));
            }
            let request = format!("/v{}.{}/build/prune?keep-storage={keep}", version.0, version.1);
            let failed = |error: String| problem!(Failed, "engine-request-failed", object = OBJECT, error = error);
            let answer = self.post(&request).await.map_err(|e| failed(e.to_string()))?;
            reclaimed(&answer).map_err(failed)
        };
        tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| {
            let error = format!("no answer within {} s", PATIENCE.as_secs());
            Err(problem!(Failed, "engine-request-failed", object = OBJECT, error = error))
        })
    }

    /// Asks the daemon without the client's library. In HTTP/1.0 an answer ends with its connection.
    async fn post(&self, path: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(self.socket()).await?;
        let request = format!("POST {path} HTTP/1.0\r\nHost: docker\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// The bytes that an answer speaks of; an engine that has no build cache does not know the request.
fn reclaimed(answer: &str) -> Result<u64, String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    match head.split_ascii_whitespace().nth(1) {
        Some("200") => serde_json::from_str(body).map(|Pruned { reclaimed }| reclaimed).map_err(|e| e.to_string()),
        Some("404") => Ok(0),
        _ => Err(answer.lines().chain(body.lines()).next_back().unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_answers() {
        let ok = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"CachesDeleted\":[\"a\"],\"SpaceReclaimed\":1200}\n";
        assert_eq!(reclaimed(ok), Ok(1200));
        assert_eq!(reclaimed("HTTP/1.0 200 OK\r\n\r\n{\"CachesDeleted\":null}"), Ok(0));
        assert_eq!(reclaimed("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"page not found\"}"), Ok(0));
        let busy = reclaimed("HTTP/1.0 500 Internal Server Error\r\n\r\n{\"message\":\"busy\"}");
        assert_eq!(busy, Err("{\"message\":\"busy\"}".to_owned()));
        assert_eq!(reclaimed(""), Err(String::new()));
        assert!(reclaimed("HTTP/1.0 200 OK\r\n\r\nyes").is_err());
    }
}

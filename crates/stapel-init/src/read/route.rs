use serde::{Deserialize, Serialize};

use crate::place::Place;

/// A way by which a proxy brings requests to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The kind of the proxy: `Caddy`, `nginx`, `Traefik`.
    pub proxy: String,
    /// The domain that users come to, where it says one.
    pub domain: Option<String>,
    /// Whether they come by TLS.
    pub tls: bool,
    /// Whom it asks: the name of a service or a container, or an address of the host.
    pub to: String,
    /// At which port.
    pub port: Option<u16>,
    /// Where it says so.
    pub place: Place,
}

impl Route {
    /// Whether it leads to the host itself, so to whoever publishes the port.
    pub(crate) fn to_host(&self) -> bool {
        matches!(
            self.to.as_str(),
            "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "host.docker.internal" | "172.17.0.1"
        )
    }
}

/// Name and port of an upstream: `web:8000`, `http://web:8000/`, `127.0.0.1:8001`.
pub(super) fn upstream(word: &str) -> Option<(String, Option<u16>)> {
    let word = word.trim_end_matches(';');
    let bare = word.split_once("://").map_or(word, |(_, rest)| rest).split('/').next()?;
    if bare.is_empty() || bare.contains(['$', '{', '*', '@']) {
        return None;
    }
    match bare.rsplit_once(':') {
        Some((name, port)) => Some((name.to_owned(), Some(port.parse().ok()?))),
        None => Some((bare.to_owned(), None)),
    }
}

/// Whether a word can be a domain that users come to.
pub(super) fn is_domain(word: &str) -> bool {
    word.contains('.')
        && !word.starts_with(['.', '*', '~'])
        && word.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-')
        && word.rsplit('.').next().is_some_and(|last| last.chars().all(char::is_alphabetic))
}

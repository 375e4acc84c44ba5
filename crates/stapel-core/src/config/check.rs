use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// `[[check]]`: one thing that must hold of a serving app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What people call it.
    pub name: String,
    /// How it reaches the app.
    pub way: Way,
    /// The service whose port a path is asked of; `None` where there is only one.
    pub service: Option<String>,
    /// Statuses that are fine. Empty: any from 200 to 299.
    pub status: Vec<u16>,
    /// What the body must contain.
    pub contains: Option<String>,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// How a check reaches the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A path asked of the service's own port on the host; also asked of a candidate before it is let in.
    Path(String),
    /// A whole URL, the way users come; `via` is the address to connect to where the name does not lead there.
    Url {
        /// The URL.
        url: String,
        /// Where to connect instead of what the URL's name resolves to.
        via: Option<SocketAddr>,
    },
}

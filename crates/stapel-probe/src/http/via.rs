use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where a check connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Where the URL's name leads.
    #[default]
    Name,
    /// Here, whatever the URL says: this host's own proxy, or a candidate that nobody else reaches yet. The `Host`
    /// header and, for `https`, the name in the certificate stay those of the URL.
    Address(SocketAddr),
}

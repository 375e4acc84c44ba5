use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One place where requests can go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// Under which it is counted; the runtime takes the instance's id.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What the proxy says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its process number.
    pub pid: i32,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The set that gets new requests.
    pub upstreams: Vec<Upstream>,
    /// Requests that are open now, by upstream; those with none are left out.
    pub in_flight: BTreeMap<String, u64>,
    /// Requests given to each upstream since the start of the proxy.
    pub totals: BTreeMap<String, u64>,
    /// Requests answered 502 or 503 by the proxy itself since its start.
    pub failed: u64,
}

impl Status {
    /// How many requests are open at this upstream.
    #[must_use]
    pub fn open_at(&self, name: &str) -> u64 {
        self.in_flight.get(name).copied().unwrap_or(0)
    }
}

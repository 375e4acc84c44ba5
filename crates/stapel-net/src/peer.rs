use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A container's place on one Docker network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The bridge interface on the host: `docker0`, or `br-` and the first 12 digits of the network's id.
    pub bridge: String,
    /// The container's address on it.
    pub address: Ipv4Addr,
}

/// A running container, as the network sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The number, on the host, of the container's first process (`State.Pid`).
    pub pid: i32,
    /// The networks it is on; none with `network_mode: host`.
    pub attachments: Vec<Attachment>,
}

impl Peer {
    pub(crate) fn at(&self, address: Ipv4Addr) -> Option<&Attachment> {
        self.attachments.iter().find(|a| a.address == address)
    }

    /// Its place on a network; `None` where it is not on it.
    #[must_use]
    pub fn on(&self, network: &str) -> Option<&Attachment> {
        self.attachments.iter().find(|a| a.network == network)
    }
}

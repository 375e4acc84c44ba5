use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A TCP port of the host that Docker publishes for a container, as its inspection says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The host's address it is bound to; `None`, `0.0.0.0` and `::` all mean every address.
    pub host_address: Option<IpAddr>,
    /// The port on the host.
    pub host_port: u16,
    /// The port inside the container.
    pub container_port: u16,
}

impl Published {
    /// The one address it is bound to, if not all.
    pub(crate) fn bound_to(&self) -> Option<IpAddr> {
        self.host_address.filter(|a| !a.is_unspecified())
    }

    /// What tells it from the other publications of a host.
    pub(crate) fn key(&self) -> String {
        match self.bound_to() {
            Some(address) => format!("{address}:{}", self.host_port),
            None => self.host_port.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_one_publication() {
        let on = |host_address| Published { host_address, host_port: 8001, container_port: 8000 };
        assert_eq!(on(None).key(), on(Some("0.0.0.0".parse().unwrap())).key());
        assert_eq!(on(None).key(), on(Some("::".parse().unwrap())).key());
        assert_ne!(on(None).key(), on(Some("127.0.0.1".parse().unwrap())).key());
    }
}

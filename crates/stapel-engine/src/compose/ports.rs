use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

impl Protocol {
    /// From compose's and Docker's word; none is TCP.
    pub(crate) fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("" | "tcp") => Some(Self::Tcp),
            Some("udp") => Some(Self::Udp),
            Some("sctp") => Some(Self::Sctp),
            Some(_) => None,
        }
    }
}

/// A port that the definition publishes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// The address on the host, none for all of them.
    pub host_ip: Option<IpAddr>,
    /// The first and the last port on the host that it may get; none: Docker picks one.
    pub published: Option<(u16, u16)>,
    /// The port in the container.
    pub target: u16,
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
}

impl Port {
    /// From the short form `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`, in which ports may be ranges. Two ranges of one length
    /// are paired; a range on the host for one port of the container stays a range. `None` where it is no such thing.
    #[must_use]
    pub fn parse(short: &str) -> Option<Vec<Self>> {
        let (rest, protocol) = split_protocol(short)?;
        let (host, target) = match rest.rsplit_once(':') {
            Some((host, target)) => (Some(host), target),
            None => (None, rest),
        };
        let (ip, published) = match host {
            None => (None, None),
            Some(host) => match host.rsplit_once(':') {
                Some((ip, port)) => (Some(ip), Some(port)),
                None if host.contains('.') => (Some(host), None),
                None => (None, Some(host)),
            },
        };
        let host_ip = match ip {
            None | Some("") => None,
            Some(ip) => Some(ip.trim_start_matches('[').trim_end_matches(']').parse().ok()?),
        };
        Self::expand(host_ip, published, target, protocol)
    }

    /// From the parts of the long form.
    pub(crate) fn expand(
        host_ip: Option<IpAddr>,
        published: Option<&str>,
        target: &str,
        protocol: Protocol,
    ) -> Option<Vec<Self>> {
        let (first, last) = range(target)?;
        let published = match published {
            None | Some("") => None,
            Some(p) => Some(range(p)?).filter(|p| *p != (0, 0)),
        };
        let paired = published.filter(|(a, b)| u32::from(*b) - u32::from(*a) == u32::from(last) - u32::from(first));
        if first != last && published.is_some() && paired.is_none() {
            return None;
        }
        let port = |target: u16| {
            let published = match paired {
                Some((a, _)) => Some((a + (target - first), a + (target - first))),
                None => published,
            };
            Self { host_ip, published, target, protocol }
        };
        Some((first..=last).map(port).collect())
    }
}

/// The ports of an `expose` entry or of a key of Docker's port map: `8000`, `8000/udp`, `9100-9101`.
pub(crate) fn exposed(entry: &str) -> Option<Vec<(u16, Protocol)>> {
    let (ports, protocol) = split_protocol(entry)?;
    let (first, last) = range(ports)?;
    Some((first..=last).map(|p| (p, protocol)).collect())
}

fn split_protocol(entry: &str) -> Option<(&str, Protocol)> {
    match entry.split_once('/') {
        Some((rest, protocol)) => Some((rest, Protocol::parse(Some(protocol))?)),
        None => Some((entry, Protocol::Tcp)),
    }
}

fn range(ports: &str) -> Option<(u16, u16)> {
    let (first, last) = match ports.split_once('-') {
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
        None => (ports.parse().ok()?, ports.parse().ok()?),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(ip: Option<&str>, published: Option<(u16, u16)>, target: u16, protocol: Protocol) -> Port {
        Port { host_ip: ip.map(|i| i.parse().unwrap()), published, target, protocol }
    }

    #[test]
    fn short_forms() {
        use Protocol::{Tcp, Udp};
        assert_eq!(Port::parse("8000"), Some(vec![port(None, None, 8000, Tcp)]));
        assert_eq!(Port::parse("8001:8000"), Some(vec![port(None, Some((8001, 8001)), 8000, Tcp)]));
        assert_eq!(
            Port::parse("127.0.0.1:53:5353/udp"),
            Some(vec![port(Some("127.0.0.1"), Some((53, 53)), 5353, Udp)])
        );
        assert_eq!(Port::parse("127.0.0.1::80"), Some(vec![port(Some("127.0.0.1"), None, 80, Tcp)]));
        assert_eq!(Port::parse("[::1]:81:80"), Some(vec![port(Some("::1"), Some((81, 81)), 80, Tcp)]));
        assert_eq!(Port::parse("3000-3005:80"), Some(vec![port(None, Some((3000, 3005)), 80, Tcp)]));
        assert_eq!(
            Port::parse("9000-9001:90-91"),
            Some(vec![port(None, Some((9000, 9000)), 90, Tcp), port(None, Some((9001, 9001)), 91, Tcp)])
        );
    }

    #[test]
    fn what_is_no_port_is_none() {
        for wrong in ["", "http", "80:http", "1-3:1-2", "70000", "80/quic", "9-8", "x:1:2"] {
            assert_eq!(Port::parse(wrong), None, "{wrong}");
        }
        assert_eq!(exposed("9100-9101"), Some(vec![(9100, Protocol::Tcp), (9101, Protocol::Tcp)]));
    }
}

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

use crate::docker_proxy::{self, DockerProxy};
use crate::docker_rules::{self, Found};
use crate::forwarder::Handle;
use crate::iptables::{self, Iptables};
use crate::{Family, Firewall, Peer, Published, Rule};

/// How often a rule is put in again when Docker changes the chain at the same moment.
const TRIES: u32 = 5;

/// How a published port was led to another container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The network through which Docker publishes the port.
    pub network: String,
    /// The forwarder that carries what docker-proxy carried; `None` where no docker-proxy runs for this port.
    pub forwarder: Option<Handle>,
}

/// Leading a published port to another container.
///
/// What the kernel leads by rule gets a copy of Docker's own rule with only the address replaced, directly before it.
/// What docker-proxy carries (localhost, IPv6, the host's other bridges) is taken by the forwarder: kernel rules for
/// `127.0.0.1` would need `route_localnet`, and that opens holes.
impl Firewall {
    /// Leads new connections to `published` from `from` to `to`, on every way there is; returns when nothing that
    /// docker-proxy has accepted before is still on its way to `from`, so that `from` may refuse new connections. What
    /// is open goes on. Done twice it is as done once.
    ///
    /// # Errors
    /// `net-no-docker-rule`, `net-not-on-network`, `net-rule-displaced`, what [`Handle::start`] fails with,
    /// `command-failed`. What has been put in until then stays: [`Firewall::unpublish`] takes it out.
    pub async fn publish(&self, published: &Published, from: &Peer, to: &Peer) -> Result<Publication, Problem> {
        let filter = Iptables::new(Family::V4, None);
        let nat = self.docker_nat().await?;
        let found = docker_rules::leading(&nat, published, from, &self.mark);
        let first = found.first().ok_or_else(|| problem!(Refused, "net-no-docker-rule", port = published.key()))?;
        let network = from.at(first.address).map(|a| a.network.clone()).unwrap_or_default();
        let target = to
            .on(&network)
            .ok_or_else(|| problem!(Refused, "net-not-on-network", network = &network, port = published.key()))?;
        let comment = self.mark.publication(published);

        let docker = filter.rules("filter").await?.into_iter().filter(|r| r.chain == "DOCKER").collect::<Vec<_>>();
        for rule in
            docker_rules::admitting(&docker, first.address, published.container_port, target.address, &self.mark)
        {
            iptables::insert(&rule.commented(&comment), 1).await?;
        }

        let proxies = DockerProxy::carrying(published, from);
        let target_socket = SocketAddr::new(target.address.into(), published.container_port);
        let forwarder = if proxies.is_empty() {
            None
        } else {
            Some(Handle::start(&self.launch, &self.mark, published, target_socket).await?)
        };
        self.lead_published(published, from, target_socket).await?;
        if let Some(forwarder) = &forwarder {
            for rule in to_forwarder(&proxies, &docker_rules::proxied_bridges(&nat, &found), forwarder.port) {
                iptables::insert(&rule.commented(&comment), 1).await?;
            }
            docker_proxy::settle(&proxies).await?;
        }
        Ok(Publication { network, forwarder })
    }

    /// Takes out what [`Firewall::publish`] put in: rules out, then the forwarder drains, then what let connections
    /// through. What is open goes on, what goes through the forwarder up to its drain bound. Nothing there is fine.
    ///
    /// # Errors
    /// As [`Firewall::clear`].
    pub async fn unpublish(&self, published: &Published) -> Result<(), Problem> {
        let comment = self.mark.publication(published);
        let forwarder = Handle::find(&self.launch, &self.mark, published);
        self.take_out(|rule| rule.comment() == Some(&comment), forwarder.into_iter().collect()).await
    }

    async fn docker_nat(&self) -> Result<Vec<Rule>, Problem> {
        let all = Iptables::new(Family::V4, None).rules("nat").await?;
        Ok(all.into_iter().filter(|r| r.chain == "DOCKER").collect())
    }

    /// Puts the copies before Docker's rules, and looks whether they are there: Docker changes the chain at any time.
    async fn lead_published(&self, published: &Published, from: &Peer, to: SocketAddr) -> Result<(), Problem> {
        let comment = self.mark.publication(published);
        let IpAddr::V4(address) = to.ip() else { return Ok(()) };
        for _ in 0..TRIES {
            let chain = self.docker_nat().await?;
            let found = docker_rules::leading(&chain, published, from, &self.mark);
            let Some(wrong) = found.iter().find(|f| !covered(&chain, f, &comment, to)) else { return Ok(()) };
            let copy = docker_rules::led_to(wrong, address, to.port(), &comment);
            iptables::delete(&copy).await?;
            // Deleting a copy further up moved Docker's rule.
            let chain = self.docker_nat().await?;
            let found = docker_rules::leading(&chain, published, from, &self.mark);
            if let Some(now) = found.iter().find(|f| f.rule == wrong.rule) {
                iptables::insert(&copy, now.position).await?;
            }
        }
        Err(problem!(Failed, "net-rule-displaced", port = published.key()))
    }
}

/// Whether our copy of this rule stands directly before it.
fn covered(chain: &[Rule], found: &Found, comment: &str, to: SocketAddr) -> bool {
    found.position.checked_sub(2).and_then(|at| chain.get(at)).is_some_and(|before| {
        before.comment() == Some(comment) && before.value("--to-destination") == Some(&to.to_string())
    })
}

/// The rules that bring to the forwarder what these processes would have accepted, and nothing else.
fn to_forwarder(proxies: &[DockerProxy], bridges: &std::collections::BTreeSet<String>, listen_port: u16) -> Vec<Rule> {
    let port = listen_port.to_string();
    let mut rules = Vec::new();
    for proxy in proxies {
        let arriving = |family, table, interface: Option<&str>| {
            let mut rule = Rule::new(family, table, "PREROUTING", &[]);
            if !proxy.host_address.is_unspecified() {
                rule = rule.with(&["-d", &proxy.host_address.to_string()]);
            }
            if let Some(name) = interface {
                rule = rule.with(&["-i", name]);
            }
            rule.with(&["-p", "tcp", "-m", "tcp", "--dport", &proxy.host_port.to_string(), "--syn"]).with(&[
                "-m",
                "addrtype",
                "--dst-type",
                "LOCAL",
            ])
        };
        let family = Family::of(proxy.host_address);
        // IPv4 from elsewhere than lo and the bridges is led by Docker's rule; of IPv6 all comes to docker-proxy.
        let interface = (family == Family::V4).then_some("lo");
        rules.push(arriving(family, "mangle", interface).with(&["-j", "TPROXY", "--on-port", &port]));
        // The mark that TPROXY leaves on a packet does not survive a bridge with bridge-nf-call-iptables.
        if family == Family::V4 && !proxy.host_address.is_loopback() {
            rules.extend(
                bridges.iter().map(|b| arriving(family, "nat", Some(b)).with(&["-j", "REDIRECT", "--to-ports", &port])),
            );
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(address: &str) -> DockerProxy {
        let container = (std::net::Ipv4Addr::new(172, 18, 0, 4), 8000);
        DockerProxy { pid: 1, host_address: address.parse().unwrap(), host_port: 8001, container }
    }

    fn shown(proxies: &[DockerProxy]) -> Vec<String> {
        to_forwarder(proxies, &["br-1".to_owned(), "docker0".to_owned()].into(), 18001)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn all_that_the_proxy_accepts_is_brought_to_the_forwarder() {
        assert_eq!(
            shown(&[proxy("0.0.0.0"), proxy("::")]),
            [
                "iptables -t mangle -A PREROUTING -i lo -p tcp -m tcp --dport 8001 --syn -m addrtype --dst-type LOCAL -j TPROXY --on-port 18001",
                "iptables -t nat -A PREROUTING -i br-1 -p tcp -m tcp --dport 8001 --syn -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 18001",
                "iptables -t nat -A PREROUTING -i docker0 -p tcp -m tcp --dport 8001 --syn -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 18001",
                "ip6tables -t mangle -A PREROUTING -p tcp -m tcp --dport 8001 --syn -m addrtype --dst-type LOCAL -j TPROXY --on-port 18001",
            ]
        );
    }

    #[test]
    fn what_is_published_on_localhost_stays_there() {
        assert_eq!(
            shown(&[proxy("127.0.0.1")]),
            [
                "iptables -t mangle -A PREROUTING -d 127.0.0.1 -i lo -p tcp -m tcp --dport 8001 --syn -m addrtype --dst-type LOCAL -j TPROXY --on-port 18001"
            ]
        );
    }
}

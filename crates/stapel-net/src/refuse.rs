use stapel_text::{Problem, problem};

use crate::iptables::{self, Iptables};
use crate::namespace::{self, Home};
use crate::{Family, Firewall, Peer, Rule};

const DOCKER_USER: &str = "DOCKER-USER";

/// Refusing new connections.
///
/// The rules that count stand inside the peer's own network namespace, in its `INPUT`: that is the one place that every
/// connection passes, be it from a proxy on the same bridge (which the host's `FORWARD` sees only where
/// `bridge-nf-call-iptables` is 1, and newer Docker versions leave it alone), from another bridge, from outside, from
/// docker-proxy or from the host itself, over IPv4 or IPv6, and whatever address the peer gets later. They go when the
/// namespace goes. Connections over the peer's own loopback are let through: its health check goes on.
///
/// Besides, where Docker's chain `DOCKER-USER` exists, new connections to the peer's addresses are refused there too:
/// that rule survives the container, so that its successor, which mostly gets the same address, is not reached in the
/// moment between its start and its own refusal.
impl Firewall {
    /// Refuses new connections to the peer on each of these ports, with a reset, so that the other side knows at once
    /// and tries the next address. What is open goes on. Done twice it is as done once. A peer that has ended needs no
    /// rule of its own.
    ///
    /// # Errors
    /// `net-host-network` when the peer lives in the host's namespace; `command-failed`, `command-missing`.
    pub async fn refuse(&self, peer: &Peer, ports: &[u16]) -> Result<(), Problem> {
        if namespace::home(peer.pid) == Home::Ours {
            return Err(problem!(Refused, "net-host-network"));
        }
        for rule in self.refusals(peer, ports).await? {
            match iptables::insert(&rule, 1).await {
                Err(_) if rule.namespace.is_some() && namespace::home(peer.pid) == Home::Gone => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Takes out what [`Firewall::refuse`] put in. Nothing there is fine.
    ///
    /// # Errors
    /// `command-failed`, `command-missing`.
    pub async fn allow(&self, peer: &Peer, ports: &[u16]) -> Result<(), Problem> {
        for rule in self.refusals(peer, ports).await? {
            iptables::delete(&rule).await?;
        }
        Ok(())
    }

    async fn refusals(&self, peer: &Peer, ports: &[u16]) -> Result<Vec<Rule>, Problem> {
        let mut rules = Vec::new();
        let families = if Iptables::new(Family::V6, None).usable().await { &Family::BOTH[..] } else { &[Family::V4] };
        let in_forward = Iptables::new(Family::V4, None).has_chain("filter", DOCKER_USER).await?;
        for port in ports {
            for a in peer.attachments.iter().filter(|_| in_forward) {
                let to = Rule::new(Family::V4, "filter", DOCKER_USER, &["-d", &format!("{}/32", a.address)]);
                rules.push(self.refusal(to, *port));
            }
            if namespace::home(peer.pid) == Home::Own {
                rules.extend(families.iter().map(|family| {
                    let arriving = Rule::new(*family, "filter", "INPUT", &["!", "-i", "lo"]).inside(Some(peer.pid));
                    self.refusal(arriving, *port)
                }));
            }
        }
        Ok(rules)
    }

    fn refusal(&self, start: Rule, port: u16) -> Rule {
        start
            .with(&["-p", "tcp", "-m", "tcp", "--dport", &port.to_string(), "--syn"])
            .with(&["-m", "comment", "--comment", &self.mark.refusal()])
            .with(&["-j", "REJECT", "--reject-with", "tcp-reset"])
    }
}

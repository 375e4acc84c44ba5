use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use stapel_text::Problem;

use crate::iptables::{self, Iptables};
use crate::namespace::{self, Home};
use crate::{Family, Firewall, Rule};

/// Where the rules stand in each namespace.
pub(crate) const TABLE: &str = "nat";

/// Where new connections of one namespace are led: from an address and a port to another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    from: Ipv4Addr,
    port: u16,
    to: Ipv4Addr,
}

/// Leading the neighbours of a service.
///
/// Who asks for a name once and keeps the address (nginx does, and whatever has a pool) goes on to the former instance for
/// ever. So in the network namespace of each neighbour new connections to that address are led to the other one. What is open
/// goes on, nobody is told anything, and nothing outside of that namespace can see it; the rules go when the namespace goes.
impl Firewall {
    /// New connections of these processes' namespaces to `from` on each of the ports go to `to` from now on, and so do those
    /// that were led to `from` until now. Where the two are one, they are led no more. Done twice it is as done once; a
    /// process that has ended is passed over.
    ///
    /// # Errors
    /// `command-failed`, `command-missing`.
    pub async fn lead(&self, neighbours: &[i32], from: Ipv4Addr, to: Ipv4Addr, ports: &[u16]) -> Result<(), Problem> {
        for pid in neighbours.iter().filter(|pid| namespace::home(**pid) == Home::Own) {
            let there: BTreeSet<Way> = self.ways(*pid).await?.into_iter().collect();
            let new = ports.iter().map(|port| Way { from, port: *port, to });
            let turn = |way: &Way| if [way.from, way.to].contains(&from) { Way { to, ..*way } } else { *way };
            let wanted: BTreeSet<Way> = there.iter().map(turn).chain(new).filter(|way| way.from != way.to).collect();
            // The new ones are before the old ones: there is no moment without.
            for way in wanted.difference(&there) {
                gone_is_fine(*pid, iptables::insert(&self.rule(*pid, *way), 1).await)?;
            }
            for way in there.difference(&wanted) {
                iptables::delete(&self.rule(*pid, *way)).await?;
            }
        }
        Ok(())
    }

    /// As [`Firewall::lead`], but only of what is led to `from` already.
    ///
    /// # Errors
    /// As there.
    pub async fn turn(&self, neighbours: &[i32], from: Ipv4Addr, to: Ipv4Addr) -> Result<(), Problem> {
        self.lead(neighbours, from, to, &[]).await
    }

    /// Which of these processes live in a namespace whose connections are led elsewhere from an address that is none of these.
    ///
    /// # Errors
    /// As [`Firewall::lead`].
    pub async fn led(&self, neighbours: &[i32], now: &[Ipv4Addr]) -> Result<Vec<i32>, Problem> {
        let mut led = Vec::new();
        for pid in neighbours.iter().filter(|pid| namespace::home(**pid) == Home::Own) {
            if self.ways(*pid).await?.iter().any(|way| !now.contains(&way.from)) {
                led.push(*pid);
            }
        }
        Ok(led)
    }

    /// Takes out what [`Firewall::lead`] put in. Nothing there is fine.
    ///
    /// # Errors
    /// As [`Firewall::lead`].
    pub async fn lead_no_more(&self, neighbours: &[i32]) -> Result<(), Problem> {
        for pid in neighbours.iter().filter(|pid| namespace::home(**pid) == Home::Own) {
            for way in self.ways(*pid).await? {
                iptables::delete(&self.rule(*pid, way)).await?;
            }
        }
        Ok(())
    }

    async fn ways(&self, pid: i32) -> Result<Vec<Way>, Problem> {
        let rules = Iptables::new(Family::V4, Some(pid)).rules(TABLE).await?;
        let ours = rules.into_iter().filter(|rule| rule.comment() == Some(&self.mark.lead()));
        let way = |rule: Rule| {
            let from = rule.value("-d")?.split('/').next()?.parse().ok()?;
            let to = rule.value("--to-destination")?.parse().ok()?;
            Some(Way { from, port: rule.value("--dport")?.parse().ok()?, to })
        };
        Ok(ours.filter_map(way).collect())
    }

    fn rule(&self, pid: i32, Way { from, port, to }: Way) -> Rule {
        Rule::new(Family::V4, TABLE, "OUTPUT", &["-d", &format!("{from}/32")])
            .inside(Some(pid))
            // A namespace that tracked nothing until now would take what is open for new.
            .with(&["-p", "tcp", "-m", "tcp", "--dport", &port.to_string(), "--syn"])
            .with(&["-m", "comment", "--comment", &self.mark.lead()])
            .with(&["-j", "DNAT", "--to-destination", &to.to_string()])
    }
}

/// A namespace that has gone needs no rule.
fn gone_is_fine(pid: i32, done: Result<(), Problem>) -> Result<(), Problem> {
    match done {
        Err(_) if namespace::home(pid) == Home::Gone => Ok(()),
        done => done,
    }
}

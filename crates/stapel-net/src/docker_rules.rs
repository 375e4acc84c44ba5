//! Copying Docker's own rules with only the address replaced: same interfaces, same published address, so that nothing
//! is exposed that was not. All pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::{Mark, Peer, Published, Rule};

/// A rule by which Docker leads a published port to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its place in the chain; the first is 1.
    pub(crate) position: usize,
    /// The container's address in it: that says through which of its networks Docker publishes.
    pub(crate) address: Ipv4Addr,
    /// The rule itself.
    pub(crate) rule: Rule,
}

/// Docker's rules that lead `published` to `from`, in the rules of chain `DOCKER` of table nat.
pub(crate) fn leading(chain: &[Rule], published: &Published, from: &Peer, mark: &Mark) -> Vec<Found> {
    chain
        .iter()
        .zip(1..)
        .filter(|(rule, _)| !rule.comment().is_some_and(|c| mark.owns(c)))
        .filter_map(|(rule, position)| {
            let (address, port) = destination(rule)?;
            let same = rule.value("-p") == Some("tcp")
                && rule.value("--dport") == Some(&published.host_port.to_string())
                && port == published.container_port
                && rule.value("-d").map(host_address) == published.bound_to().map(Some)
                && from.at(address).is_some();
            same.then(|| Found { position, address, rule: rule.clone() })
        })
        .collect()
}

/// The copy of a leading rule that leads to `to` instead.
pub(crate) fn led_to(found: &Found, to: Ipv4Addr, port: u16, comment: &str) -> Rule {
    found.rule.clone().replacing("--to-destination", format!("{to}:{port}")).commented(comment)
}

/// Copies, for `to`, of the rules by which Docker lets connections to `from`'s container port through, in the rules of
/// chain `DOCKER` of table filter.
pub(crate) fn admitting(chain: &[Rule], from: Ipv4Addr, port: u16, to: Ipv4Addr, mark: &Mark) -> Vec<Rule> {
    chain
        .iter()
        .filter(|rule| {
            rule.value("-j") == Some("ACCEPT")
                && rule.value("-p") == Some("tcp")
                && rule.value("--dport") == Some(&port.to_string())
                && rule.value("-d").and_then(host_address) == Some(IpAddr::V4(from))
                && !rule.comment().is_some_and(|c| mark.owns(c))
        })
        .map(|rule| rule.clone().replacing("-d", format!("{to}/32")))
        .collect()
}

/// The bridges from which Docker does not lead connections by rule, so that its user-space proxy carries them: those
/// that leave the chain at its head, and the container's own.
pub(crate) fn proxied_bridges(chain: &[Rule], found: &[Found]) -> BTreeSet<String> {
    let leaving = chain.iter().filter(|r| r.value("-j") == Some("RETURN")).filter_map(|r| r.value("-i"));
    let own = found.iter().filter_map(|f| f.rule.negated("-i"));
    leaving.chain(own).map(str::to_owned).collect()
}

/// Address and port of a rule's `--to-destination`.
fn destination(rule: &Rule) -> Option<(Ipv4Addr, u16)> {
    let (address, port) = rule.value("--to-destination")?.split_once(':')?;
    Some((address.parse().ok()?, port.parse().ok()?))
}

/// The address of `-d ADDRESS/32`; `None` for a network.
fn host_address(text: &str) -> Option<IpAddr> {
    match text.split_once('/') {
        None => text.parse().ok(),
        Some((address, "32" | "128")) => address.parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attachment, Family};

    /// Docker 20.10: another published service first, then ours.
    const NAT_20: &str = "\
-N DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER -i br-0123456789ab -j RETURN
-A DOCKER ! -i br-0123456789ab -p tcp -m tcp --dport 8002 -j DNAT --to-destination 172.18.0.3:8000
-A DOCKER ! -i br-0123456789ab -p tcp -m tcp --dport 8001 -j DNAT --to-destination 172.18.0.4:8000
-A DOCKER ! -i br-0123456789ab -p udp -m udp --dport 8001 -j DNAT --to-destination 172.18.0.4:8000
";
    /// Docker 26.1 writes the same; here published on localhost only, and on all addresses by another container.
    const NAT_26: &str = "\
-N DOCKER
-A DOCKER -i br-0123456789ab -j RETURN
-A DOCKER -d 127.0.0.1/32 ! -i br-0123456789ab -p tcp -m tcp --dport 8001 -j DNAT --to-destination 172.18.0.4:8000
-A DOCKER -d 10.1.2.3/32 ! -i br-0123456789ab -p tcp -m tcp --dport 8001 -j DNAT --to-destination 172.18.0.9:8000
";
    const FILTER: &str = "\
-N DOCKER
-A DOCKER -d 172.18.0.3/32 ! -i br-0123456789ab -o br-0123456789ab -p tcp -m tcp --dport 8000 -j ACCEPT
-A DOCKER -d 172.18.0.4/32 ! -i br-0123456789ab -o br-0123456789ab -p tcp -m tcp --dport 8000 -j ACCEPT
-A DOCKER ! -i br-0123456789ab -o br-0123456789ab -j DROP
";

    fn chain(table: &str, text: &str) -> Vec<Rule> {
        text.lines().filter_map(|l| Rule::parse(Family::V4, table, None, l)).collect()
    }

    fn peer(last: u8) -> Peer {
        let on = |network: &str, bridge: &str, net| Attachment {
            network: network.into(),
            bridge: bridge.into(),
            address: Ipv4Addr::new(172, net, 0, last),
        };
        Peer { pid: 1, attachments: vec![on("caddy", "br-caddycaddyca", 19), on("app", "br-0123456789ab", 18)] }
    }

    fn published(address: Option<&str>) -> Published {
        Published { host_address: address.map(|a| a.parse().unwrap()), host_port: 8001, container_port: 8000 }
    }

    fn mark() -> Mark {
        Mark::new("ab12")
    }

    #[test]
    fn the_rule_is_copied_with_only_the_address_replaced() {
        let all = leading(&chain("nat", NAT_20), &published(None), &peer(4), &mark());
        let [found] = &all[..] else { panic!("{all:?}") };
        assert_eq!((found.position, found.address), (4, Ipv4Addr::new(172, 18, 0, 4)));
        let copy = led_to(found, Ipv4Addr::new(172, 18, 0, 7), 8000, "stapel:ab12");
        assert_eq!(
            copy.to_string(),
            "iptables -t nat -A DOCKER ! -i br-0123456789ab -p tcp -m tcp --dport 8001 \
             -m comment --comment stapel:ab12 -j DNAT --to-destination 172.18.0.7:8000"
        );
    }

    #[test]
    fn a_published_address_stays_in_the_copy_and_another_does_not_match() {
        let nat = chain("nat", NAT_26);
        let all = leading(&nat, &published(Some("127.0.0.1")), &peer(4), &mark());
        let [found] = &all[..] else { panic!("{all:?}") };
        assert_eq!(found.position, 2);
        let copy = led_to(found, Ipv4Addr::new(172, 18, 0, 7), 8000, "stapel:ab12");
        assert_eq!(copy.value("-d"), Some("127.0.0.1/32"));
        assert!(leading(&nat, &published(None), &peer(4), &mark()).is_empty());
        assert!(leading(&nat, &published(Some("10.1.2.3")), &peer(4), &mark()).is_empty());
    }

    #[test]
    fn another_container_port_or_protocol_or_container_is_not_ours() {
        let nat = chain("nat", NAT_20);
        let other = Published { container_port: 9000, ..published(None) };
        assert!(leading(&nat, &other, &peer(4), &mark()).is_empty());
        assert!(leading(&nat, &published(None), &peer(3), &mark()).is_empty());
    }

    #[test]
    fn our_own_copy_is_not_taken_for_dockers_rule() {
        let mut nat = chain("nat", NAT_20);
        let comment = mark().publication(&published(None));
        nat.insert(3, nat[3].clone().commented(&comment));
        let all = leading(&nat, &published(None), &peer(4), &mark());
        assert_eq!(all.iter().map(|f| f.position).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn what_is_let_through_keeps_its_interfaces() {
        let (from, to) = (Ipv4Addr::new(172, 18, 0, 4), Ipv4Addr::new(172, 18, 0, 7));
        let all = admitting(&chain("filter", FILTER), from, 8000, to, &mark());
        let [rule] = &all[..] else { panic!("{all:?}") };
        assert_eq!(
            rule.to_string(),
            "iptables -t filter -A DOCKER -d 172.18.0.7/32 ! -i br-0123456789ab -o br-0123456789ab \
             -p tcp -m tcp --dport 8000 -j ACCEPT"
        );
    }

    #[test]
    fn bridges_that_docker_leaves_to_its_proxy() {
        let nat = chain("nat", NAT_20);
        let found = leading(&nat, &published(None), &peer(4), &mark());
        assert_eq!(proxied_bridges(&nat, &found).into_iter().collect::<Vec<_>>(), ["br-0123456789ab", "docker0"]);
    }
}

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};

use super::labels;
use crate::tool::Tool;

/// The network that all servers share.
pub(super) const NAME: &str = "stapel-world";

/// Subnets to try, the first that no other network overlaps is taken; the third number is the only one that differs.
const SUBNETS: [u8; 4] = [77, 78, 177, 178];

/// Makes the network if it is not there and gives an address on it that no server has, running or not.
/// The caller holds the lock of the servers until its own server has been made with it.
pub(super) fn free_address() -> Result<Ipv4Addr> {
    let subnet = subnet()?;
    let taken = labels::values(labels::ADDRESS)?;
    let [a, b, c, _] = subnet.octets();
    (10..=250)
        .map(|last| Ipv4Addr::new(a, b, c, last))
        .find(|address| !taken.contains(&address.to_string()))
        .context("all addresses of the servers' network are taken: run testkit::servers::sweep_all")
}

fn subnet() -> Result<Ipv4Addr> {
    if let Some(there) = inspect() {
        return there;
    }
    for third in SUBNETS {
        let subnet = format!("10.213.{third}.0/24");
        if Tool::docker(["network", "create", "--subnet", &subnet, NAME]).succeeds() {
            return inspect().context("the network that was just made is gone")?;
        }
    }
    bail!("failed to make the network {NAME}: every subnet tried is in use")
}

fn inspect() -> Option<Result<Ipv4Addr>> {
    let format = "{{range .IPAM.Config}}{{.Subnet}}{{end}}";
    let subnet = Tool::docker(["network", "inspect", "--format", format, NAME]).run().ok()?;
    let address = subnet.split('/').next().unwrap_or_default();
    Some(address.parse().with_context(|| format!("the network {NAME} has the subnet {subnet}")))
}

/// The name servers of this machine that a container can reach, separated by spaces.
pub(super) fn name_servers() -> String {
    // Where the first file names a stub on a loopback address the second has those behind it.
    for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
        let found = reachable(&std::fs::read_to_string(path).unwrap_or_default());
        if !found.is_empty() {
            return found;
        }
    }
    String::new()
}

fn reachable(resolv_conf: &str) -> String {
    let servers = resolv_conf.lines().filter_map(|line| line.strip_prefix("nameserver ")).map(str::trim);
    servers.filter(|server| server.parse::<Ipv4Addr>().is_ok_and(|ip| !ip.is_loopback())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_name_servers_that_a_container_can_reach() {
        let conf =
            "# made by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch a.example\n";
        assert_eq!(reachable(conf), "192.0.2.1 192.0.2.2");
        assert_eq!(reachable("nameserver 127.0.0.53\n"), "");
    }
}

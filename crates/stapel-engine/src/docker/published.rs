use std::net::IpAddr;

use bollard::models::PortMap;
use serde::{Deserialize, Serialize};
use stapel_core::ports::Instances;
use stapel_text::Problem;

use super::Docker;
use crate::compose::{Protocol, Service, exposed};

/// A port of the host that leads to a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Published {
    /// The address on the host; `0.0.0.0` and `::` are all of them.
    pub host_ip: IpAddr,
    /// The port on the host.
    pub host_port: u16,
    /// The port in the container.
    pub container_port: u16,
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
}

impl Docker {
    /// What the real instance publishes on the host: what is so now where it runs, else what it was made with. A port for
    /// which Docker picks one on the host has none while it does not run.
    ///
    /// # Errors
    /// `engine-service-unknown`, `engine-request-failed`.
    pub async fn published(&self, service: &str) -> Result<Vec<Published>, Problem> {
        let Some(real) = self.real(service).await? else { return Ok(Vec::new()) };
        let Some(container) = self.inspect(&real.id).await? else { return Ok(Vec::new()) };
        let now = container.network_settings.and_then(|s| s.ports).map(read).unwrap_or_default();
        let made = || container.host_config.and_then(|h| h.port_bindings).map(read).unwrap_or_default();
        Ok(if now.is_empty() && !real.running { made() } else { now })
    }

    /// The ports on which the service listens in its container: those it publishes in their order, then those it exposes,
    /// then those that its image names. Each once.
    ///
    /// # Errors
    /// `engine-service-unknown`, `engine-request-failed`.
    pub async fn service_ports(&self, service: &str) -> Result<Vec<(u16, Protocol)>, Problem> {
        let definition = self.service(service)?;
        let name = self.image_name(service)?;
        let image = crate::engine::found(&name, self.engine.api.inspect_image(&name).await)?;
        let named = image.and_then(|i| i.config).and_then(|c| c.exposed_ports);
        Ok(self.ports_of(definition, named.as_ref()))
    }

    pub(super) fn ports_of(&self, service: &Service, named: Option<&Vec<String>>) -> Vec<(u16, Protocol)> {
        let mut all: Vec<_> = service.ports.iter().map(|p| (p.target, p.protocol)).collect();
        all.extend(&service.expose);
        let mut named: Vec<_> = named.into_iter().flatten().filter_map(|p| exposed(p)).flatten().collect();
        named.sort_unstable();
        all.extend(named);
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|p| seen.insert(*p));
        all
    }
}

fn read(map: PortMap) -> Vec<Published> {
    let mut all = Vec::new();
    for (key, bindings) in map {
        let Some((container_port, protocol)) = exposed(&key).and_then(|p| p.into_iter().next()) else { continue };
        for binding in bindings.into_iter().flatten() {
            let any = IpAddr::from([0, 0, 0, 0]);
            let host_ip = binding.host_ip.filter(|ip| !ip.is_empty()).map_or(Some(any), |ip| ip.parse().ok());
            let host_port = binding.host_port.and_then(|p| p.parse().ok());
            if let (Some(host_ip), Some(host_port)) = (host_ip, host_port) {
                all.push(Published { host_ip, host_port, container_port, protocol });
            }
        }
    }
    all.sort();
    all
}

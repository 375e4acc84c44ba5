use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bollard::models::{
    ContainerInspectResponse, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest, NetworkInspect,
};
use bollard::query_parameters::{InspectNetworkOptions, ListContainersOptionsBuilder};
use serde::{Deserialize, Serialize};
use stapel_core::ports::Instance;
use stapel_text::Problem;

use super::Docker;
use super::containers::{SERVICE, label};
use crate::Protocol;
use crate::engine::{failed, found};

/// An instance on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name at the engine.
    pub network: String,
    /// The network's id.
    pub network_id: String,
    /// The bridge on the host; none for a network that is no bridge (overlay, macvlan, `host`).
    pub bridge: Option<String>,
    /// Whether the network is cut off from outside; the host itself reaches it all the same.
    pub internal: bool,
    /// The instance's address there; none while it does not run.
    pub ipv4: Option<Ipv4Addr>,
    /// The names under which other containers find it there.
    pub aliases: Vec<String>,
}

impl Docker {
    /// The networks that an instance is on now, by name. An instance that is gone is on none.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn attachments(&self, instance: &Instance) -> Result<Vec<Attachment>, Problem> {
        match self.inspect(&instance.id).await? {
            Some(container) => self.attachments_of(&container).await,
            None => Ok(Vec::new()),
        }
    }

    async fn attachments_of(&self, container: &ContainerInspectResponse) -> Result<Vec<Attachment>, Problem> {
        let networks = container.network_settings.as_ref().and_then(|s| s.networks.as_ref());
        let mut all = Vec::new();
        for (name, endpoint) in networks.into_iter().flatten() {
            let network_id = endpoint.network_id.clone().unwrap_or_default();
            let known = if network_id.is_empty() { name } else { &network_id };
            let asked = self.engine.api.inspect_network(known, None::<InspectNetworkOptions>).await;
            let network = found(name, asked)?;
            all.push(Attachment {
                network: name.clone(),
                bridge: network.as_ref().and_then(bridge),
                internal: network.as_ref().and_then(|n| n.internal).unwrap_or(false),
                network_id,
                ipv4: endpoint.ip_address.as_deref().and_then(|ip| ip.parse().ok()),
                aliases: aliases(endpoint),
            });
        }
        all.sort_by(|a, b| a.network.cmp(&b.network));
        Ok(all)
    }

    /// Whether an instance is found under all these names on a network.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn has_aliases(&self, instance: &Instance, network: &str, wanted: &[String]) -> Result<bool, Problem> {
        let there = self.endpoint(instance, network).await?.map(|e| aliases(&e));
        Ok(there.is_some_and(|there| wanted.iter().all(|w| there.contains(w))))
    }

    /// Makes an instance found under these names on a network, besides those it has. Docker can give names only when it
    /// connects, so an instance that lacks one is taken off the network and put on it again, which cuts its connections
    /// there and may change its address; one that has them all is left as it is.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn join_with_aliases(
        &self,
        instance: &Instance,
        network: &str,
        wanted: &[String],
    ) -> Result<(), Problem> {
        let mut all = wanted.to_vec();
        if let Some(endpoint) = self.endpoint(instance, network).await? {
            let there = aliases(&endpoint);
            if wanted.iter().all(|w| there.contains(w)) {
                return Ok(());
            }
            all.extend(there.into_iter().filter(|a| !wanted.contains(a) && !instance.id.starts_with(a)));
            let request = NetworkDisconnectRequest { container: instance.id.clone(), force: Some(false) };
            found(network, self.engine.api.disconnect_network(network, request).await)?;
        }
        let settings = EndpointSettings { aliases: Some(all), ..Default::default() };
        let request = NetworkConnectRequest { container: instance.id.clone(), endpoint_config: Some(settings) };
        self.engine.api.connect_network(network, request).await.map_err(|e| failed(network, &e))
    }

    async fn endpoint(&self, instance: &Instance, network: &str) -> Result<Option<EndpointSettings>, Problem> {
        let container = self.inspect(&instance.id).await?;
        let networks: Option<HashMap<_, _>> = container.and_then(|c| c.network_settings?.networks);
        Ok(networks.and_then(|mut n| n.remove(network)))
    }

    /// The process numbers of the containers that are on the networks of an instance with it, whoever made them.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn neighbours(&self, instance: &Instance) -> Result<Vec<i32>, Problem> {
        let networks = self.attachments(instance).await?.into_iter().filter(|a| a.bridge.is_some());
        let networks: Vec<String> = networks.map(|a| a.network_id).collect();
        if networks.is_empty() {
            return Ok(Vec::new());
        }
        let filters = HashMap::from([("network".to_owned(), networks)]);
        let options = ListContainersOptionsBuilder::default().filters(&filters).build();
        let there = self.engine.api.list_containers(Some(options)).await.map_err(|e| failed("containers", &e))?;
        let others = there.into_iter().filter_map(|c| c.id).filter(|id| *id != instance.id);
        let mut pids = Vec::new();
        for id in others {
            pids.extend(self.inspect(&id).await?.and_then(|container| pid_of(&container)));
        }
        Ok(pids)
    }

    /// The process number of an instance on the host; `None` while it does not run.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn pid(&self, instance: &Instance) -> Result<Option<i32>, Problem> {
        Ok(self.inspect(&instance.id).await?.and_then(|container| pid_of(&container)))
    }

    /// The first process of an instance, and the signal that stops it where the image or the definition says one; `None` while
    /// it does not run.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn first_process(&self, instance: &Instance) -> Result<Option<(i32, Option<String>)>, Problem> {
        let Some(container) = self.inspect(&instance.id).await? else { return Ok(None) };
        let pid = pid_of(&container);
        let signal = container.config.and_then(|config| config.stop_signal).filter(|signal| !signal.is_empty());
        Ok(pid.map(|pid| (pid, signal)))
    }

    /// Where the host reaches the container: its address on a bridge, one that leads outside first, at the service's
    /// first TCP port. `None` where there is no such port or no such network.
    pub(super) async fn address_of(&self, container: &ContainerInspectResponse) -> Result<Option<SocketAddr>, Problem> {
        let Some(service) = label(container, SERVICE) else { return Ok(None) };
        let ports = match self.service(service) {
            Ok(definition) => {
                self.ports_of(definition, container.config.as_ref().and_then(|c| c.exposed_ports.as_ref()))
            }
            Err(_) => return Ok(None),
        };
        let Some((port, _)) = ports.into_iter().find(|(_, p)| *p == Protocol::Tcp) else { return Ok(None) };
        let mode = container.host_config.as_ref().and_then(|h| h.network_mode.as_deref());
        if mode == Some("host") {
            return Ok(Some((Ipv4Addr::LOCALHOST, port).into()));
        }
        let mut reachable = self.attachments_of(container).await?;
        reachable.retain(|a| a.bridge.is_some());
        reachable.sort_by_key(|a| a.internal);
        Ok(reachable.iter().find_map(|a| a.ipv4).map(|ip| SocketAddr::new(IpAddr::V4(ip), port)))
    }
}

/// The number of a container's first process on the host; `None` while it does not run.
fn pid_of(container: &ContainerInspectResponse) -> Option<i32> {
    let pid = container.state.as_ref()?.pid?;
    i32::try_from(pid).ok().filter(|pid| *pid > 0)
}

fn aliases(endpoint: &EndpointSettings) -> Vec<String> {
    let mut names = endpoint.aliases.clone().unwrap_or_default();
    // Since API 1.45 the names that Docker itself adds are only here.
    names.extend(endpoint.dns_names.clone().unwrap_or_default());
    names.sort();
    names.dedup();
    names
}

fn bridge(network: &NetworkInspect) -> Option<String> {
    if network.driver.as_deref() != Some("bridge") {
        return None;
    }
    let said = network.options.as_ref().and_then(|o| o.get("com.docker.network.bridge.name")).cloned();
    said.or_else(|| Some(format!("br-{}", network.id.as_ref()?.get(..12)?)))
}

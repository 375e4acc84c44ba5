//! A copy of the real instance that is made before that is made anew, and started where the former version is to stand by.

use std::collections::BTreeSet;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, NetworkConnectRequest, NetworkingConfig,
    RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};
use stapel_core::ports::{Instance, Instances};
use stapel_text::{Problem, problem};

use super::containers::ONE_OFF;
use super::{Docker, STANDBY_LABEL};
use crate::engine::failed;

/// What the names of compose's labels begin with.
const COMPOSE: &str = "com.docker.compose.";
/// Of which container it is a copy.
const OF: &str = "dev.stapel.standby.of";

impl Docker {
    /// Makes a container like the real one, as that is now, but for its name, its ports, and that nobody starts it again or
    /// finds it: it has none of the names on networks and none of the labels by which proxies look for a service. The engine
    /// keeps what it needs for it, its environment too: nothing of that is written down by us. One that there is already is
    /// taken. `false`: there is nothing to copy.
    pub(super) async fn copy_standby(&self, service: &str) -> Result<bool, Problem> {
        let Some(real) = Instances::real(self, service).await? else { return Ok(false) };
        if self.labelled(&[standby(service), format!("{OF}={}", real.id)]).await?.is_empty() {
            self.delete_standby(service).await?;
            let Some(model) = self.inspect(&real.id).await? else { return Ok(false) };
            if let Err(problem) = self.create_standby(service, &real, model).await {
                // Half of one would be started all the same.
                self.delete_standby(service).await?;
                return Err(problem);
            }
        }
        Ok(true)
    }

    async fn create_standby(
        &self,
        service: &str,
        real: &Instance,
        model: ContainerInspectResponse,
    ) -> Result<(), Problem> {
        let name = format!("{}-standby", self.candidate_name(service)?);
        let unusable = |_| problem!(Failed, "engine-config-unreadable", version = self.compose.version.as_str());
        let config = serde_json::to_value(model.config.unwrap_or_default()).map_err(unusable)?;
        let mut body: ContainerCreateBody = serde_json::from_value(config).map_err(unusable)?;
        // The engine's own choice, by the container's id.
        body.hostname = body.hostname.filter(|name| !real.id.starts_with(name.as_str()));
        body.image = Some(real.image.0.clone());
        let labels = body.labels.get_or_insert_default();
        labels.retain(|name, _| name.starts_with(COMPOSE));
        labels.insert(ONE_OFF.to_owned(), "True".to_owned());
        labels.insert(STANDBY_LABEL.to_owned(), service.to_owned());
        labels.insert(OF.to_owned(), real.id.clone());
        let mut host = model.host_config.unwrap_or_default();
        host.port_bindings = None;
        host.publish_all_ports = Some(false);
        host.auto_remove = Some(false);
        host.container_id_file = None;
        host.restart_policy = Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None });
        let networks = model.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        // In the order of their names.
        let mut networks = networks.into_keys().collect::<BTreeSet<_>>().into_iter();
        // Engines before API 1.44 take one network here; the others are added while it does not run.
        if let Some(first) = networks.next() {
            host.network_mode = Some(first.clone());
            let endpoints_config = Some([(first, EndpointSettings::default())].into());
            body.networking_config = Some(NetworkingConfig { endpoints_config });
        }
        body.host_config = Some(host);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let made = self.engine.api.create_container(Some(options), body).await.map_err(|e| failed(&name, &e))?;
        for network in networks {
            let request = NetworkConnectRequest { container: made.id.clone(), endpoint_config: None };
            self.engine.api.connect_network(&network, request).await.map_err(|e| failed(&network, &e))?;
        }
        Ok(())
    }

    /// Starts what [`Docker::copy_standby`] has made; `None`: it is not there.
    pub(super) async fn run_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        let Some(there) = self.labelled(&[standby(service)]).await?.into_iter().next() else { return Ok(None) };
        let started = self.engine.api.start_container(&there.id, None::<StartContainerOptions>).await;
        started.map_err(|e| failed(&there.name, &e))?;
        Ok(Some(Instance { running: true, ..there }))
    }

    /// The one that was started.
    pub(super) async fn running_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        Ok(self.labelled(&[standby(service)]).await?.into_iter().find(|instance| instance.running))
    }

    pub(super) async fn delete_standby(&self, service: &str) -> Result<(), Problem> {
        for there in self.labelled(&[standby(service)]).await? {
            self.delete(&there.id, true).await?;
        }
        Ok(())
    }
}

fn standby(service: &str) -> String {
    format!("{STANDBY_LABEL}={service}")
}

//! A copy of the real instance that is made before its definition changes, and started where the former version is to stand by.

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, NetworkConnectRequest, NetworkingConfig,
    RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};
use stapel_core::ports::{Instance, Instances};
use stapel_text::{Problem, problem};

use super::candidate::Aliases;
use super::containers::ONE_OFF;
use super::{Docker, STANDBY_LABEL};
use crate::engine::failed;

/// Of which container it is a copy.
const OF: &str = "dev.stapel.standby.of";

impl Docker {
    /// Makes a container like the real one, as that is now, but for its name, its ports and that nobody starts it again. The
    /// engine keeps what it needs for it, its environment too: nothing of that gets into our hands. One that there is already
    /// is taken. `false`: there is nothing to copy.
    ///
    /// # Errors
    /// `engine-service-unknown`, `engine-request-failed`.
    pub async fn prepare_standby_with(&self, service: &str, aliases: Aliases) -> Result<bool, Problem> {
        let Some(real) = Instances::real(self, service).await? else { return Ok(false) };
        if self.labelled(&[standby(service), format!("{OF}={}", real.id)]).await?.is_empty() {
            self.delete_standby(service).await?;
            let Some(model) = self.inspect(&real.id).await? else { return Ok(false) };
            self.create_standby(service, &real, model, aliases).await?;
        }
        Ok(true)
    }

    async fn create_standby(
        &self,
        service: &str,
        real: &Instance,
        model: ContainerInspectResponse,
        aliases: Aliases,
    ) -> Result<(), Problem> {
        let name = format!("{}-standby", self.candidate_name(service)?);
        let unusable = |_| problem!(Failed, "engine-config-unreadable", version = self.compose.version.as_str());
        let config = serde_json::to_value(model.config.unwrap_or_default()).map_err(unusable)?;
        let mut body: ContainerCreateBody = serde_json::from_value(config).map_err(unusable)?;
        // The engine's own choice, by the container's id.
        body.hostname = body.hostname.filter(|name| !real.id.starts_with(name.as_str()));
        body.image = Some(real.image.0.clone());
        let labels = body.labels.get_or_insert_default();
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
        let mut networks: Vec<_> = networks.into_iter().collect();
        networks.sort_by(|a, b| a.0.cmp(&b.0));
        // Engines before API 1.44 take one network here; the others are added while it does not run.
        let mut ends = networks.into_iter().map(|(network, there)| (network, end(there, real, aliases)));
        if let Some((network, first)) = ends.next() {
            host.network_mode = Some(network.clone());
            body.networking_config = Some(NetworkingConfig { endpoints_config: Some([(network, first)].into()) });
        }
        body.host_config = Some(host);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let made = self.engine.api.create_container(Some(options), body).await.map_err(|e| failed(&name, &e))?;
        for (network, end) in ends {
            let request = NetworkConnectRequest { container: made.id.clone(), endpoint_config: Some(end) };
            self.engine.api.connect_network(&network, request).await.map_err(|e| failed(&network, &e))?;
        }
        Ok(())
    }

    /// Starts what [`Docker::prepare_standby_with`] has made; `None`: it is not there.
    pub(super) async fn run_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        let Some(there) = self.labelled(&[standby(service)]).await?.into_iter().next() else { return Ok(None) };
        let started = self.engine.api.start_container(&there.id, None::<StartContainerOptions>).await;
        started.map_err(|e| failed(&there.name, &e))?;
        Ok(Some(Instance { running: true, ..there }))
    }

    /// The one that was started, which is the service's candidate then.
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

/// How the copy is on a network that the model is on: at an address of its own.
fn end(there: EndpointSettings, real: &Instance, aliases: Aliases) -> EndpointSettings {
    let names = there.aliases.unwrap_or_default().into_iter().filter(|name| !real.id.starts_with(name.as_str()));
    let names = (aliases == Aliases::FromStart).then(|| names.collect());
    EndpointSettings { aliases: names, ..EndpointSettings::default() }
}

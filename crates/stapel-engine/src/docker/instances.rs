use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::StopContainerOptions;
use stapel_core::ports::{Health, Instance, Instances, Lines};
use stapel_text::{Problem, problem};

use super::Docker;
use super::candidate::Aliases;
use super::containers::ONE_OFF;
use crate::compose::{Redacted, success};
use crate::engine::{ANSWER_S, found};

#[async_trait]
impl Instances for Docker {
    async fn real(&self, service: &str) -> Result<Option<Instance>, Problem> {
        self.service(service)?;
        let labels = [Self::service_label(service), format!("{ONE_OFF}=False")];
        // A recreate that died leaves two for a while, the old one and the new one; the one that runs is the real one.
        Ok(self.labelled(&labels).await?.into_iter().min_by_key(|instance| !instance.running))
    }

    async fn candidate(&self, service: &str) -> Result<Option<Instance>, Problem> {
        self.find_candidate(service).await
    }

    async fn start_candidate(&self, service: &str) -> Result<Instance, Problem> {
        self.start_candidate_with(service, Aliases::None).await
    }

    /// Without a health check a running instance is healthy once its service port accepts a connection; one without any
    /// TCP port (a worker) is as soon as it runs, which proves little.
    async fn health(&self, instance: &Instance) -> Result<Health, Problem> {
        self.look(instance).await
    }

    async fn address(&self, instance: &Instance) -> Result<Option<SocketAddr>, Problem> {
        match self.inspect(&instance.id).await? {
            Some(container) => self.address_of(&container).await,
            None => Ok(None),
        }
    }

    async fn memory(&self, instance: &Instance) -> Result<Option<u64>, Problem> {
        self.memory_of(instance).await
    }

    async fn recreate(&self, service: &str, lines: &dyn Lines) -> Result<Instance, Problem> {
        // Compose 1.x would find out only after it has stopped the container.
        self.ping().await?;
        self.required(service).await?;
        // Also where compose sees no difference: code that is mounted into it may have changed.
        let up = ["up", "-d", "--no-build", "--no-deps", "--force-recreate", service];
        let command = self.compose_command(None).args(up);
        success(command.stream(&Redacted::new(lines)).await?, "up")?;
        let real = self.real(service).await?;
        real.ok_or_else(|| problem!(Failed, "engine-real-missing", service = service))
    }

    async fn remove(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        let grace = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
        let options = StopContainerOptions { signal: None, t: Some(i32::try_from(grace).unwrap_or(i32::MAX)) };
        let patient = self.engine.api.clone().with_timeout(Duration::from_secs(ANSWER_S.saturating_add(grace)));
        found(&instance.name, patient.stop_container(&instance.id, Some(options)).await)?;
        self.delete(&instance.id, false).await
    }

    async fn logs(&self, instance: &Instance, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem> {
        self.read_logs(&instance.id, tail, since_s).await
    }
}

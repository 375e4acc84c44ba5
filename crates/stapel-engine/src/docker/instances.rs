use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::{RestartContainerOptions, StopContainerOptions};
use camino::Utf8PathBuf;
use jiff::Timestamp;
use stapel_core::ports::{Health, Instance, Instances, Lines, LogLines, LogMark, Vitals};
use stapel_text::{Problem, problem};

use super::Docker;
use super::candidate::Aliases;
use super::containers::ONE_OFF;
use crate::compose::{Redacted, success};
use crate::engine::{ANSWER_S, failed, found};

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

    async fn prepare_standby(&self, service: &str) -> Result<bool, Problem> {
        self.copy_standby(service).await
    }

    async fn standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        self.running_standby(service).await
    }

    async fn start_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        self.run_standby(service).await
    }

    async fn drop_standby(&self, service: &str) -> Result<(), Problem> {
        self.delete_standby(service).await
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

    async fn vitals(&self, instance: &Instance) -> Result<Option<Vitals>, Problem> {
        self.vitals_of(instance).await
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

    async fn restart(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        let grace = whole_seconds(grace);
        let options = RestartContainerOptions { signal: None, t: Some(i32::try_from(grace).unwrap_or(i32::MAX)) };
        let patient = self.engine.api.clone().with_timeout(Duration::from_secs(ANSWER_S.saturating_add(grace)));
        let done = patient.restart_container(&instance.id, Some(options)).await;
        done.map_err(|e| failed(&instance.name, &e))
    }

    /// By the time at which a file's content or name was last changed, which nobody can set.
    async fn written_since(&self, service: &str, instance: &Instance) -> Result<Vec<Utf8PathBuf>, Problem> {
        let made = self.inspect(&instance.id).await?.and_then(|c| c.created);
        let Some(made) = made.and_then(|at| at.parse::<Timestamp>().ok()) else { return Ok(Vec::new()) };
        let mut files: Vec<Utf8PathBuf> = self.project.files.iter().map(|f| self.project.directory.join(f)).collect();
        files.push(self.project.base().join(".env"));
        let known = self.service(service)?.env_files.iter().filter(|file| !file.as_str().contains('$'));
        files.extend(known.cloned());
        let newer = |file: &Utf8PathBuf| {
            file.metadata().is_ok_and(|m| Timestamp::new(m.ctime(), 0).is_ok_and(|written| written > made))
        };
        files.retain(newer);
        files.dedup();
        Ok(files)
    }

    async fn services(&self) -> Result<Option<Vec<String>>, Problem> {
        Ok(Some(self.resolved.services.keys().cloned().collect()))
    }

    async fn remove(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        let grace = whole_seconds(grace);
        let options = StopContainerOptions { signal: None, t: Some(i32::try_from(grace).unwrap_or(i32::MAX)) };
        let patient = self.engine.api.clone().with_timeout(Duration::from_secs(ANSWER_S.saturating_add(grace)));
        found(&instance.name, patient.stop_container(&instance.id, Some(options)).await)?;
        self.delete(&instance.id, false).await
    }

    async fn logs(&self, instance: &Instance, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem> {
        self.read_logs(&instance.id, tail, since_s).await
    }

    /// A moment of this host's clock, which is the engine's.
    async fn log_end(&self, _instance: &Instance) -> Result<LogMark, Problem> {
        Ok(LogMark(u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0)))
    }

    async fn logs_from(&self, instance: &Instance, from: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
        self.logs_after(&instance.id, from).await
    }

    async fn follow(
        &self,
        instance: &Instance,
        tail: usize,
        since_s: Option<u64>,
        after: Option<Timestamp>,
    ) -> Result<LogLines, Problem> {
        Ok(self.follow_logs(&instance.id, tail, since_s, after))
    }
}

/// The engine knows whole seconds only; less than was granted it must not be.
fn whole_seconds(grace: Duration) -> u64 {
    grace.as_secs() + u64::from(grace.subsec_nanos() > 0)
}

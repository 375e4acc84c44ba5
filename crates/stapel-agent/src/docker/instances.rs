use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use jiff::Timestamp;
use stapel_core::ports::{Health, Instance, Instances, Lines, LogLines, LogMark, Vitals};
use stapel_engine::Aliases;
use stapel_text::Problem;

use super::DockerWorld;
use crate::examine::{available, short_of_memory};

#[async_trait]
impl Instances for DockerWorld {
    async fn real(&self, service: &str) -> Result<Option<Instance>, Problem> {
        if self.knows(service).await? { self.docker().await?.real(service).await } else { Ok(None) }
    }

    async fn candidate(&self, service: &str) -> Result<Option<Instance>, Problem> {
        if self.knows(service).await? { self.docker().await?.candidate(service).await } else { Ok(None) }
    }

    async fn start_candidate(&self, service: &str) -> Result<Instance, Problem> {
        let aliases = self.aliases(service).await?;
        let candidate = self.docker().await?.start_candidate_with(service, aliases).await?;
        if aliases == Aliases::FromStart {
            // It can be found from now on.
            self.keep_out(service, &candidate).await?;
        }
        Ok(candidate)
    }

    async fn prepare_standby(&self, service: &str) -> Result<bool, Problem> {
        self.docker().await?.prepare_standby(service).await
    }

    async fn standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        if self.knows(service).await? { self.docker().await?.standby(service).await } else { Ok(None) }
    }

    /// Nobody knows its name, but some find containers by what they run.
    async fn start_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        let docker = self.docker().await?;
        if let Some(real) = docker.real(service).await?
            && let (Some(needed), Some(free)) = (docker.vitals(&real).await?.and_then(|v| v.memory), available())
            && needed.saturating_mul(2) > free
        {
            // For itself, and as much for all others.
            return Err(short_of_memory(service, needed, free));
        }
        let standby = docker.start_standby(service).await?;
        if let Some(standby) = &standby {
            self.keep_out(service, standby).await?;
        }
        Ok(standby)
    }

    async fn drop_standby(&self, service: &str) -> Result<(), Problem> {
        if self.knows(service).await? { self.docker().await?.drop_standby(service).await } else { Ok(()) }
    }

    async fn health(&self, instance: &Instance) -> Result<Health, Problem> {
        let docker = self.docker().await?;
        let health = docker.health(instance).await?;
        if health != Health::Starting || docker.checks_itself(instance).await? {
            return Ok(health);
        }
        // It may refuse everybody while it gets no traffic: then it counts whether somebody listens inside.
        let (Some(address), Some(pid)) = (docker.address(instance).await?, docker.pid(instance).await?) else {
            return Ok(health);
        };
        let listens = crate::blocking(move || stapel_net::sockets::listening(pid, address.port())).await?;
        Ok(if listens { Health::Healthy } else { health })
    }

    async fn address(&self, instance: &Instance) -> Result<Option<SocketAddr>, Problem> {
        self.docker().await?.address(instance).await
    }

    async fn namespace(&self, instance: &Instance) -> Result<Option<i32>, Problem> {
        self.docker().await?.pid(instance).await
    }

    async fn vitals(&self, instance: &Instance) -> Result<Option<Vitals>, Problem> {
        self.docker().await?.vitals(instance).await
    }

    async fn recreate(&self, service: &str, lines: &dyn Lines) -> Result<Instance, Problem> {
        self.docker().await?.recreate(service, lines).await
    }

    async fn restart(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        self.docker().await?.restart(instance, grace).await
    }

    async fn written_since(&self, service: &str, instance: &Instance) -> Result<Vec<Utf8PathBuf>, Problem> {
        self.docker().await?.written_since(service, instance).await
    }

    async fn services(&self) -> Result<Option<Vec<String>>, Problem> {
        if self.defined() { self.docker().await?.services().await } else { Ok(None) }
    }

    async fn remove(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        self.docker().await?.remove(instance, grace).await
    }

    async fn logs(&self, instance: &Instance, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem> {
        self.docker().await?.logs(instance, tail, since_s).await
    }

    async fn log_end(&self, instance: &Instance) -> Result<LogMark, Problem> {
        self.docker().await?.log_end(instance).await
    }

    async fn logs_from(&self, instance: &Instance, from: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
        self.docker().await?.logs_from(instance, from).await
    }

    async fn follow(
        &self,
        instance: &Instance,
        tail: usize,
        since_s: Option<u64>,
        after: Option<Timestamp>,
    ) -> Result<LogLines, Problem> {
        self.docker().await?.follow(instance, tail, since_s, after).await
    }
}

use std::time::Duration;

use bollard::models::{ContainerStateStatusEnum as Status, HealthStatusEnum};
use stapel_core::ports::{Health, Instance};
use stapel_text::Problem;
use tokio::net::TcpStream;

use super::Docker;

/// How long a connection on the host itself may take before it counts as not accepted.
const CONNECT: Duration = Duration::from_secs(2);

impl Docker {
    /// Whether an instance has a health check of its own; where it has none, [`Health::Starting`] only says that its port did
    /// not accept us.
    ///
    /// # Errors
    /// `engine-request-failed`.
    pub async fn checks_itself(&self, instance: &Instance) -> Result<bool, Problem> {
        let container = self.inspect(&instance.id).await?;
        let status = container.and_then(|c| c.state?.health?.status);
        Ok(!matches!(status, Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) | None))
    }

    pub(super) async fn look(&self, instance: &Instance) -> Result<Health, Problem> {
        let Some(container) = self.inspect(&instance.id).await? else { return Ok(Health::Gone) };
        let Some(state) = &container.state else { return Ok(Health::Gone) };
        let ended = Ok(Health::Exited(state.exit_code.unwrap_or(-1)));
        match state.status {
            // One that is restarted over and over has ended just now.
            Some(Status::EXITED | Status::DEAD | Status::RESTARTING) => return ended,
            Some(Status::CREATED) => return Ok(Health::Starting),
            Some(Status::PAUSED) => return Ok(Health::Unhealthy("paused".to_owned())),
            Some(Status::REMOVING) => return Ok(Health::Gone),
            _ => {}
        }
        let health = state.health.as_ref();
        match health.and_then(|h| h.status) {
            Some(HealthStatusEnum::HEALTHY) => return Ok(Health::Healthy),
            Some(HealthStatusEnum::STARTING) => return Ok(Health::Starting),
            Some(HealthStatusEnum::UNHEALTHY) => {
                let last = health.and_then(|h| h.log.as_ref()?.last()?.output.clone());
                return Ok(Health::Unhealthy(last.unwrap_or_default().trim().to_owned()));
            }
            Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) | None => {}
        }
        // Nobody tells but its port; one that refuses us may accept others, see `Docker::checks_itself`.
        let Some(address) = self.address_of(&container).await? else { return Ok(Health::Healthy) };
        let accepted = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        Ok(if matches!(accepted, Ok(Ok(_))) { Health::Healthy } else { Health::Starting })
    }
}

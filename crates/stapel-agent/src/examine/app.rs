use async_trait::async_trait;
use stapel_core::examination::Found;
use stapel_core::ports::Health;
use stapel_text::{Problem, Text, problem, text};

use super::{Case, Examination};

/// That the services run and are healthy.
pub(super) struct Services;

#[async_trait]
impl Examination for Services {
    fn what(&self) -> Text {
        text!("agent-examine-services")
    }

    /// A release may be the very thing that puts it right.
    async fn look(&self, case: &Case) -> Result<Vec<Found>, Problem> {
        let mut found = Vec::new();
        for service in case.site.config.services.keys() {
            let instances = &case.site.world.instances;
            let health = match instances.real(service).await? {
                Some(real) => instances.health(&real).await?,
                None => Health::Gone,
            };
            let says = match health {
                Health::Healthy => continue,
                Health::Starting => problem!(Failed, "agent-service-starting", service = service),
                Health::Unhealthy(said) => problem!(Failed, "agent-service-unhealthy", service = service, said = said),
                Health::Exited(_) | Health::Gone => problem!(Failed, "agent-service-down", service = service),
            };
            found.push(Found::advises(says));
        }
        Ok(found)
    }
}

/// That the checks come true of the app as it is.
pub(super) struct Checks;

#[async_trait]
impl Examination for Checks {
    fn what(&self) -> Text {
        text!("agent-examine-checks")
    }

    /// One that fails now tells nothing about a new version until that makes it come true.
    async fn look(&self, case: &Case) -> Result<Vec<Found>, Problem> {
        if !case.site.serves().await? {
            return Ok(Vec::new());
        }
        let looks = case.site.checks.look(&case.site).await?;
        let failed = looks.into_iter().filter(|look| !look.ok);
        let say = |check, detail| problem!(Failed, "agent-check-fails-now", check = check, detail = detail);
        Ok(failed.map(|look| Found::advises(say(look.check, look.detail))).collect())
    }
}

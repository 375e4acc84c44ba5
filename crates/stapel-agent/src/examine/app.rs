use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use stapel_core::config::Way;
use stapel_core::examination::Found;
use stapel_core::ports::Health;
use stapel_probe::http::{Via, certificate_ends};
use stapel_text::{Problem, Text, problem, text};

use super::{Case, Examination, Seen};

/// How many days before its end a certificate is told of: one that renews itself has done so by then.
const ENDS_SOON_DAYS: i64 = 14;
/// How long a look at one may take.
const LIMIT: Duration = Duration::from_secs(10);

/// That the services run and are healthy.
pub(super) struct Services;

#[async_trait]
impl Examination for Services {
    fn what(&self) -> Text {
        text!("agent-examine-services")
    }

    /// A release may be the very thing that puts it right.
    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
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
        Ok(Some(found))
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
    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        if !case.site.serves().await? || case.site.checks.count() == 0 {
            return Ok(None);
        }
        let looks = case.site.checks.look(&case.site).await?;
        let failed = looks.into_iter().filter(|look| !look.ok);
        let say = |check, detail| problem!(Failed, "agent-check-fails-now", check = check, detail = detail);
        Ok(Some(failed.map(|look| Found::advises(say(look.check, look.detail))).collect()))
    }
}

/// That the certificates of what the checks ask do not end soon.
pub(super) struct Certificates;

#[async_trait]
impl Examination for Certificates {
    fn what(&self) -> Text {
        text!("agent-examine-certificates")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let (mut found, mut seen) = (Vec::new(), false);
        for check in &case.site.config.checks {
            let Way::Url { url, via } = &check.way else { continue };
            // What cannot be reached the check itself tells of.
            let Ok(Some(ends)) = certificate_ends(url, via.map_or(Via::Name, Via::Address), LIMIT).await else {
                continue;
            };
            seen = true;
            let days = ends.duration_since(Timestamp::now()).as_hours() / 24;
            if days < ENDS_SOON_DAYS {
                let ends = ends.strftime("%Y-%m-%d %H:%M UTC").to_string();
                found.push(Found::advises(problem!(
                    Failed,
                    "agent-certificate-ends",
                    check = &check.name,
                    ends = ends
                )));
            }
        }
        Ok(seen.then_some(found))
    }
}

//! The checks of the configuration, asked of the app: of a candidate past all proxies, of the app in service the way its
//! users come, and again and again during the watch.

mod demand;
mod observer;
mod sources;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use stapel_core::config::{Check, Config, Secret, Way};
use stapel_core::ports::Instance;
use stapel_probe::Look;
use stapel_probe::http::{HttpCheck, Via};
use stapel_release::StepContext;
use stapel_rollouts::{Gate, Version};
use stapel_text::{Problem, problem};

use crate::Site;

pub(crate) use demand::Demand;
pub(crate) use watch::{BASELINE, baseline, watch};

/// How long a check that fails may take to come true: a first answer after a start may be late or refused.
const SETTLE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The checks of an app.
pub(crate) struct Checks {
    all: Vec<Check>,
    only_service: Option<String>,
}

impl Checks {
    pub(crate) fn new(config: &Config) -> Self {
        Self { all: config.checks.clone(), only_service: config.services.keys().next().cloned() }
    }

    fn service_of<'a>(&'a self, check: &'a Check) -> Option<&'a str> {
        check.service.as_deref().or(self.only_service.as_deref())
    }

    /// Only those that the other configuration has as well: an earlier release knows no later check.
    pub(crate) fn only(&mut self, other: &[Check]) {
        self.all.retain(|check| other.iter().any(|o| o.name == check.name));
    }

    /// How many there are that a request answers.
    pub(crate) fn count(&self) -> usize {
        self.all.iter().filter(|check| check.asks().is_none()).count()
    }

    /// The one of this name that a person answers.
    pub(crate) fn question(&self, name: &str) -> Option<&Check> {
        self.all.iter().find(|check| check.name == name && check.asks().is_some())
    }

    /// The checks as requests to the app in service, of those that have to hold. One whose service has no way in yet is left
    /// out.
    async fn requests(&self, site: &Site, demand: &Demand) -> Result<Vec<(HttpCheck, Via)>, Problem> {
        let mut all = Vec::new();
        for check in self.all.iter().filter(|check| demand.includes(check)) {
            match &check.way {
                Way::Url { url, via } => {
                    all.push((request(site, check, url.clone())?, via.map_or(Via::Name, Via::Address)));
                }
                Way::Path(path) => {
                    let Some(service) = self.service_of(check) else { continue };
                    if let Some(address) = in_service(site, service).await? {
                        all.push((request(site, check, format!("http://{address}{path}"))?, Via::Name));
                    }
                }
                Way::Person(_) => {}
            }
        }
        Ok(all)
    }

    /// One look of each check at the app in service.
    pub(crate) async fn look(&self, site: &Site) -> Result<Vec<Look>, Problem> {
        let requests = self.requests(site, &Demand::All).await?;
        Ok(join_all(requests.iter().map(|(check, via)| check.look(*via))).await)
    }

    /// Every check that has to hold comes true of the app in service, soon. `None` where there was nothing to ask.
    ///
    /// # Errors
    /// `agent-check-failed` with what the check saw last.
    pub(crate) async fn pass_in_service(&self, site: &Site, demand: &Demand) -> Result<Option<Passed>, Problem> {
        let requests = self.requests(site, demand).await?;
        let looks = join_all(requests.iter().map(|(check, via)| settled(|| check.look(*via)))).await;
        all_ok(looks)
    }
}

async fn in_service(site: &Site, service: &str) -> Result<Option<SocketAddr>, Problem> {
    if let Some(front) = site.world.traffic.front(service).await? {
        return Ok(Some(front));
    }
    match site.world.instances.real(service).await? {
        Some(real) => site.world.instances.address(&real).await,
        None => Ok(None),
    }
}

fn request(site: &Site, check: &Check, url: String) -> Result<HttpCheck, Problem> {
    let header = |(name, value): (&String, &Secret)| Ok((name.clone(), value.reveal(&site.secrets)?));
    Ok(HttpCheck {
        headers: check.headers.iter().map(header).collect::<Result<_, Problem>>()?,
        expect_status: check.status.clone(),
        body_contains: check.contains.clone(),
        method: check.method,
        body_matches: check.matches.clone(),
        within: check.within,
        json: check.json.clone(),
        timeout: check.timeout,
        ..HttpCheck::new(&check.name, url)
    })
}

/// The last of as many looks as it takes until one is fine or the time is over.
async fn settled<F: Future<Output = Look>>(mut look: impl FnMut() -> F) -> Look {
    let deadline = tokio::time::Instant::now() + SETTLE;
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let seen = look().await;
        if seen.ok || tokio::time::Instant::now() >= deadline {
            return seen;
        }
    }
}

/// What was seen of checks that all hold.
pub(crate) struct Passed {
    /// How many they were.
    pub(crate) count: usize,
    /// How long the slowest took.
    pub(crate) slowest_ms: u64,
}

fn all_ok(looks: Vec<Look>) -> Result<Option<Passed>, Problem> {
    match looks.iter().find(|l| !l.ok) {
        Some(failed) => {
            Err(problem!(Failed, "agent-check-failed", check = &failed.check, detail = failed.detail.clone()))
        }
        None => {
            let slowest = looks.iter().map(|l| l.millis).max();
            Ok(slowest.map(|slowest_ms| Passed { count: looks.len(), slowest_ms }))
        }
    }
}

/// The checks as a rollout asks them: of one instance, past all proxies.
pub(crate) struct CandidateGate {
    pub(crate) site: Arc<Site>,
    pub(crate) service: String,
}

#[async_trait]
impl Gate for CandidateGate {
    async fn admits(&self, instance: &Instance, version: Version, step: &StepContext<'_>) -> Result<(), Problem> {
        let Some(address) = self.site.world.instances.address(instance).await? else { return Ok(()) };
        let namespace = self.site.world.instances.namespace(instance).await?;
        let checks = &self.site.checks;
        let demand = match version {
            Version::New => Demand::of_new(&self.site, step)?,
            Version::Former => Demand::of_former(step)?,
        };
        let mut paths = Vec::new();
        for check in checks.all.iter().filter(|check| demand.includes(check)) {
            if let Way::Path(path) = &check.way
                && checks.service_of(check) == Some(&self.service)
            {
                paths.push(request(&self.site, check, format!("http://{address}{path}"))?);
            }
        }
        let looks = join_all(paths.into_iter().map(|check| settled(move || look_in(namespace, check.clone())))).await;
        all_ok(looks).map(drop)
    }
}

/// A look from within the network namespace of a process: the instance refuses connections from elsewhere while it gets
/// no traffic.
async fn look_in(namespace: Option<i32>, check: HttpCheck) -> Look {
    let Some(pid) = namespace else { return check.look(Via::Name).await };
    let name = check.name.clone();
    let looked =
        crate::blocking(move || crate::namespace::enter(pid, async move { check.look(Via::Name).await })).await;
    looked.unwrap_or_else(|why| Look { check: name, ok: false, status: None, millis: 0, detail: why.what })
}

//! `stapel check`: everything that must hold for a release, looked at without changing anything. One file a kind of thing;
//! [`all`] is the list.

mod app;
mod data;
mod host;
mod proxies;
mod record;
mod stops;

pub(crate) use host::{available, short_of_memory};

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use stapel_core::examination::{Examined, Found};
use stapel_core::observation::Observation;
use stapel_core::plan::Plan;
use stapel_text::{Problem, Text, text};

use crate::Site;
use crate::protocol::Ask;

/// What was seen of one thing; `None` where there is nothing to look at, or no way to.
type Seen = Option<Vec<Found>>;

/// One thing to look at.
#[async_trait]
trait Examination: Send + Sync {
    /// What it is, as it ought to be.
    fn what(&self) -> Text;

    /// What is not so.
    ///
    /// # Errors
    /// What keeps it from being looked at.
    async fn look(&self, case: &Case) -> Result<Seen, Problem>;
}

/// What the examinations have in common.
struct Case {
    site: Arc<Site>,
    /// What a release would be made of, or why there can be none.
    planned: Result<(Plan, Observation), Problem>,
}

impl Case {
    /// The plan, where there is one.
    fn plan(&self) -> Option<&Plan> {
        self.planned.as_ref().ok().map(|(plan, _)| plan)
    }

    /// The services that are replaced while they serve: what is only started is not.
    fn replaced(&self) -> impl Iterator<Item = &String> {
        let all = self.site.config.services.iter();
        all.filter(|(_, service)| service.rollout.as_deref() != Some("start")).map(|(name, _)| name)
    }
}

fn all() -> Vec<Box<dyn Examination>> {
    vec![
        Box::new(record::Releases),
        Box::new(record::Lock),
        Box::new(host::Composes),
        Box::new(Planned),
        Box::new(host::Steering),
        Box::new(host::Memory),
        Box::new(host::Ports),
        Box::new(app::Services),
        Box::new(stops::Stops),
        Box::new(proxies::Proxies),
        Box::new(app::Checks),
        Box::new(app::Certificates),
        Box::new(data::Databases),
        Box::new(data::Backups),
        Box::new(data::Schema),
        Box::new(record::Files),
    ]
}

/// Looks at everything, all at once.
pub(crate) async fn examine(site: &Arc<Site>, ask: &Ask) -> Vec<Examined> {
    let case = Case { site: Arc::clone(site), planned: site.planned(ask).await };
    let all = all();
    join_all(all.iter().map(|one| async {
        // That it could not be looked at says nothing against a release; what does so is found by planning one.
        let seen = one.look(&case).await.unwrap_or_else(|problem| Some(vec![Found::advises(problem)]));
        Examined { what: one.what(), looked: seen.is_some(), found: seen.unwrap_or_default() }
    }))
    .await
}

/// That a plan can be made: rollouts that suit, room on the disks, rights.
struct Planned;

#[async_trait]
impl Examination for Planned {
    fn what(&self) -> Text {
        text!("agent-examine-plan")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        Ok(Some(case.planned.as_ref().err().cloned().map(Found::prevents).into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use stapel_text::problem;
    use stapel_tree::Manifest;

    use super::*;

    #[tokio::test]
    async fn a_compose_that_does_not_suit_is_found_with_all_the_rest_and_releases_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut site = crate::testing::site(&dir, "").await;
        let (compose, engine, api) = ("1.29.2", "26.1", "1.45");
        let old = problem!(Refused, "engine-compose-too-old", compose = compose, engine = engine, api = api);
        site.unsuited = Some(old.clone());
        let site = Arc::new(site);
        let manifest = site.store_manifest(Manifest::default()).await.unwrap();
        let ask = Ask::Deploy { manifest, commit: None, subject: None };
        let all = examine(&site, &ask).await;
        let found: Vec<_> = all.iter().flat_map(|one| &one.found).map(|found| found.problem.code()).collect();
        assert_eq!(found, ["engine-compose-too-old", "agent-service-down"]);
        assert!(all.iter().any(|one| one.what == Planned.what() && one.looked), "a plan is looked for all the same");
        assert_eq!(site.plan(&ask).await.unwrap_err(), old);
    }
}

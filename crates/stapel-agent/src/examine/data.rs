use async_trait::async_trait;
use jiff::Timestamp;
use stapel_core::examination::Found;
use stapel_text::{Problem, Text, problem, text};

use super::{Case, Examination, Seen};

/// After how many days without a proven dump a person is told.
const OLD_DAYS: i64 = 7;

/// That the databases answer.
pub(super) struct Databases;

#[async_trait]
impl Examination for Databases {
    fn what(&self) -> Text {
        text!("agent-examine-databases")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        if case.site.databases.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for database in case.site.databases.values() {
            if let Err(why) = database.answers().await {
                // Before the first start there is none of the app's; where there has to be one, there can be no plan, which
                // says so.
                found.push(Found::advises(why));
            }
        }
        Ok(Some(found))
    }
}

/// That there is a proven dump of each database, not too old.
pub(super) struct Backups;

#[async_trait]
impl Examination for Backups {
    fn what(&self) -> Text {
        text!("agent-examine-backups")
    }

    /// Each release makes its own; but what if the disk dies before that?
    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let site = &case.site;
        if site.databases.is_empty() || !site.serves().await? {
            return Ok(None);
        }
        let listing = stapel_data::backup::list(&site.backup_dir())?;
        let mut found: Vec<_> = listing.unusable.into_iter().map(Found::advises).collect();
        for database in site.databases.values() {
            let name = database.name();
            let of = |b: &&stapel_data::backup::BackupManifest| b.app == site.config.app && b.database == name;
            let newest = listing.backups.iter().filter(of).find(|b| b.proof.is_some());
            let days = newest.map(|b| Timestamp::now().duration_since(b.taken_at).as_hours() / 24);
            match days {
                None => found.push(Found::advises(problem!(Failed, "agent-backup-none", database = name))),
                Some(days) if days >= OLD_DAYS => {
                    found.push(Found::advises(problem!(Failed, "agent-backup-old", database = name, days = days)));
                }
                Some(_) => {}
            }
        }
        Ok(Some(found))
    }
}

/// That the tree is not older than the schema.
pub(super) struct Schema;

#[async_trait]
impl Examination for Schema {
    fn what(&self) -> Text {
        text!("agent-examine-schema")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let schema = case.planned.as_ref().ok().and_then(|(_, observation)| observation.schema.as_ref());
        let Some(schema) = schema else { return Ok(None) };
        let say = |revision| Found::prevents(problem!(Failed, "agent-schema-ahead", revision = revision));
        Ok(Some(schema.ahead.then(|| say(schema.current.join(", "))).into_iter().collect()))
    }
}

//! What can be said of a release beforehand without running anything of the app's: the files and variables that change,
//! the migrations that are pending, how long it took before.

use std::collections::BTreeMap;
use std::sync::Arc;

use stapel_core::config::MigrationTool;
use stapel_core::observation::{Becomes, EnvChange, FileChange, Observation, Pending, Schema};
use stapel_core::plan::Plan;
use stapel_data::migrations::{ALEMBIC_TABLE, Read, Revision, alembic_folder, pending};
use stapel_text::Problem;
use stapel_tree::{Applied, Change, Entry, Manifest};

use crate::Site;

/// How many earlier releases tell what is to be expected.
const EARLIER: usize = 10;

/// What becomes of the files, in order of their paths.
pub(crate) fn files(change: &Applied) -> Vec<FileChange> {
    let mut files: Vec<_> = change.files().filter_map(of).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn of(change: &Change) -> Option<FileChange> {
    let becomes = match (&change.before, &change.after) {
        (None, Some(_)) => Becomes::New,
        (Some(_), Some(_)) => Becomes::Changed,
        (Some(_), None) => Becomes::Gone,
        (None, None) => return None,
    };
    Some(FileChange { path: change.path.clone(), becomes })
}

impl Site {
    /// What becomes of the variables in the files with secrets.
    pub(crate) fn env_changes(&self, goal: &Manifest) -> Result<Vec<EnvChange>, Problem> {
        let mut all = Vec::new();
        for file in &self.config.source.env {
            let Some(after) = self.content(goal, file)? else { continue };
            // What is there now, also where it is not what we left there.
            let before = std::fs::read(self.target.path.join(file)).unwrap_or_default();
            let variables = changed(&variables(&before), &variables(&after));
            if !variables.is_empty() {
                all.push(EnvChange { file: file.clone(), variables });
            }
        }
        Ok(all)
    }

    /// What a file of a manifest holds.
    fn content(&self, manifest: &Manifest, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        manifest.entries.get(path).and_then(Entry::hash).map(|hash| self.store.read(&hash)).transpose()
    }

    /// Where the schema is and what the goal's tree would make of it. `None` where only running something could tell: a tool
    /// that keeps no notes that we can read, several databases, migrations with computed names, a database that does not
    /// answer.
    pub(crate) async fn schema(&self, goal: &Manifest, observation: &Observation) -> Result<Option<Schema>, Problem> {
        let alembic = self.config.migration.as_ref().is_some_and(|m| m.tool == MigrationTool::Alembic);
        let mut databases = self.databases.iter();
        let (true, Some((name, database)), None) = (alembic, databases.next(), databases.next()) else {
            return Ok(None);
        };
        let Some(all) = self.revisions(goal)? else { return Ok(None) };
        let (table, column) = ALEMBIC_TABLE;
        let current = match database.column(table, column).await {
            Ok(found) => found.unwrap_or_default(),
            // Before the first start there is none.
            Err(_) if !observation.databases.contains_key(name) => Vec::new(),
            Err(problem) => {
                tracing::info!(%problem, database = name, "the revision is not known");
                return Ok(None);
            }
        };
        let pending = pending(&all, &current);
        let ahead = pending.is_none();
        let pending = pending.into_iter().flatten().map(|r| Pending { revision: r.id, says: r.says }).collect();
        Ok(Some(Schema { current, pending, ahead }))
    }

    /// The migrations in a tree that has one `alembic.ini`.
    fn revisions(&self, tree: &Manifest) -> Result<Option<Vec<Revision>>, Problem> {
        let mut inis = tree.entries.keys().filter(|path| path.rsplit('/').next() == Some("alembic.ini"));
        let (Some(ini), None) = (inis.next(), inis.next()) else { return Ok(None) };
        let text = |path: &str| -> Result<String, Problem> {
            Ok(String::from_utf8_lossy(&self.content(tree, path)?.unwrap_or_default()).into_owned())
        };
        let Some(folder) = alembic_folder(ini, &text(ini)?) else { return Ok(None) };
        let mut all = Vec::new();
        for path in tree.entries.keys() {
            let name = path.strip_prefix(&folder).filter(|name| name.ends_with(".py") && !name.contains('/'));
            if name.is_none() {
                continue;
            }
            match Revision::read(&text(path)?) {
                Read::Revision(revision) => all.push(revision),
                Read::Other => {}
                Read::Unknown => return Ok(None),
            }
        }
        Ok((!all.is_empty()).then_some(all))
    }

    /// Writes into a plan how long each step took before.
    pub(crate) fn expect(self: &Arc<Self>, plan: &mut Plan) {
        let earlier = self.journal.durations(EARLIER).unwrap_or_else(|problem| {
            tracing::info!(%problem, "nothing is known of earlier releases");
            Vec::new()
        });
        for step in &mut plan.steps {
            step.takes_s =
                median(earlier.iter().filter(|(spec, _)| *spec == step.spec).map(|(_, took)| *took).collect());
        }
    }
}

fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// The variables of an env file with their values, which never leave this process.
fn variables(file: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(file);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<(String, Becomes)> {
    let mut all = BTreeMap::new();
    for (name, value) in after {
        match before.get(name) {
            None => drop(all.insert(name.clone(), Becomes::New)),
            Some(was) if was != value => drop(all.insert(name.clone(), Becomes::Changed)),
            Some(_) => {}
        }
    }
    all.extend(before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), Becomes::Gone)));
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_by_name_only() {
        let before = variables(b"# a comment\nA=1\nexport B = two words \nGONE=x\nsame='q'\n\nnonsense\n");
        let after = variables(b"A=1\r\nB=other\nNEW=\nsame='q'\n");
        let expected = [("B", Becomes::Changed), ("GONE", Becomes::Gone), ("NEW", Becomes::New)];
        assert_eq!(changed(&before, &after), expected.map(|(name, b)| (name.to_owned(), b)));
        assert_eq!(changed(&after, &after), []);
    }

    #[test]
    fn one_slow_release_does_not_count() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
    }
}

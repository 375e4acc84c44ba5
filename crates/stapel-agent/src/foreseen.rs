//! What can be said of a release beforehand without running anything of the app's: the files and variables that change,
//! the migrations that are pending, how long it took before.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use stapel_core::config::MigrationTool;
use stapel_core::observation::{Becomes, EnvChange, FileChange, Observation, Pending, Schema};
use stapel_core::plan::Plan;
use stapel_data::migrations::{ALEMBIC_TABLE, Lacks, Read, Revision, alembic_folder, pending};
use stapel_text::{Class, Problem};
use stapel_tree::{Applied, Change, Entry, Manifest};

use crate::Site;

/// How many earlier releases tell what is to be expected.
const EARLIER: usize = 10;

/// What a migration tool has noted in a database.
pub(crate) struct Notes {
    database: String,
    /// The revisions; `None` where the table is not there.
    found: Result<Option<Vec<String>>, Problem>,
}

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

    /// How much each database holds, and what the migration tool has noted in one; `None` where it keeps no notes that we can
    /// read, or there are several databases.
    pub(crate) async fn glances(&self) -> (Vec<(&String, Result<u64, Problem>)>, Option<Notes>) {
        let alembic = self.config.migration.as_ref().is_some_and(|m| m.tool == MigrationTool::Alembic);
        let table = (alembic && self.databases.len() == 1).then_some(ALEMBIC_TABLE);
        let looked = self.databases.iter().map(|(name, database)| async move { (name, database.glance(table).await) });
        let (mut sizes, mut notes) = (Vec::new(), None);
        for (name, glance) in join_all(looked).await {
            sizes.push((name, glance.size));
            notes = glance.column.map(|found| Notes { database: name.clone(), found });
        }
        (sizes, notes)
    }

    /// Where the schema is and what the goal's tree would make of it. `None` where only running something could tell: a tool
    /// that keeps no notes that we can read, several databases, migrations with computed names.
    ///
    /// # Errors
    /// Of class `Refused`, when a database that answers otherwise does not answer this.
    pub(crate) fn schema(
        &self,
        goal: &Manifest,
        observation: &Observation,
        notes: Option<Notes>,
    ) -> Result<Option<Schema>, Problem> {
        let Some(Notes { database, found }) = notes else { return Ok(None) };
        let Some(all) = self.revisions(goal)? else { return Ok(None) };
        let current = match found {
            Ok(Some(found)) => found,
            // An app that serves has migrated: its notes are elsewhere (`version_table`, another schema).
            Ok(None) if observation.serves() => return Ok(None),
            Ok(None) => Vec::new(),
            // Before the first start there is none.
            Err(_) if !observation.databases.contains_key(&database) => Vec::new(),
            // It answered to another question. Saying nothing of it now would make another plan of the same.
            Err(problem) => return Err(problem.class(Class::Refused)),
        };
        let (pending, ahead) = match pending(&all, &current) {
            Lacks::These(pending) => (pending, false),
            Lacks::Ahead => (Vec::new(), true),
            Lacks::Unknown => return Ok(None),
        };
        let pending = pending.into_iter().map(|r| Pending { revision: r.id, says: r.says }).collect();
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
    pub(crate) fn expect(&self, plan: &mut Plan) {
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

/// The variables of an env file with their values, which never leave this process. Only what is a name by its form is one:
/// a value may go over several lines (a key between quotes), and none of it must be taken for a name and shown.
fn variables(file: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(file);
    let mut lines = text.lines();
    let mut all = BTreeMap::new();
    while let Some(line) = lines.next() {
        let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
        let at = line.find(['=', ':']).unwrap_or(line.len());
        let (name, rest) = line.split_at(at);
        let Some(name) = name_of(name).filter(|_| rest.starts_with('=') || rest.starts_with(": ")) else { continue };
        let mut value = rest[1..].trim().to_owned();
        if let Some(quote) = value.chars().next().filter(|c| "'\"`".contains(*c)) {
            while !closed(&value, quote) {
                let Some(more) = lines.next() else { break };
                value = value + "\n" + more;
            }
        }
        all.insert(name, value);
    }
    all
}

/// Whether a value that opens with this quote ends with it, too.
fn closed(value: &str, quote: char) -> bool {
    let inside = value.get(1..).unwrap_or_default();
    let mut escaped = false;
    inside.chars().any(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped && quote == '"';
        ends
    })
}

fn name_of(word: &str) -> Option<String> {
    let word = word.trim();
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    (begins && plain).then(|| word.to_owned())
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
    fn no_part_of_a_value_is_taken_for_a_name() {
        let names = |file: &str| variables(file.as_bytes()).into_keys().collect::<Vec<_>>();
        let key = "KEY=\"-----BEGIN-----\nMIIEvSecret\nq9xyz==\n-----END-----\"\nAFTER=1\n";
        assert_eq!(names(key), ["AFTER", "KEY"]);
        assert_eq!(names("URL: postgres://u:secret@db/x?sslmode=require\nA: 1\n"), ["A", "URL"]);
        assert_eq!(
            names("{\n  \"private_key\": \"MIIEsecret==\",\n}\nJSON='{\n\"a\": \"b=c\"\n}'\nB=2\n"),
            ["B", "JSON"]
        );
        assert_eq!(names("A='never closed\nSECRET=x\n"), ["A"]);
        assert_eq!(names("A=\"with \\\" inside\"\nB=1\nhttp://u:p@h/=1\n=x\n1A=x\n"), ["A", "B"]);
    }

    #[test]
    fn one_slow_release_does_not_count() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
    }
}

use serde::{Deserialize, Serialize};
use stapel_text::text;

use super::Check;
use super::table::Table;

/// `[[phase]]`: a part of a deploy, with a gate at its end. What has passed a gate stays, whatever becomes of the phases
/// after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// What people call it.
    pub name: String,
    /// The commit, tag or branch that it puts in service; `None`: what the deploy is of.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether the schema is migrated in it.
    pub migrates: bool,
    /// The checks that have to hold at its end, by name, also those that did not hold before; of the others those that did.
    /// `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Vec<String>>,
}

/// Reads all of them.
pub(super) fn phases(root: &Table<'_>, checks: &[Check]) -> Vec<Phase> {
    let mut all: Vec<Phase> = Vec::new();
    for t in root.array("phase") {
        let name = t.required("name");
        if name.as_ref().is_some_and(|name| all.iter().any(|other| other.name == *name)) {
            t.error(t.span_of("name"), text!("core-config-phase-twice"));
        }
        let gate = t.strings("gate");
        for missing in gate.iter().flatten().filter(|name| checks.iter().all(|check| check.name != **name)) {
            let known: Vec<_> = checks.iter().map(|check| check.name.as_str()).collect();
            t.error(t.span_of("gate"), text!("core-config-phase-gate", name = missing, known = known.join(", ")));
        }
        let (reference, migrates) = (t.string("ref"), t.boolean("migrates").unwrap_or(true));
        t.finish();
        all.extend(name.map(|name| Phase { name, reference, migrates, gate }));
    }
    all
}

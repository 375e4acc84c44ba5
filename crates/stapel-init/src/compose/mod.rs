//! What compose makes of the team's files: asked of compose, here or on the host; where there is none, only what each file
//! says by itself. Files are never merged here.

mod bundle;
mod choose;
mod service;
mod value;
mod variable;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stapel_text::{Problem, problem};

pub use bundle::Bundle;
pub(crate) use choose::{Chosen, choose};
pub use service::{Build, Mount, Service, Source};
pub(crate) use service::{health_path, runs};
pub use variable::{Leads, Variable};

use crate::place::Place;
use crate::tree::{Tree, parent};
use service::Paths;

/// The services of the files that were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Composition {
    /// The project's name where the files say one.
    pub name: Option<String>,
    /// The services that an `up` would make, by name.
    pub services: BTreeMap<String, Service>,
    /// Who says so.
    pub by: By,
    /// Files with variables that are not here; they were taken for empty.
    pub missing: Vec<String>,
}

/// Who has read the compose files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Compose of this version, on the operator's machine.
    Compose(String),
    /// Compose of this version, on the host.
    Host(String),
    /// Nobody but a reader of YAML: variables, files over each other, `extends` and the like are as they were written.
    Written,
}

impl Composition {
    /// From what compose printed in the directory `root`.
    pub(crate) fn printed(printed: &str, root: &str, by: By) -> Option<Self> {
        let value = value::read(printed).ok()?;
        let services = services(&value, &Paths { base: "", root });
        let name = value.get("name").and_then(value::word);
        Some(Self { name, services, by, missing: Vec::new() })
    }

    /// From the files alone. A service that several files write is taken from the first of them that does.
    ///
    /// # Errors
    /// `init-yaml`, `init-not-utf8`.
    pub(crate) fn written(tree: &Tree, files: &[String]) -> Result<Self, Problem> {
        let base = files.first().map_or("", |f| parent(f)).to_owned();
        let mut all = Self { name: None, services: BTreeMap::new(), by: By::Written, missing: Vec::new() };
        for file in files {
            let value = read_file(tree, file)?;
            let paths = Paths { base: &base, root: tree.root().as_str() };
            for (name, service) in services(&value, &paths) {
                all.services.entry(name).or_insert(service);
            }
            all.name = all.name.or_else(|| value.get("name").and_then(value::word));
        }
        // Compose would leave them out, too, unless it were told the profile.
        all.services.retain(|_, service| service.profiles.is_empty());
        Ok(all)
    }
}

fn services(value: &Value, paths: &Paths<'_>) -> BTreeMap<String, Service> {
    let networks = value.get("networks").unwrap_or(&Value::Null);
    let all = value.get("services").and_then(Value::as_object).into_iter().flatten();
    all.map(|(name, service)| (name.clone(), Service::read(service, networks, paths))).collect()
}

/// A compose file as it is written.
fn read_file(tree: &Tree, file: &str) -> Result<Value, Problem> {
    let bytes =
        std::fs::read(tree.root().join(file)).map_err(|e| problem!(Usage, "init-file", file = file, error = e))?;
    let text = String::from_utf8(bytes).map_err(|_| problem!(Usage, "init-not-utf8", file = file))?;
    value::read(&text).map_err(|said| problem!(Usage, "init-yaml", file = file, said = said))
}

/// What of a file compose does not print, as it is written.
#[derive(Debug)]
pub(crate) struct Written {
    /// The lines at which each service begins, in each file that writes it.
    pub(crate) lines: BTreeMap<String, Vec<Place>>,
    /// Its env files, relative to the project.
    pub(crate) env_files: BTreeMap<String, Vec<String>>,
    /// Services that only a profile brings.
    pub(crate) profiles: BTreeMap<String, Vec<String>>,
    /// Services that more than one of the files write.
    pub(crate) several: Vec<String>,
    /// Whether a file names the project.
    pub(crate) named: bool,
}

impl Written {
    /// From all the chosen files.
    ///
    /// # Errors
    /// `init-yaml`, `init-not-utf8`, `init-file`.
    pub(crate) fn read(tree: &Tree, files: &[String]) -> Result<Self, Problem> {
        let base = files.first().map_or("", |f| parent(f));
        let mut all = Self {
            lines: BTreeMap::new(),
            env_files: BTreeMap::new(),
            profiles: BTreeMap::new(),
            several: Vec::new(),
            named: false,
        };
        for file in files {
            let value = read_file(tree, file)?;
            let text = tree.text(file).unwrap_or_default();
            all.named |= value.get("name").is_some();
            for (name, service) in value.get("services").and_then(Value::as_object).into_iter().flatten() {
                if all.lines.contains_key(name) {
                    all.several.push(name.clone());
                }
                all.lines.entry(name.clone()).or_default().push(line_of(file, &text, name));
                let env = all.env_files.entry(name.clone()).or_default();
                env.extend(Service::env_files(service, base));
                let profiles = service.get("profiles").map(value::words).unwrap_or_default();
                if !profiles.is_empty() {
                    all.profiles.insert(name.clone(), profiles);
                }
            }
        }
        Ok(all)
    }
}

fn line_of(file: &str, text: &str, service: &str) -> Place {
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        let indented = line.starts_with([' ', '\t']);
        if !indented && !line.trim().is_empty() && !line.starts_with('#') {
            inside = line.trim_end().starts_with("services:");
        }
        let key = line.trim_start().split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
        if inside && indented && key == service {
            return Place::line(file, at + 1);
        }
    }
    Place::file(file)
}

/// Whether each service of a file is whole by itself, so that no other file is to be laid below it.
pub(crate) fn stands_alone(tree: &Tree, file: &str) -> Result<bool, Problem> {
    let value = read_file(tree, file)?;
    let whole = |s: &Value| ["image", "build", "extends"].iter().any(|key| s.get(key).is_some());
    let services = value.get("services").and_then(Value::as_object);
    Ok(services.is_some_and(|s| s.values().all(whole)))
}

/// How many services of a file are built.
pub(crate) fn built(tree: &Tree, file: &str) -> usize {
    let Ok(value) = read_file(tree, file) else { return 0 };
    let services = value.get("services").and_then(Value::as_object).into_iter().flatten();
    services.filter(|(_, s)| s.get("build").is_some()).count()
}

use std::collections::BTreeMap;

use stapel_text::text;
use stapel_tree::Rules;

use crate::compose::Source;
use crate::draft::Draft;
use crate::facts::Facts;
use crate::place::Place;
use crate::read::Dotenv;
use crate::tree::{below, name, parent};

/// How directories are called that hold what an app writes.
const DATA: &[&str] = &[
    "data",
    "db",
    "database",
    "backup",
    "backups",
    "uploads",
    "upload",
    "media",
    "storage",
    "pgdata",
    "postgres-data",
    "postgres_data",
    "redis-data",
    "redis_data",
    "logs",
    "log",
    "sessions",
    "session",
    "files",
    "var",
    "letsencrypt",
    "certs",
    "volumes",
];

/// `[source]`: what is not shipped, and which files with secrets are.
pub(super) fn source(facts: &Facts, draft: &mut Draft) {
    let excludes = excludes(facts);
    let (shipped, kept, missing) = env(facts);
    if excludes.is_empty() && shipped.is_empty() && kept.is_empty() && missing.is_empty() {
        return;
    }
    draft.gap();
    draft.table("[source]");
    if !excludes.is_empty() {
        let mut by_place: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (pattern, place) in &excludes {
            by_place.entry(place.to_string()).or_default().push(pattern.clone());
        }
        let words: Vec<_> =
            by_place.iter().map(|(place, patterns)| format!("{} ({place})", patterns.join(" "))).collect();
        let patterns: Vec<String> = excludes.iter().map(|(pattern, _)| pattern.clone()).collect();
        draft.key("exclude", patterns, text!("init-exclude", patterns = words.join(", ")));
    }
    if !shipped.is_empty() {
        let mut places: Vec<_> = shipped.iter().map(|(_, place)| place.to_string()).collect();
        places.dedup();
        let files: Vec<String> = shipped.iter().map(|(file, _)| file.clone()).collect();
        draft.key("env", files, text!("init-env", places = places.join(", ")));
    }
    for (file, place) in &kept {
        draft.ask(text!("init-ask-env", file = file, place = place.to_string()));
    }
    if !kept.is_empty() {
        let all = shipped.iter().chain(&kept).map(|(file, _)| file.clone()).collect::<Vec<_>>();
        draft.off("env", all);
    }
    for (file, place) in &missing {
        draft.note(text!("init-env-missing", file = file, place = place.to_string()));
    }
}

/// Patterns of what is not shipped, each with the place that says so, besides those that never are.
fn excludes(facts: &Facts) -> Vec<(String, Place)> {
    let project = &facts.project;
    let mut all: Vec<(String, Place)> = Vec::new();
    for (service, definition) in &facts.compose.services {
        for mount in definition.mounts.iter().filter(|m| !m.read_only) {
            let Source::Project(path) = &mount.source else { continue };
            let data = DATA.contains(&name(path)) || !project.tree.has_directory(path);
            // A file that is mounted is a configuration's.
            if data && !path.is_empty() && !project.tree.has(path) && !name(path).contains('.') {
                all.push((format!("/{path}"), facts.place(service)));
            }
        }
    }
    let left_out = project.scripts.iter().flat_map(|s| &s.excludes).map(|f| (f.value.clone(), f.place.clone()));
    all.extend(left_out.filter(|(pattern, _)| !Dotenv::is_one(pattern)));
    for pattern in &facts.ignored {
        // What is mounted or built from may be ignored by git and is shipped all the same.
        let bare = pattern.trim_matches('/');
        let used = facts.compose.services.values().any(|s| {
            let mounted = s
                .mounts
                .iter()
                .any(|m| matches!(&m.source, Source::Project(p) if p == bare || m.read_only && below(p, bare)));
            mounted || s.build.as_ref().is_some_and(|b| b.context.as_deref() == Some(bare))
        });
        if !used && !Dotenv::is_one(bare) && !bare.contains("env") {
            all.push((pattern.clone(), Place::file(".gitignore")));
        }
    }
    for file in &project.chosen.others {
        let directory = parent(file);
        let text = project.chosen.files.iter().filter_map(|f| project.tree.text(f)).collect::<String>();
        let used = project.chosen.files.iter().any(|f| below(f, directory)) || text.contains(&format!("{directory}/"));
        if !directory.is_empty() && !used {
            all.push((format!("/{directory}"), Place::file(file)));
        }
    }
    if project.tree.files().any(|f| name(f) == "package.json") {
        let place = project.tree.files().find(|f| name(f) == "package.json").unwrap_or_default();
        all.push(("node_modules".to_owned(), Place::file(place)));
    }
    let usual = Rules::default();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|(pattern, _)| {
        let bare = pattern.trim_matches('/').to_owned();
        let known = usual.exclude.contains(&bare) || usual.excludes(&bare).unwrap_or(false);
        let good = Rules { exclude: vec![pattern.clone()] }.excludes("x").is_ok();
        !known && good && !bare.is_empty() && bare != "." && seen.insert(bare)
    });
    all
}

type Files = Vec<(String, Place)>;

/// The env files that services name: those that are shipped, those that may be the operator's own, those that are not here.
fn env(facts: &Facts) -> (Files, Files, Files) {
    let mut named: BTreeMap<String, Place> = BTreeMap::new();
    for (service, files) in &facts.project.written.env_files {
        for file in files.iter().filter(|_| facts.compose.services.contains_key(service)) {
            named.entry(file.clone()).or_insert_with(|| facts.place(service));
        }
    }
    let usual = Rules::default();
    let (mut shipped, mut kept, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (file, place) in named {
        let left_out = usual.excludes(&file).unwrap_or(false);
        if !facts.project.tree.has(&file) {
            missing.push((file, place));
        } else if !left_out || name(&file).contains("prod") {
            shipped.push((file, place));
        } else {
            kept.push((file, place));
        }
    }
    (shipped, kept, missing)
}

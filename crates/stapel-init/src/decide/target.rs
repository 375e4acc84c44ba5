use stapel_text::{Text, text};

use super::services::table;
use crate::draft::Draft;
use crate::facts::Facts;
use crate::place::{Found, Place, expression};

/// A name that no machine has (RFC 2606): a plan for it says that the host cannot be reached, and touches nothing. `local`
/// would be this machine, on which hardly a team's app is to run.
const PLACEHOLDER: &str = "deploy-host.example";

expression!(HOST, r"^([A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9_.-]*$");

/// `[target.…]`.
pub(super) fn target(facts: &Facts, app: &str, draft: &mut Draft) {
    let asked = &facts.project.asked;
    draft.gap();
    draft.table(table("target", asked.target.as_deref().unwrap_or("production")));
    let host = match &asked.host {
        Some(host) => {
            draft.key("host", host.as_str(), text!("init-host-asked"));
            Some(host.clone())
        }
        None => hosts(facts).into_iter().next().map(|found| {
            draft.key("host", found.value.as_str(), text!("init-from", place = found.place.to_string()));
            found.value
        }),
    };
    if host.is_none() {
        draft.ask(text!("init-ask-host"));
        draft.key("host", PLACEHOLDER, text!("init-placeholder"));
    }
    let found = path(facts, host.as_deref());
    match found {
        Some((path, from)) => draft.key("path", path, from),
        None => {
            draft.ask(text!("init-ask-path"));
            draft.key("path", format!("/opt/{}", directory(app)), text!("init-placeholder"));
        }
    }
    rights(facts, host.as_deref(), draft);
    let others: Vec<_> = hosts(facts).into_iter().map(|f| f.value).filter(|h| Some(h) != host.as_ref()).collect();
    if !others.is_empty() && asked.host.is_none() {
        draft.ask(text!("init-ask-hosts", hosts = others.join(", ")));
    }
}

/// Letters, digits and the like only: the name of an app may be anything.
fn directory(app: &str) -> String {
    let kept: String = app.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    if kept.trim_matches('.').is_empty() { "app".to_owned() } else { kept.to_lowercase() }
}

/// The hosts that scripts and files of variables name, those of scripts first; each once.
fn hosts(facts: &Facts) -> Vec<Found<String>> {
    let mut all: Vec<Found<String>> = facts.project.scripts.iter().flat_map(|s| s.hosts.clone()).collect();
    for dotenv in &facts.project.dotenv {
        let known = |names: &[&str]| names.iter().find_map(|name| dotenv.known(name));
        let host = known(&["DEPLOY_HOST", "SSH_HOST", "REMOTE_HOST", "SERVER_HOST", "PROD_HOST", "PRODUCTION_HOST"]);
        let Some((host, place)) = host else { continue };
        let user = known(&["DEPLOY_USER", "SSH_USER", "REMOTE_USER", "SERVER_USER"]).filter(|_| !host.contains('@'));
        let host = user.map_or_else(|| host.to_owned(), |(user, _)| format!("{user}@{host}"));
        if HOST.is_match(&host) {
            all.push(Found::new(host, place.clone()));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|found| seen.insert(found.value.clone()));
    all
}

fn path(facts: &Facts, host: Option<&str>) -> Option<(String, Text)> {
    if let Some(path) = &facts.project.asked.path {
        return Some((path.clone(), text!("init-path-asked")));
    }
    if let Some((directory, project)) = running(facts) {
        return Some((directory, text!("init-path-survey", project = project)));
    }
    let scripts = facts.project.scripts.iter().flat_map(|s| s.paths.iter());
    let mut all: Vec<(String, Place)> = scripts.map(|f| (f.value.clone(), f.place.clone())).collect();
    for dotenv in &facts.project.dotenv {
        let names = ["DEPLOY_PATH", "DEPLOY_DIR", "REMOTE_PATH", "REMOTE_DIR", "SERVER_PATH", "PROD_PATH", "PROD_DIR"];
        let known = names.iter().find_map(|name| dotenv.known(name));
        all.extend(known.map(|(path, place)| (path.to_owned(), place.clone())));
    }
    all.into_iter().find_map(|(path, place)| {
        let path = path.trim_end_matches('/');
        let home = |rest: &str| match host?.split_once('@')?.0 {
            "root" => Some(format!("/root/{rest}")),
            user => Some(format!("/home/{user}/{rest}")),
        };
        match path.strip_prefix("~/") {
            Some(rest) => Some((home(rest)?, text!("init-path-home", place = place.to_string()))),
            None => path.starts_with('/').then(|| (path.to_owned(), text!("init-from", place = place.to_string()))),
        }
    })
}

/// The directory on the host of the project that most of these services run in, by the containers' labels.
pub(super) fn running(facts: &Facts) -> Option<(String, String)> {
    let survey = facts.project.survey.as_ref()?;
    let mut count: std::collections::BTreeMap<(&str, &str), usize> = std::collections::BTreeMap::new();
    for made in survey.containers.iter().filter_map(|c| c.compose.as_ref()) {
        if facts.compose.services.contains_key(&made.service) && made.directory.starts_with('/') {
            *count.entry((&made.directory, &made.project)).or_default() += 1;
        }
    }
    let ((directory, project), _) = count.into_iter().max_by_key(|(_, n)| *n)?;
    Some((directory.to_owned(), project.to_owned()))
}

fn rights(facts: &Facts, host: Option<&str>, draft: &mut Draft) {
    let Some(survey) = &facts.project.survey else {
        if host.and_then(|h| h.split_once('@')).is_some_and(|(user, _)| user != "root") {
            draft.ask(text!("init-ask-become"));
            draft.off("become", "sudo");
        }
        return;
    };
    if let Some((_, project)) = running(facts) {
        let count = survey.containers.iter().filter(|c| c.running);
        let count = count.filter(|c| c.compose.as_ref().is_some_and(|made| made.project == project)).count();
        draft.note(text!("init-survey", engine = &survey.engine, project = project, count = count));
    } else {
        draft.note(text!("init-survey-nothing", engine = &survey.engine));
    }
    match (survey.root, facts.project.asked.by_sudo) {
        (true, Some(true)) => draft.key("become", "sudo", text!("init-become")),
        (false, _) => draft.ask(text!("init-ask-become")),
        _ => {}
    }
}

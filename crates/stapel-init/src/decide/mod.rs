//! From facts to a draft, purely: a file a table of `stapel.toml`.

mod checks;
mod databases;
mod migration;
mod role;
mod services;
mod source;
mod target;
mod twice;

use stapel_text::{Problem, problem, text};

use crate::draft::Draft;
use crate::facts::Facts;

/// What is to be written.
///
/// # Errors
/// `init-nothing-to-release` where no service is the team's own.
pub fn decide(facts: &Facts) -> Result<Draft, Problem> {
    let mut draft = Draft::default();
    let released = services::judge(facts);
    if released.is_empty() {
        let services = facts.compose.services.keys().cloned().collect::<Vec<_>>().join(", ");
        let files = facts.project.chosen.files.join(", ");
        return Err(problem!(Usage, "init-nothing-to-release", files = files, services = services));
    }
    draft.note(text!("init-head"));
    draft.note(text!("init-head-questions"));
    draft.gap();
    let app = app(facts, &mut draft);
    target::target(facts, &app, &mut draft);
    source::source(facts, &mut draft);
    compose(facts, &mut draft);
    services::services(facts, &released, &mut draft);
    databases::databases(facts, &released, &mut draft);
    migration::migration(facts, &released, &mut draft);
    checks::checks(facts, &released, &mut draft);
    draft.services = released;
    Ok(draft)
}

fn app(facts: &Facts, draft: &mut Draft) -> String {
    let directory = facts.project.tree.root().file_name().unwrap_or("app").to_owned();
    match &facts.compose.name {
        // Compose 2 prints one also where nobody says one: the directory's.
        Some(name) if facts.project.written.named => {
            draft.key("app", name.as_str(), text!("init-app-compose", file = facts.project.chosen.files.join(", ")));
            name.clone()
        }
        _ => {
            draft.key("app", directory.as_str(), text!("init-app-directory", directory = &directory));
            directory
        }
    }
}

fn compose(facts: &Facts, draft: &mut Draft) {
    use crate::compose::By;
    let project = &facts.project;
    draft.gap();
    draft.table("[compose]");
    draft.key("files", project.chosen.files.clone(), project.chosen.why.clone());
    if let Some(file) = project.chosen.files.iter().find(|f| crate::tree::name(f).contains("override.")) {
        draft.ask(text!("init-ask-override", file = file.as_str()));
    }
    if let Some((name, place)) = &project.chosen.project {
        draft.key("project", name.as_str(), text!("init-project", place = place.to_string()));
    }
    match &facts.compose.by {
        By::Compose(version) => draft.note(text!("init-by-compose", version = version)),
        By::Host(version) => draft.note(text!("init-by-host", version = version)),
        By::Written => {
            draft.ask(text!("init-by-nobody"));
            if !project.written.several.is_empty() {
                draft.note(text!("init-several", services = project.written.several.join(", ")));
            }
        }
    }
    for (service, profiles) in &project.written.profiles {
        if !facts.compose.services.contains_key(service) {
            draft.note(text!("init-profile", service = service, profiles = profiles.join(", ")));
        }
    }
    let near = |f: &&String| f.matches('/').count() <= 2;
    let others: Vec<_> = project.chosen.others.iter().filter(near).take(8).cloned().collect();
    if !others.is_empty() {
        draft.note(text!("init-others", files = others.join(", ")));
    }
}

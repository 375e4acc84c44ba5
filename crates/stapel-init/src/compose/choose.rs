use stapel_engine::Project;
use stapel_text::{Problem, Text, problem, text};

use super::{built, stands_alone};
use crate::place::{Place, expression};
use crate::read::{Dotenv, Script};
use crate::survey::Survey;
use crate::tree::{Tree, join, name, parent};

expression!(COMPOSE_FILE, r"^(docker-)?compose([.-][A-Za-z0-9_.-]+)?\.ya?ml$");

/// Whether a file is named as compose files are.
fn is_compose_file(path: &str) -> bool {
    COMPOSE_FILE.is_match(name(path))
}

/// The files that are compose's here, and why.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// In their order, relative to the project.
    pub(crate) files: Vec<String>,
    /// Why these.
    pub(crate) why: Text,
    /// The name that the team gives the project (`-p`).
    pub(crate) project: Option<(String, Place)>,
    /// Other files that are named as compose files are.
    pub(crate) others: Vec<String>,
}

fn production(file: &str) -> bool {
    let name = name(file);
    ["prod", "server", "deploy", "live"].iter().any(|word| name.contains(word))
}

/// The files with which the team runs the app on its server: as the server has it, as the scripts call compose, as `.env`
/// says, as the names are.
///
/// # Errors
/// `init-nothing-here` where there is no compose file, `init-yaml` and the like for one that cannot be read.
pub(crate) fn choose(
    tree: &Tree,
    scripts: &[Script],
    dotenv: &[Dotenv],
    survey: Option<(&Survey, Option<&str>)>,
) -> Result<Chosen, Problem> {
    let all: Vec<String> = tree.files().filter(|f| is_compose_file(f)).map(str::to_owned).collect();
    let found = match survey.and_then(|(survey, path)| by_survey(tree, &all, survey, path)) {
        Some(found) => Some(found),
        None => by_scripts(tree, scripts).or_else(|| by_dotenv(tree, dotenv)),
    };
    let (files, why, project) = match found {
        Some(found) => found,
        None => by_names(tree, &all)?,
    };
    let others = all.into_iter().filter(|f| !files.contains(f)).collect();
    Ok(Chosen { files, why, project, others })
}

type Choice = (Vec<String>, Text, Option<(String, Place)>);

fn by_survey(tree: &Tree, all: &[String], survey: &Survey, path: Option<&str>) -> Option<Choice> {
    let made = survey.containers.iter().filter_map(|c| c.compose.as_ref());
    for project in made.filter(|p| path.is_none_or(|path| path.trim_end_matches('/') == p.directory)) {
        let relative = |f: &String| f.strip_prefix(&format!("{}/", project.directory)).unwrap_or(f).to_owned();
        let files: Vec<_> = project.files.iter().map(relative).collect();
        let here = !files.is_empty() && files.iter().all(|f| tree.has(f));
        // Every second project has a `docker-compose.yml`: the name of the directory, or the path that was given, must agree.
        let same =
            path.is_some() || files.iter().any(|f| production(f)) || tree.root().file_name() == Some(&project.project);
        if here && same && files.iter().any(|f| all.contains(f) || f.ends_with(".yml")) {
            let why = text!("init-files-survey", project = &project.project, directory = &project.directory);
            return Some((files, why, None));
        }
    }
    None
}

fn by_scripts(tree: &Tree, scripts: &[Script]) -> Option<Choice> {
    let mut calls: Vec<_> = scripts
        .iter()
        .flat_map(|s| s.calls.iter().map(move |call| (s, call)))
        .filter_map(|(script, call)| {
            let at =
                |f: &String| [join("", f), join(parent(&script.file), f)].into_iter().flatten().find(|f| tree.has(f));
            let files: Option<Vec<_>> = call.value.files.iter().map(at).collect();
            files.filter(|f| !f.is_empty()).map(|files| (files, script.deploys, call))
        })
        .collect();
    // The most telling first: one for production, then one of a script that goes to a server.
    calls.sort_by_key(|(files, deploys, _)| (!files.iter().any(|f| production(f)), !deploys));
    let (files, deploys, call) = calls.first()?;
    let others = calls.iter().any(|(other, ..)| other != files);
    if !*deploys && others && !files.iter().any(|f| production(f)) {
        return None;
    }
    let project = call.value.project.clone().map(|p| (p, call.place.clone()));
    Some((files.clone(), text!("init-files-script", place = call.place.to_string()), project))
}

fn by_dotenv(tree: &Tree, dotenv: &[Dotenv]) -> Option<Choice> {
    let (said, place) = dotenv.iter().find_map(|d| d.known("COMPOSE_FILE"))?;
    let files: Vec<_> = said.split(':').filter_map(|f| join(parent(&place.file), f)).collect();
    let there = !files.is_empty() && files.iter().all(|f| tree.has(f));
    let project = dotenv.iter().find_map(|d| d.known("COMPOSE_PROJECT_NAME"));
    let project = project.map(|(name, place)| (name.to_owned(), place.clone()));
    there.then(|| (files, text!("init-files-dotenv", place = place.to_string()), project))
}

fn by_names(tree: &Tree, all: &[String]) -> Result<Choice, Problem> {
    let depth = |f: &String| f.matches('/').count();
    let nearest = all.iter().map(depth).min();
    let near: Vec<&String> = all.iter().filter(|f| Some(depth(f)) == nearest).collect();
    if near.is_empty() {
        return Err(problem!(Usage, "init-nothing-here", directory = tree.root().as_str()));
    }
    if let Some(file) = near.iter().find(|f| production(f)) {
        if stands_alone(tree, file)? {
            return Ok((vec![(*file).clone()], text!("init-files-production"), None));
        }
        if let Ok(usual) = usual(tree, parent(file)) {
            return Ok((vec![usual[0].clone(), (*file).clone()], text!("init-files-over", file = file.as_str()), None));
        }
    }
    let mut directories: Vec<&str> = near.iter().map(|f| parent(f)).collect();
    directories.dedup();
    // Of several projects in directories of their own that is meant which is built.
    directories.sort_by_key(|dir| {
        std::cmp::Reverse(near.iter().filter(|f| parent(f) == *dir).map(|f| built(tree, f)).max().unwrap_or(0))
    });
    match directories.iter().find_map(|dir| usual(tree, dir).ok()) {
        Some(files) if files.len() > 1 => Ok((files, text!("init-files-override"), None)),
        Some(files) => Ok((files, text!("init-files-usual"), None)),
        None => Ok((vec![near[0].clone()], text!("init-files-only"), None)),
    }
}

/// What compose takes by itself in that directory.
fn usual(tree: &Tree, directory: &str) -> Result<Vec<String>, Problem> {
    let found = Project::discover(tree.root().join(directory))?;
    let path = |f: String| if directory.is_empty() { f } else { format!("{directory}/{f}") };
    Ok(found.files.into_iter().map(path).collect())
}

use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use stapel_core::config::Config;
use stapel_init::{Asked, Composition, Draft, Project, Survey};
use stapel_text::{Problem, problem, text};
use stapel_wire::{Account, SshOptions};

use crate::args::{Init, Place};
use crate::client::Client;
use crate::project::FILE;
use crate::render::Screen;

/// Reads the project, and the host where one is given, and writes its `stapel.toml`. Nothing else is changed anywhere; nothing
/// at all where something cannot be read.
pub(crate) async fn run(place: &Place, args: &Init, screen: &Screen) -> Result<u8, Problem> {
    let file = place.config.clone().unwrap_or_else(|| FILE.into());
    let root = root(&file)?;
    // Before anybody is asked anything.
    if !args.print && !args.force && std::fs::symlink_metadata(&file).is_ok() {
        return Err(problem!(Usage, "init-exists", file = file.as_str()));
    }
    if args.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        return Err(problem!(Usage, "cli-init-path", path = args.path.clone().unwrap_or_default()));
    }
    let mut asked =
        Asked { target: place.target.clone(), host: args.host.clone(), path: args.path.clone(), by_sudo: None };
    let mut there = match &args.host {
        Some(host) => Some(look(host, &mut asked, screen).await?),
        None => None,
    };
    let survey = there.as_ref().map(|(_, survey)| survey.clone());
    let project = Project::read(&root, asked, survey)?;
    let composition = resolved(&project, there.as_mut().map(|(client, _)| client)).await?;
    let draft = stapel_init::decide(&project.facts(composition))?;
    let text = screen.render(&draft);
    // What we write we must be able to read.
    let config = Config::parse(FILE, &text).map_err(|findings| {
        screen.findings(&findings);
        findings.problem()
    })?;
    if !args.print {
        write(&file, &text)?;
    }
    show(&file, &text, &draft, &config, args.print, screen);
    Ok(0)
}

/// The directory of the file that is to be written, absolute.
fn root(file: &Utf8Path) -> Result<Utf8PathBuf, Problem> {
    let directory = file.parent().filter(|d| !d.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let absolute = directory.as_std_path().canonicalize();
    let absolute = absolute.map_err(|e| problem!(Usage, "init-directory", path = directory.as_str(), error = e))?;
    Utf8PathBuf::try_from(absolute).map_err(|e| problem!(Usage, "cli-not-utf8", path = e.as_path().display()))
}

/// What runs on the host; as root where that can be had, for Docker and the proxies' files.
async fn look(host: &str, asked: &mut Asked, screen: &Screen) -> Result<(Client, Survey), Problem> {
    let mut client = Client::reach(host, Account::Own, &SshOptions::from_env(), screen).await?;
    let seen = client.survey().await;
    match &seen {
        Ok(survey) if survey.root => return seen.map(|survey| (client, survey)),
        Err(problem) if problem.code() != "engine-denied" => return seen.map(|survey| (client, survey)),
        _ => {}
    }
    match Client::reach(host, Account::Sudo, &SshOptions::from_env(), screen).await {
        Ok(mut root) => {
            asked.by_sudo = Some(true);
            let survey = root.survey().await?;
            Ok((root, survey))
        }
        // Docker itself may be had without.
        Err(_) => seen.map(|survey| (client, survey)),
    }
}

/// By compose here, by compose there, or as they are written.
async fn resolved(project: &Project, there: Option<&mut Client>) -> Result<Composition, Problem> {
    let here = project.resolve().await;
    if let Ok(Some(composition)) = here {
        return Ok(composition);
    }
    if let Some(client) = there
        && let Some(composition) = client.resolve(project.bundle()).await?
    {
        return Ok(composition);
    }
    match here? {
        Some(composition) => Ok(composition),
        None => project.as_written(),
    }
}

/// Whole or not at all.
fn write(file: &Utf8Path, text: &str) -> Result<(), Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = file.as_str(), error = e);
    let directory = file.parent().filter(|d| !d.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut written = tempfile::Builder::new()
        .prefix(".stapel-")
        .suffix(".tmp")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
        .map_err(failed)?;
    written.write_all(text.as_bytes()).map_err(failed)?;
    written.as_file().sync_all().map_err(failed)?;
    written.persist(file).map(drop).map_err(|e| failed(e.error))
}

fn show(file: &Utf8Path, text: &str, draft: &Draft, config: &Config, print: bool, screen: &Screen) {
    let questions: Vec<String> = draft.questions().map(|q| screen.words(q)).collect();
    if screen.json() {
        let services = draft.services.iter().map(|s| {
            let why: Vec<_> = s.why.iter().map(|why| screen.words(why)).collect();
            json!({ "name": s.name, "twice": s.twice.word(), "released": config.services.contains_key(&s.name), "why": why })
        });
        let services: Vec<_> = services.collect();
        let written = (!print).then_some(file);
        screen.object(&json!({ "file": written, "text": text, "services": services, "questions": questions }));
        return;
    }
    if print {
        // What may be sent to a file holds nothing else.
        return screen.line(text.trim_end());
    }
    screen.say(&text!("init-written", file = file.as_str()));
    screen.say(&text!("init-found-services"));
    for one in &draft.services {
        let twice = one.twice.text();
        screen.line(&format!("  {}", screen.words(&text!("init-found-service", service = &one.name, twice = twice))));
        one.why.iter().for_each(|why| screen.line(&format!("      {}", screen.words(why))));
    }
    screen.say(&text!("init-questions", count = questions.len()));
    questions.iter().for_each(|question| screen.line(&format!("  ? {question}")));
    screen.say(&text!("init-next"));
}

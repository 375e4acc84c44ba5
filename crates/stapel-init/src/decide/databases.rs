use stapel_text::text;

use super::role::{Role, role};
use super::services::table;
use crate::compose::{Leads, Service, Source};
use crate::draft::{Draft, Judged};
use crate::facts::Facts;
use crate::sign::Sign;
use crate::tree::join;

/// The databases: those that can be dumped as tables, the others as remarks.
pub(super) fn databases(facts: &Facts, judged: &[Judged], draft: &mut Draft) {
    let services = &facts.compose.services;
    let of = |wanted: Role| services.iter().filter(move |(_, s)| role(facts, s) == wanted);
    let postgres: Vec<_> = of(Role::Postgres).map(|(name, _)| name).collect();
    let files: Vec<_> = judged.iter().filter_map(|j| Some((j, file(facts, &j.name, &services[&j.name])?))).collect();
    let several = postgres.len() + files.len() > 1;
    for name in &postgres {
        draft.gap();
        draft.table(table("database", if several { name } else { "main" }));
        let image = services[*name].image.as_deref().unwrap_or_default();
        draft.key("kind", "postgres", text!("init-image", image = image, place = facts.place(name).to_string()));
        draft.key("service", name.as_str(), text!("init-postgres", service = *name));
    }
    let mut seen = Vec::new();
    for (judged, file) in files {
        draft.gap();
        match file {
            File::Below(path, from) if !seen.contains(&path) => {
                draft.table(table("database", if several { &judged.name } else { "main" }));
                draft.key("kind", "sqlite", text!("init-sqlite", from = from));
                draft.key(
                    "path",
                    path.as_str(),
                    text!("init-sqlite-path", place = facts.place(&judged.name).to_string()),
                );
                seen.push(path);
            }
            File::Below(..) => {}
            File::Volume(path) => draft.note(text!("init-sqlite-volume", service = &judged.name, path = path)),
            File::Inside(path) => draft.ask(text!("init-sqlite-inside", service = &judged.name, path = path)),
            File::Unknown(place) => {
                draft.ask(text!("init-sqlite-unknown", service = &judged.name, place = place));
                draft.off_table("[database.main]");
                draft.off("kind", "sqlite");
                draft.off("path", "data/app.db");
            }
        }
    }
    for (name, service) in of(Role::OtherPostgres).chain(of(Role::Database)) {
        draft.gap();
        let image = service.image.as_deref().unwrap_or_default();
        draft.note(text!("init-database-not-yet", service = name, image = image));
    }
    elsewhere(facts, judged, draft);
}

/// Databases that are no service here.
fn elsewhere(facts: &Facts, judged: &[Judged], draft: &mut Draft) {
    let services = &facts.compose.services;
    let mut told = std::collections::BTreeSet::new();
    for judged in judged {
        for variable in &services[&judged.name].env {
            let Some(Leads::Database { host, kind }) = &variable.leads else { continue };
            let known = services.iter().any(|(name, s)| name == host || s.container_name.as_deref() == Some(host));
            // Through a variable it may lead anywhere.
            if !known && !host.contains('$') && told.insert((kind, host)) {
                draft.gap();
                let at_host = AT_THE_HOST.contains(&host.as_str());
                let host = if host.is_empty() { "localhost" } else { host };
                if kind == "postgres" {
                    postgres_elsewhere(&variable.name, &judged.name, host, at_host, draft);
                    continue;
                }
                draft.note(text!(
                    "init-database-elsewhere",
                    variable = &variable.name,
                    service = &judged.name,
                    kind = kind.as_str(),
                    host = host
                ));
            }
        }
    }
}

/// How containers name the host that they run on; a socket and `localhost` are its own where they share its network.
const AT_THE_HOST: [&str; 6] = ["", "localhost", "127.0.0.1", "::1", "host.docker.internal", "172.17.0.1"];

/// It is not written as a table that counts: what the variable holds may not be in the operator's environment.
fn postgres_elsewhere(variable: &str, service: &str, host: &str, at_host: bool, draft: &mut Draft) {
    if at_host {
        draft.ask(text!("init-database-host", variable = variable, service = service, host = host));
    } else {
        draft.ask(text!("init-database-url", variable = variable, service = service, host = host));
    }
    draft.off_table("[database.main]");
    draft.off("kind", "postgres");
    if at_host {
        draft.off("host", "local");
        draft.off("database", "NAME");
    } else {
        draft.off("url", format!("${{{variable}}}"));
    }
}

/// Where a file of SQLite's lies.
enum File {
    /// In the app's directory, and which variable says so.
    Below(String, String),
    /// In a volume of Docker's.
    Volume(String),
    /// In the container, and so lost with it.
    Inside(String),
    /// The code opens one; which, is not told.
    Unknown(String),
}

fn file(facts: &Facts, name: &str, service: &Service) -> Option<File> {
    let found = service.env.iter().find_map(|v| match &v.leads {
        Some(Leads::Sqlite(file)) => Some((file, &v.name)),
        _ => None,
    });
    let Some((file, variable)) = found else {
        let told = facts.told.get(name)?.iter().find(|t| t.sign == Sign::Sqlite)?;
        return Some(File::Unknown(told.place.to_string()));
    };
    let workdir = facts.images.get(name).and_then(|(_, d)| d.workdir.clone()).unwrap_or_else(|| "/".to_owned());
    let absolute =
        if file.starts_with('/') { file.clone() } else { format!("{}/{file}", workdir.trim_end_matches('/')) };
    let under =
        |target: &str| absolute.strip_prefix(target.trim_end_matches('/'))?.strip_prefix('/').map(str::to_owned);
    let mut mounts: Vec<_> = service.mounts.iter().filter_map(|m| Some((m, under(&m.target)?))).collect();
    mounts.sort_by_key(|(mount, _)| std::cmp::Reverse(mount.target.len()));
    Some(match mounts.into_iter().next() {
        Some((mount, rest)) => match &mount.source {
            Source::Project(path) => File::Below(join(path, &rest)?, variable.clone()),
            _ => File::Volume(absolute),
        },
        None => File::Inside(absolute),
    })
}

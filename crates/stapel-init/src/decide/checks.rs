use stapel_text::{Text, text};

use super::role::{Role, role};
use super::services::is_released;
use super::twice::routes;
use crate::compose::Service;
use crate::draft::{Draft, Judged};
use crate::facts::Facts;
use crate::read::Route;
use crate::tree::below;

/// More than these nobody reads.
const MANY: usize = 8;

/// A path that is to be asked of a service.
struct Path {
    service: String,
    path: String,
    from: Text,
    /// Whether it stands for sure that it is the whole path.
    sure: bool,
}

/// `[[check]]`s.
pub(super) fn checks(facts: &Facts, judged: &[Judged], draft: &mut Draft) {
    let released: Vec<_> = judged.iter().filter(|j| is_released(j, judged)).collect();
    let mut names = Vec::new();
    let mut paths: Vec<Path> = released.iter().flat_map(|j| paths(facts, &j.name)).collect();
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|p| seen.insert((p.service.clone(), p.path.clone())));
    paths.truncate(MANY);
    let several = released.len() > 1;
    for path in &paths {
        draft.gap();
        let name = unique(&mut names, &path.path, if several { Some(&path.service) } else { None });
        if path.sure {
            draft.table("[[check]]");
            draft.key("name", name, text!("init-check-name"));
            draft.key("path", path.path.as_str(), path.from.clone());
            if several {
                draft.key("service", path.service.as_str(), text!("init-check-service"));
            }
        } else {
            draft.ask(path.from.clone());
            draft.off_table("[[check]]");
            draft.off("name", name);
            draft.off("path", path.path.as_str());
            if several {
                draft.off("service", path.service.as_str());
            }
        }
    }
    let reached = released.iter().filter(|j| !ports(facts, &j.name).is_empty());
    for judged in reached.filter(|j| !paths.iter().any(|p| p.service == j.name)) {
        draft.gap();
        draft.ask(text!("init-ask-check", service = &judged.name));
        draft.off_table("[[check]]");
        draft.off("name", unique(&mut names, "/health", if several { Some(&judged.name) } else { None }));
        draft.off("path", "/health");
        if several {
            draft.off("service", judged.name.as_str());
        }
    }
    domains(facts, &released, &paths, &mut names, draft);
}

/// Where a service can be asked.
fn ports(facts: &Facts, name: &str) -> Vec<u16> {
    let service = &facts.compose.services[name];
    let mut all: Vec<u16> = service.ports.iter().map(|(_, target)| *target).collect();
    all.extend(&service.expose);
    // With another command the image is for something else: a worker listens nowhere.
    let image = facts.images.get(name).filter(|_| !service.commanded || !all.is_empty());
    all.extend(image.into_iter().flat_map(|(_, d)| &d.exposes));
    all
}

fn paths(facts: &Facts, name: &str) -> Vec<Path> {
    let service = &facts.compose.services[name];
    // It is asked at the service's own port; where none is told there is nowhere to ask.
    if ports(facts, name).is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut add = |path: &str, from: Text, sure: bool| {
        all.push(Path { service: name.to_owned(), path: path.to_owned(), from, sure });
    };
    if let Some(path) = &service.health {
        add(path, text!("init-check-compose", place = facts.place(name).to_string()), true);
    }
    if let Some((file, image)) = facts.images.get(name)
        && let Some((path, line)) = &image.health
    {
        add(path, text!("init-from", place = format!("{file}:{line}")), true);
    }
    for script in &facts.project.scripts {
        for url in &script.urls {
            let Some((host, path)) = split(&url.value) else { continue };
            let local = ["localhost", "127.0.0.1", "0.0.0.0"].iter().any(|own| {
                let port = host.strip_prefix(own).and_then(|rest| rest.strip_prefix(':'));
                port.is_some_and(|port| service.ports.iter().any(|(published, _)| published.to_string() == port))
            });
            if local {
                add(path, text!("init-from", place = url.place.to_string()), true);
            }
        }
    }
    if all.is_empty()
        && let Some(context) = facts.context(name)
    {
        let mut found: Vec<_> =
            facts.code.health.iter().filter(|route| below(&route.path.place.file, context)).collect();
        found.sort_by_key(|route| (!route.whole, route.path.value.len()));
        if let Some(route) = found.first() {
            let place = route.path.place.to_string();
            let from = if route.whole {
                text!("init-from", place = place)
            } else {
                text!("init-ask-check-prefix", place = place)
            };
            all.push(Path { service: name.to_owned(), path: route.path.value.clone(), from, sure: route.whole });
        }
    }
    all
}

/// Host with port, and path.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.split_once("://")?.1;
    Some(rest.find('/').map_or((rest, "/"), |at| rest.split_at(at)))
}

/// The way by which users come: for each domain that a proxy knows.
fn domains(facts: &Facts, released: &[&Judged], paths: &[Path], names: &mut Vec<String>, draft: &mut Draft) {
    let mut seen = std::collections::BTreeSet::new();
    for judged in released {
        let service = &facts.compose.services[&judged.name];
        for route in routes(facts, &judged.name, service) {
            let Some(domain) = route.domain.as_ref().filter(|d| seen.len() < MANY && seen.insert((*d).clone())) else {
                continue;
            };
            if domain
                .strip_prefix("www.")
                .is_some_and(|bare| facts.routes.iter().any(|r| r.domain.as_deref() == Some(bare)))
            {
                continue;
            }
            let scheme = if route.tls { "https" } else { "http" };
            let path = paths.iter().find(|p| p.service == judged.name && p.sure).map(|p| p.path.as_str());
            draft.gap();
            let url = format!("{scheme}://{domain}{}", path.unwrap_or("/"));
            let name = unique(names, domain, None);
            let from = text!("init-check-route", proxy = &route.proxy, place = route.place.to_string());
            match path {
                Some(_) => {
                    draft.table("[[check]]");
                    draft.key("name", name, text!("init-check-domain"));
                    draft.key("url", url, from);
                    if let Some(via) = via(facts, service, route) {
                        draft.key("via", via, text!("init-check-via"));
                    }
                }
                None => {
                    draft.ask(text!("init-ask-domain", domain = domain, place = route.place.to_string()));
                    draft.off_table("[[check]]");
                    draft.off("name", name);
                    draft.off("url", url);
                }
            }
        }
    }
}

/// The proxy's own port on the host, where it is known to be there: the domain may lead elsewhere as long as it is tested.
fn via(facts: &Facts, service: &Service, route: &Route) -> Option<String> {
    let port = if route.tls { 443 } else { 80 };
    let publishes = |s: &Service| s.ports.iter().any(|(published, _)| *published == port);
    let here = facts.compose.services.values().any(|s| role(facts, s) == Role::Proxy && publishes(s));
    let there = facts.project.survey.iter().flat_map(|s| &s.containers);
    let there = there.filter(|c| c.running).any(|c| c.ports.iter().any(|(published, _)| *published == port));
    let on_host = route.place.file.starts_with("/etc/");
    (here || there || on_host || publishes(service)).then(|| format!("127.0.0.1:{port}"))
}

/// A name for people that no other check has.
fn unique(names: &mut Vec<String>, path: &str, service: Option<&str>) -> String {
    let bare = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let last = bare.rsplit('/').next().filter(|l| !l.is_empty()).unwrap_or("start page");
    let mut name = service.map_or_else(|| last.to_owned(), |service| format!("{service} {last}"));
    let mut count = 2;
    while names.contains(&name) {
        name = format!("{} {count}", name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end());
        count += 1;
    }
    names.push(name.clone());
    name
}

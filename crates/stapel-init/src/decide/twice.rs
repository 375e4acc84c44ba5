use stapel_text::{Text, text};

use crate::compose::{Leads, Service};
use crate::draft::Twice;
use crate::facts::Facts;
use crate::read::Route;
use crate::sign::Sign;

/// Whether two of a service may run at once, and why. One reason against it is enough.
pub(super) fn twice(facts: &Facts, name: &str, service: &Service) -> (Twice, Vec<Text>) {
    let against = against(facts, name, service);
    if !against.is_empty() {
        return (Twice::No, against);
    }
    let reached = reached(facts, name, service);
    if !reached.is_empty() {
        return (Twice::Yes, reached);
    }
    let told = facts.told.get(name).into_iter().flatten().find(|t| t.sign == Sign::Works);
    match told {
        Some(t) => (Twice::Yes, vec![text!("init-why-works", words = &t.words, place = t.place.to_string())]),
        None => (Twice::Unknown, vec![text!("init-why-unknown")]),
    }
}

fn against(facts: &Facts, name: &str, service: &Service) -> Vec<Text> {
    let mut why = Vec::new();
    for told in facts.told.get(name).into_iter().flatten() {
        let (words, place) = (told.words.clone(), told.place.to_string());
        match told.sign {
            Sign::Polls => why.push(text!("init-why-polls", words = words, place = place)),
            Sign::Schedules => why.push(text!("init-why-schedules", words = words, place = place)),
            Sign::Migrates if !words.contains("alembic") => {
                why.push(text!("init-why-migrates-otherwise", words = words, place = place));
            }
            Sign::Migrates => why.push(text!("init-why-migrates", words = words, place = place)),
            Sign::Sqlite => why.push(text!("init-why-sqlite", words = words, place = place)),
            Sign::Works => {}
        }
    }
    let wrote = facts.told.get(name).into_iter().flatten().any(|t| t.sign == Sign::Sqlite);
    let variable = service.env.iter().find(|v| matches!(v.leads, Some(Leads::Sqlite(_))));
    if let Some(variable) = variable.filter(|_| !wrote) {
        why.push(text!("init-why-sqlite", words = &variable.name, place = facts.place(name).to_string()));
    }
    if service.network_mode.as_deref() == Some("host") {
        why.push(text!("init-why-host-network", place = facts.place(name).to_string()));
    }
    if service.udp {
        why.push(text!("init-why-udp", place = facts.place(name).to_string()));
    }
    why
}

fn reached(facts: &Facts, name: &str, service: &Service) -> Vec<Text> {
    let mut why = Vec::new();
    if let Some((published, _)) = service.ports.first() {
        let port = published.to_string();
        why.push(text!("init-why-port", port = port, place = facts.place(name).to_string()));
    }
    if let Some(route) = routes(facts, name, service).next() {
        let place = route.place.to_string();
        why.push(text!("init-why-route", proxy = &route.proxy, place = place));
    }
    if why.is_empty()
        && let Some(network) = service.foreign_networks.first()
    {
        why.push(text!("init-why-network", network = network.as_str(), place = facts.place(name).to_string()));
    }
    why
}

/// The routes that lead to a service: by its name, its container's, or a port of the host that it publishes.
pub(super) fn routes<'a>(facts: &'a Facts, name: &'a str, service: &'a Service) -> impl Iterator<Item = &'a Route> {
    facts.routes.iter().filter(move |route| {
        route.to == name
            || service.container_name.as_deref() == Some(&route.to)
            || route.to_host() && service.ports.iter().any(|(published, _)| Some(*published) == route.port)
    })
}

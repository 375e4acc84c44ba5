use stapel_text::text;

use super::role::{Role, role};
use super::twice::{routes, twice};
use crate::draft::{Draft, Judged, Twice};
use crate::facts::Facts;

/// The team's own services, each with whether it may run twice at once.
pub(super) fn judge(facts: &Facts) -> Vec<Judged> {
    let own = facts.compose.services.iter().filter(|(_, service)| role(facts, service) == Role::Own);
    own.map(|(name, service)| {
        let (twice, why) = twice(facts, name, service);
        Judged { name: name.clone(), twice, why }
    })
    .collect()
}

/// Whether releases replace it: what may not run twice is not relayed, and is left to the team where anything else is there
/// to be released.
pub(super) fn is_released(judged: &Judged, all: &[Judged]) -> bool {
    judged.twice == Twice::Yes || !all.iter().any(|j| j.twice == Twice::Yes)
}

/// The tables of the services.
pub(super) fn services(facts: &Facts, judged: &[Judged], draft: &mut Draft) {
    for one in judged {
        draft.gap();
        let service = &facts.compose.services[&one.name];
        let place = facts.place(&one.name).to_string();
        draft.note(match &service.build {
            Some(build) => {
                let context = build.context.as_deref().map_or("?", |c| if c.is_empty() { "." } else { c });
                text!("init-service-built", service = &one.name, place = place, context = context)
            }
            None => text!(
                "init-service-image",
                service = &one.name,
                place = place,
                image = service.image.as_deref().unwrap_or("?")
            ),
        });
        draft.note(text!("init-service-twice", twice = one.twice.text()));
        one.why.iter().for_each(|why| draft.note(why.clone()));
        let table = table("service", &one.name);
        if is_released(one, judged) {
            draft.table(table);
            if one.twice != Twice::Yes {
                draft.key("rollout", "recreate", text!("init-recreate"));
            }
        } else {
            draft.note(text!("init-left-out", service = &one.name));
            draft.off_table(table);
            draft.off("rollout", "recreate");
        }
        if one.twice == Twice::Unknown {
            draft.ask(text!("init-ask-twice", service = &one.name));
        }
        let static_name =
            routes(facts, &one.name, service).find(|r| r.proxy == "nginx" && !r.to_host() && one.twice == Twice::Yes);
        if let Some(route) = static_name {
            draft.ask(text!("init-nginx-static", place = route.place.to_string(), service = &one.name));
        }
        if service.build.is_none() && service.image.is_some() {
            draft.note(text!("init-image-only"));
        }
    }
    let others = facts.compose.services.keys().filter(|name| !judged.iter().any(|j| j.name == **name));
    let others = others.cloned().collect::<Vec<_>>();
    if !others.is_empty() {
        draft.gap();
        draft.note(text!("init-others-left", services = others.join(", ")));
    }
}

/// `[service.web]`, quoted where its name needs it.
pub(super) fn table(kind: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { format!("[{kind}.{name}]") } else { format!("[{kind}.{}]", toml::Value::from(name)) }
}

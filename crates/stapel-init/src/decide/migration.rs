use stapel_text::text;

use super::services::is_released;
use crate::compose::Source;
use crate::draft::{Draft, Judged, Twice};
use crate::facts::Facts;
use crate::sign::Sign;
use crate::tree::parent;

/// `[migration]`, or why there is none.
pub(super) fn migration(facts: &Facts, judged: &[Judged], draft: &mut Draft) {
    let fits = facts.alembic.iter().find_map(|ini| Some((ini, service(facts, judged, parent(ini))?)));
    match (fits, facts.alembic.first()) {
        (Some((ini, service)), _) => {
            draft.gap();
            draft.table("[migration]");
            draft.key("tool", "alembic", text!("init-from", place = ini.as_str()));
            draft.key("service", service, text!("init-migration-service", ini = ini.as_str()));
            let others: Vec<_> = facts.alembic.iter().filter(|other| *other != ini).cloned().collect();
            if !others.is_empty() {
                draft.ask(text!("init-ask-migrations", files = others.join(", ")));
            }
        }
        (None, Some(ini)) => {
            draft.gap();
            draft.ask(text!("init-ask-migration", ini = ini.as_str()));
            draft.off_table("[migration]");
            draft.off("tool", "alembic");
            draft.off("service", judged.first().map_or("", |j| j.name.as_str()));
        }
        (None, None) => {}
    }
    let own = facts
        .django
        .iter()
        .find(|manage| judged.iter().any(|j| facts.context(&j.name).is_some_and(|c| crate::tree::below(manage, c))));
    if let Some(manage) = own {
        draft.gap();
        draft.note(text!("init-django", file = manage.as_str()));
    }
    let other = facts.told.values().flatten().find(|t| t.sign == Sign::Migrates && !t.words.contains("alembic"));
    if let Some(told) = other.filter(|_| own.is_none() && facts.alembic.is_empty()) {
        draft.gap();
        draft.note(text!("init-other-migrations", words = &told.words, place = told.place.to_string()));
    }
}

/// The service that is released and whose working directory holds the `alembic.ini`: that of its build context, or what is
/// mounted. One that requests reach comes before a worker of the same image.
fn service<'a>(facts: &Facts, judged: &'a [Judged], directory: &str) -> Option<&'a str> {
    let released = judged.iter().filter(|j| is_released(j, judged));
    let holds = |j: &&Judged| {
        let service = &facts.compose.services[&j.name];
        facts.context(&j.name) == Some(directory)
            || service.mounts.iter().any(|m| matches!(&m.source, Source::Project(p) if p == directory))
    };
    let fits: Vec<_> = released.filter(holds).collect();
    let served = fits.iter().find(|j| j.twice == Twice::Yes && !facts.compose.services[&j.name].ports.is_empty());
    served.or(fits.first()).map(|j| j.name.as_str())
}

use std::collections::BTreeMap;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use stapel_core::ports::{Health, Instance};
use stapel_text::Problem;

use super::containers::{ONE_OFF, PROJECT, SERVICE, instance};
use super::name::made_from;
use crate::compose::Project;
use crate::engine::Engine;

/// The real containers of an app that are healthy, or become so, by service: as one look at the daemon tells, without
/// asking compose what it makes of the files, which takes longer than all the rest. Whatever is not that plain is left out,
/// and has to be looked at in full.
///
/// # Errors
/// `engine-request-failed`.
pub async fn glance(engine: &Engine, project: &Project) -> Result<BTreeMap<String, (Instance, Health)>, Problem> {
    let mut all = made_from(engine, project).await?;
    let project_of = |c: &ContainerSummary| c.labels.as_ref().and_then(|l| l.get(PROJECT).cloned());
    let mut names: Vec<_> = all.iter().filter_map(project_of).collect();
    names.sort();
    names.dedup();
    let mut found = BTreeMap::new();
    let name = match (&project.name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [name]) => name,
        // None at all, or more than one: compose has to say which it is.
        _ => return Ok(found),
    };
    all.retain(|c| c.state == Some(ContainerSummaryStateEnum::RUNNING) && project_of(c).as_ref() == Some(name));
    for container in all {
        let label = |key: &str| container.labels.as_ref().and_then(|labels| labels.get(key).cloned());
        let (Some(service), Some(health)) = (label(SERVICE), health(&container)) else { continue };
        let real = label(ONE_OFF).as_deref() == Some("False");
        if let Some(instance) = instance(container).filter(|_| real) {
            found.insert(service, (instance, health));
        }
    }
    Ok(found)
}

/// What the daemon's line about it says of a health check.
fn health(container: &ContainerSummary) -> Option<Health> {
    let status = container.status.as_deref()?;
    if status.ends_with("(healthy)") {
        return Some(Health::Healthy);
    }
    status.ends_with("(health: starting)").then_some(Health::Starting)
}

use stapel_text::{Problem, Text, problem, text};

use super::hooks::with_hooks;
use super::{Chosen, Goal, Plan, Planned, StepSpec, digest};
use crate::config::Config;
use crate::observation::{Observation, Schema, ServiceFacts};

/// Chooses a rollout for a service; the rollouts themselves are another room's.
pub trait Rollouts {
    /// The rollout for a service in this state.
    ///
    /// # Errors
    /// When the configured rollout does not suit.
    fn choose(&self, service: &str, config: &Config, facts: &ServiceFacts) -> Result<Chosen, Problem>;
}

/// Makes the plan. An app that already is as the goal says needs no step.
///
/// # Errors
/// A problem of class `Refused` where the goal cannot be reached from what is there.
pub fn make(config: &Config, observation: &Observation, goal: &Goal, rollouts: &dyn Rollouts) -> Result<Plan, Problem> {
    let mut plan =
        Plan { format: Plan::FORMAT, goal: goal.clone(), steps: Vec::new(), gap_s: 0.0, basis: basis(observation) };
    if unchanged(config, observation, goal) {
        return Ok(plan);
    }
    enough_disk(observation)?;
    let mut add = |spec: StepSpec, why: Option<Text>| {
        plan.steps.push(Planned { spec, why, does: None, undoes: None, takes_s: None, leaves: Vec::new() })
    };
    let serves = observation.serves();
    if serves {
        add(StepSpec::Baseline, None);
    }
    // Also where the app does not serve: what is in its database is not lost for that.
    for name in observation.databases.keys() {
        add(StepSpec::Backup { database: name.clone() }, None);
    }
    add(StepSpec::Ship, Some(text!("core-why-ship", files = observation.files_differ, foreign = observation.foreign)));
    for (name, service) in &config.services {
        if observation.services.get(name).is_some_and(ServiceFacts::runs) {
            add(StepSpec::KeepImage { service: name.clone() }, None);
        }
        match goal {
            Goal::Deploy { .. } => add(StepSpec::Build { service: name.clone(), no_cache: service.no_cache }, None),
            Goal::Rollback { to, .. } => add(StepSpec::PointImage { service: name.clone(), release: *to }, None),
        }
    }
    if let (Goal::Deploy { .. }, Some(migration)) = (goal, &config.migration) {
        add(StepSpec::Migrate { service: migration.service.clone() }, observation.schema.as_ref().map(pending));
    }
    let mut gap_s = 0.0;
    let unknown = ServiceFacts::default();
    for name in config.services.keys() {
        let chosen = rollouts.choose(name, config, observation.services.get(name).unwrap_or(&unknown))?;
        gap_s += chosen.gap_s;
        let mut why = Some(chosen.why);
        for phase in chosen.phases {
            add(phase, why.take());
        }
    }
    add(StepSpec::Verify, None);
    if let (Goal::Rollback { down_to: Some(to), .. }, Some(migration)) = (goal, &config.migration) {
        add(StepSpec::MigrateDown { service: migration.service.clone(), to: to.clone() }, None);
    }
    if serves {
        add(StepSpec::Watch, None);
    }
    add(StepSpec::Prune, None);
    plan.steps = with_hooks(plan.steps, &config.hooks);
    plan.gap_s = gap_s;
    Ok(plan)
}

/// What the steps start from: the files that are going to be replaced, and what serves.
fn basis(observation: &Observation) -> String {
    let services: Vec<_> = observation
        .services
        .iter()
        .map(|(name, facts)| (name, facts.runs(), facts.real.as_ref().map(|r| &r.image)))
        .collect();
    let schema = observation.schema.as_ref();
    let schema = schema.map(|s| (&s.current, s.ahead, s.pending.iter().map(|p| &p.revision).collect::<Vec<_>>()));
    digest(&(&observation.replaces, services, schema))
}

/// Which migrations will run; the step itself looks again, in the new image.
fn pending(schema: &Schema) -> Text {
    let names: Vec<_> = schema.pending.iter().map(|p| p.revision.as_str()).collect();
    match (names.as_slice(), schema.ahead) {
        ([], true) => text!("core-why-migrate-ahead", revision = schema.current.join(", ")),
        ([], false) => text!("core-why-migrate-none"),
        _ => text!("core-why-migrate", count = names.len(), names = names.join(", ")),
    }
}

/// The tree is the one that the last release shipped, nobody changed it since, what that release put in service still
/// runs, and the schema is where the tree wants it.
fn unchanged(config: &Config, observation: &Observation, goal: &Goal) -> bool {
    if matches!(goal, Goal::Rollback { down_to: Some(_), .. }) || config.services.values().any(|s| s.no_cache) {
        return false;
    }
    let migrates = matches!(goal, Goal::Deploy { .. });
    if migrates && observation.schema.as_ref().is_some_and(|schema| !schema.pending.is_empty()) {
        return false;
    }
    observation.last.as_ref().is_some_and(|last| {
        last.fingerprint == goal.fingerprint()
            && observation.files_differ == 0
            && config.services.keys().all(|name| {
                let facts = observation.services.get(name);
                facts.is_some_and(|f| f.runs() && f.real.as_ref().map(|r| &r.image) == last.images.get(name))
            })
    })
}

/// Refused beforehand is better than full in the midst of it.
fn enough_disk(observation: &Observation) -> Result<(), Problem> {
    use stapel_text::bytes;
    match observation.rooms.iter().find(|room| room.needed() > room.free) {
        None => Ok(()),
        Some(room) => Err(problem!(
            Refused,
            "core-disk-full",
            path = &room.path,
            needed = bytes(room.needed()),
            free = bytes(room.free),
            dumps = bytes(room.dumps),
            files = bytes(room.files),
            images = bytes(room.images)
        )),
    }
}

#[cfg(test)]
mod tests;

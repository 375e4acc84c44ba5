use std::collections::{BTreeMap, BTreeSet};

use stapel_text::{Problem, Text, problem, text};

use super::hooks::with_hooks;
use super::{Chosen, Goal, Plan, Planned, StepSpec, digest};
use crate::Touched;
use crate::config::{Check, Config, Service};
use crate::observation::{LastRelease, Observation, Registry, Schema, ServiceFacts, Then};

/// Chooses a rollout for a service; the rollouts themselves are another room's.
pub trait Rollouts {
    /// The rollout for a service in this state.
    ///
    /// # Errors
    /// When the configured rollout does not suit.
    fn choose(&self, service: &str, config: &Config, facts: &ServiceFacts) -> Result<Chosen, Problem>;

    /// Stop and start again, of a service that runs: no relay, no other instance.
    fn stop_and_start(&self, service: &str) -> Chosen;
}

/// Makes the plan. An app that already is as the goal says needs no step.
///
/// # Errors
/// A problem of class `Refused` where the goal cannot be reached from what is there.
pub fn make(config: &Config, observation: &Observation, goal: &Goal, rollouts: &dyn Rollouts) -> Result<Plan, Problem> {
    let mut plan = Plan { basis: basis(observation), ..Plan::none(goal.clone()) };
    if let Goal::Restart { services, hard } = goal {
        restart(config, observation, services, *hard, rollouts, &mut plan)?;
        return Ok(plan);
    }
    if unchanged(config, observation, goal) {
        return Ok(plan);
    }
    enough_disk(observation)?;
    images_there(observation, goal)?;
    let works: BTreeMap<&String, Work> =
        config.services.iter().map(|(name, service)| (name, work(name, service, observation, goal))).collect();
    let migrates = migrates(config, observation, goal, &works);
    // Where nothing but files changes, nothing of the app's can get worse.
    let acts = migrates || works.values().any(|work| work.replaces());
    let mut add = |spec: StepSpec, why: Option<Text>| {
        plan.steps.push(planned(spec, why));
    };
    let serves = observation.serves();
    if acts && serves {
        add(StepSpec::Baseline, None);
    }
    // Also where the app does not serve: what is in its database is not lost for that.
    for name in observation.databases.keys().filter(|_| acts) {
        add(StepSpec::Backup { database: name.clone() }, None);
    }
    add(StepSpec::Ship, Some(text!("core-why-ship", files = observation.files_differ, foreign = observation.foreign)));
    if let Some(checkout) = &observation.checkout
        && let Some(commit) = checkout.goal.clone().filter(|goal| Some(goal) != checkout.head.as_ref())
    {
        add(StepSpec::Checkout { commit }, None);
    }
    for (name, service) in &config.services {
        let work = &works[name];
        if !matches!(work, Work::Hold { .. }) && observation.services.get(name).is_some_and(ServiceFacts::runs) {
            add(StepSpec::KeepImage { service: name.clone() }, None);
        }
        match work {
            Work::Build { why } => {
                let pull = observation.services.get(name).is_some_and(|facts| facts.pulled.is_some());
                add(StepSpec::Build { service: name.clone(), no_cache: service.no_cache, pull }, why.clone());
            }
            Work::Point { release } => add(StepSpec::PointImage { service: name.clone(), release: *release }, None),
            Work::Hold { why, .. } => add(StepSpec::HoldImage { service: name.clone() }, Some(why.clone())),
        }
    }
    if let Some(migration) = config.migration.as_ref().filter(|_| migrates) {
        // Where nothing is replaced, what serves is what the schema is for.
        let serves = serves && !works.values().any(|work| work.replaces());
        let service = migration.service.clone();
        add(StepSpec::Migrate { service, serves }, observation.schema.as_ref().map(pending));
    }
    let mut gap_s = 0.0;
    let unknown = ServiceFacts::default();
    let (mut moving, mut before, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for name in in_order(config.services.keys(), observation).into_iter().filter(|name| works[*name].replaces()) {
        let chosen = rollouts.choose(name, config, observation.services.get(name).unwrap_or(&unknown))?;
        gap_s += chosen.gap_s;
        let mut why = Some(chosen.why);
        moving.extend(chosen.phases.into_iter().map(|phase| (phase, why.take())));
        if let Some([first, last]) = chosen.standby.filter(|_| stands_by(name, config, observation, goal)) {
            before.push(first);
            behind.push(last);
        }
    }
    before.into_iter().for_each(|phase| add(phase, None));
    moving.into_iter().for_each(|(phase, why)| add(phase, why));
    behind.into_iter().for_each(|phase| add(phase, None));
    if acts {
        add(StepSpec::Verify, None);
    }
    if let (Goal::Rollback { down_to: Some(to), .. }, Some(migration)) = (goal, &config.migration) {
        add(StepSpec::MigrateDown { service: migration.service.clone(), to: to.clone() }, None);
    }
    if acts && serves {
        add(StepSpec::Watch, None);
    }
    for check in config.checks.iter().filter(|check| acts && asked(check, config, goal)) {
        add(StepSpec::Ask { check: check.name.clone() }, None);
    }
    add(StepSpec::Prune, None);
    plan.steps = with_hooks(plan.steps, &config.hooks);
    plan.gap_s = gap_s;
    Ok(plan)
}

/// Whether the former version of a service can stand by while the new one is watched. It is started once more then, behind the
/// new one, and must neither mind what is there nor change it: not with mounted files of the other version, not where it can
/// write what they share, and not where the schema becomes another one.
fn stands_by(name: &str, config: &Config, observation: &Observation, goal: &Goal) -> bool {
    let touched = observation.services.get(name).and_then(|facts| facts.touched.as_ref());
    let writes = observation.services.get(name).is_none_or(|facts| facts.writes);
    let migrates = match goal {
        Goal::Rollback { down_to, .. } => down_to.is_some(),
        Goal::Deploy { .. } if config.migration.is_some() && may_migrate(goal) => {
            observation.schema.as_ref().is_none_or(|schema| !schema.pending.is_empty())
        }
        Goal::Deploy { .. } | Goal::Restart { .. } => false,
    };
    config.relay.standby && !migrates && !writes && touched.is_some_and(|touched| touched.mounts == 0)
}

/// Whether a person is asked at the end of this release: not on the way back; of several phases in those whose gates name the
/// check, and where none does, in the last one.
fn asked(check: &Check, config: &Config, goal: &Goal) -> bool {
    let named = config.phases.iter().any(|phase| phase.gate.iter().flatten().any(|name| *name == check.name));
    let due = || goal.phase().is_none_or(|phase| phase.names(&check.name) || (!named && phase.number == phase.of));
    check.asks().is_some() && matches!(goal, Goal::Deploy { .. }) && due()
}

/// What a release has to do for a service.
enum Work {
    /// Build its image, and replace it.
    Build { why: Option<Text> },
    /// Take the image of an earlier release, and replace it.
    Point { release: u64 },
    /// Leave its image, and replace it or not even that.
    Hold { why: Text, replaces: bool },
}

impl Work {
    fn replaces(&self) -> bool {
        !matches!(self, Self::Hold { replaces: false, .. })
    }
}

/// By what the changed files are to the service. Where that cannot be told it is built: what has not changed is in the
/// cache then.
fn work(name: &str, service: &Service, observation: &Observation, goal: &Goal) -> Work {
    if let Goal::Rollback { to, .. } = goal {
        let facts = observation.services.get(name).filter(|facts| facts.then == Some(Then::Nothing));
        let Some(facts) = facts else { return Work::Point { release: *to } };
        // It may read what goes back all the same.
        let touched = facts.touched.as_ref();
        let replaces = touched.is_some_and(|t| !t.env.is_empty() || t.definition || t.mounts > 0);
        return Work::Hold { why: text!("core-why-hold-then", release = to.to_string()), replaces };
    }
    // Whether what was found was built from the files that lay beside it nobody knows.
    let last = observation.last.as_ref().filter(|last| !last.found);
    let released = last.and_then(|last| last.images.get(name));
    let facts = observation.services.get(name).filter(|facts| facts.runs());
    // What runs, what the next start would take and what the last release has put in service are the same.
    let ours = facts.is_some_and(|facts| {
        released.is_some() && facts.pointed.as_ref() == released && facts.real.as_ref().map(|r| &r.image) == released
    });
    let Some(touched) = facts.and_then(|facts| facts.touched.as_ref()).filter(|_| ours) else {
        return Work::Build { why: None };
    };
    let build = |why: Text| Work::Build { why: Some(why) };
    let registry = facts.and_then(|facts| facts.pulled);
    let args = other_args(name, service, last).filter(|_| registry.is_none());
    match touched {
        _ if registry == Some(Registry::Newer) => build(text!("core-why-pull")),
        _ if registry == Some(Registry::Silent) => build(text!("core-why-pull-silent")),
        _ if args.is_some() => build(text!("core-why-build-args", names = args.unwrap_or_default())),
        _ if service.no_cache => Work::Build { why: None },
        Touched { image, .. } if *image > 0 => build(text!("core-why-build", files = *image)),
        Touched { definition: true, .. } => build(text!("core-why-build-definition")),
        Touched { env, .. } if !env.is_empty() => {
            Work::Hold { why: text!("core-why-hold-env", files = env.join(", ")), replaces: true }
        }
        // Not by us: what lies on the host only was edited there.
        _ if facts.is_some_and(|facts| !facts.written.is_empty()) => {
            let written = facts.map(|facts| facts.written.join(", ")).unwrap_or_default();
            Work::Hold { why: text!("core-why-hold-written", files = written), replaces: true }
        }
        Touched { mounts, .. } if *mounts > 0 => {
            Work::Hold { why: text!("core-why-hold-mounts", files = *mounts), replaces: true }
        }
        _ => Work::Hold { why: text!("core-why-hold"), replaces: false },
    }
}

/// The names of the build arguments that are others than the last release built with; `None`: all are the same.
fn other_args(name: &str, service: &Service, last: Option<&LastRelease>) -> Option<String> {
    let none = BTreeMap::new();
    let before = last.and_then(|last| last.build_args.get(name)).unwrap_or(&none);
    let names: BTreeSet<_> = before.keys().chain(service.build_args.keys()).collect();
    let others: Vec<_> = names.into_iter().filter(|name| before.get(*name) != service.build_args.get(*name)).collect();
    (!others.is_empty()).then(|| others.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
}

/// Whether the migration tool has to run: it need not where its files are as they were and nothing is pending.
fn migrates(config: &Config, observation: &Observation, goal: &Goal, works: &BTreeMap<&String, Work>) -> bool {
    let (Goal::Deploy { .. }, Some(migration)) = (goal, &config.migration) else { return false };
    if !may_migrate(goal) {
        return false;
    }
    let pending = observation.schema.as_ref().map(|schema| !schema.pending.is_empty());
    match works.get(&migration.service) {
        Some(Work::Hold { replaces: false, .. }) => pending.unwrap_or_else(|| unmigrated(observation)),
        Some(Work::Hold { .. }) => pending != Some(false),
        _ => true,
    }
}

/// Whether the schema is this goal's business: it may be a later phase's.
fn may_migrate(goal: &Goal) -> bool {
    goal.phase().is_none_or(|phase| phase.migrates)
}

/// Whether the tree in service came there by a phase that leaves the schema to a later one, and none has come.
fn unmigrated(observation: &Observation) -> bool {
    observation.last.as_ref().is_some_and(|last| last.unmigrated)
}

/// Services, each after those that it needs, and otherwise as they come.
fn in_order<'a>(services: impl IntoIterator<Item = &'a String>, observation: &Observation) -> Vec<&'a String> {
    let mut left: Vec<&String> = services.into_iter().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |name: &String| {
            let facts = observation.services.get(name);
            facts.is_some_and(|facts| left.iter().any(|other| *other != name && facts.after.contains(*other)))
        };
        // No compose takes a circle; where there is one all the same, somebody has to be first.
        let next = left.iter().position(|name| !waits(name)).unwrap_or(0);
        order.push(left.remove(next));
    }
    order
}

fn planned(spec: StepSpec, why: Option<Text>) -> Planned {
    Planned { spec, why, does: None, undoes: None, takes_s: None, leaves: Vec::new() }
}

/// A service that releases replace is relayed, so that no request is lost. What makes its container anew would put in
/// service whatever its definition says by now, unseen and unchecked: then it is refused. Another service (a database) may
/// not bear two instances of itself and is stopped and started, as it is; so is everything where that is asked for.
fn restart(
    config: &Config,
    observation: &Observation,
    services: &[String],
    hard: bool,
    rollouts: &dyn Rollouts,
    plan: &mut Plan,
) -> Result<(), Problem> {
    let unknown = ServiceFacts::default();
    for name in in_order(services, observation) {
        let facts = observation.services.get(name).unwrap_or(&unknown);
        let relayed = !hard && config.services.contains_key(name);
        if !relayed && facts.real.is_none() {
            return Err(problem!(Refused, "core-restart-nothing", service = name));
        }
        let differs = facts.differs();
        let mut chosen = match differs {
            Some(what) if relayed && facts.runs() => {
                return Err(problem!(Refused, "core-restart-differs", service = name, what = what));
            }
            Some(what) if !relayed => {
                Chosen { why: text!("core-why-restart-differs", what = what), ..rollouts.stop_and_start(name) }
            }
            _ if relayed => rollouts.choose(name, config, facts)?,
            _ => rollouts.stop_and_start(name),
        };
        plan.gap_s += chosen.gap_s;
        let phases = chosen.phases.drain(..).enumerate();
        plan.steps.extend(phases.map(|(n, phase)| planned(phase, (n == 0).then(|| chosen.why.clone()))));
    }
    Ok(())
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
    // Another release may have put another image in service with the same tree.
    if matches!((goal, &observation.last), (Goal::Rollback { to, .. }, Some(last)) if last.id != *to) {
        return false;
    }
    let deploys = matches!(goal, Goal::Deploy { .. });
    let pending = observation.schema.as_ref().map(|schema| !schema.pending.is_empty());
    if deploys && may_migrate(goal) && pending.unwrap_or_else(|| config.migration.is_some() && unmigrated(observation))
    {
        return false;
    }
    observation.last.as_ref().is_some_and(|last| {
        Some(last.fingerprint.as_str()) == goal.fingerprint()
            && observation.files_differ == 0
            && config.services.keys().all(|name| {
                let facts = observation.services.get(name);
                facts.is_some_and(|f| {
                    // Where the registry does not tell it may have another one.
                    let other = deploys && matches!(f.pulled, Some(Registry::Newer | Registry::Silent));
                    let written = deploys && !f.written.is_empty();
                    let service = &config.services[name];
                    let args = deploys && f.pulled.is_none() && other_args(name, service, Some(last)).is_some();
                    !args
                        && !other
                        && !written
                        && f.runs()
                        && f.real.as_ref().map(|r| &r.image) == last.images.get(name)
                })
            })
    })
}

/// A way back without the image that it leads to is refused before anything is changed.
fn images_there(observation: &Observation, goal: &Goal) -> Result<(), Problem> {
    let Goal::Rollback { to, .. } = goal else { return Ok(()) };
    match observation.services.iter().find(|(_, facts)| facts.then == Some(Then::Gone)) {
        None => Ok(()),
        Some((service, _)) => Err(problem!(Refused, "core-image-gone", service = service, release = to.to_string())),
    }
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

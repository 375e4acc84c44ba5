use stapel_core::config::Config;
use stapel_core::observation::ServiceFacts;
use stapel_core::plan::{Chosen, Rollouts, StepSpec};
use stapel_release::Step;
use stapel_text::{Problem, Text, problem, text};

use crate::Context;
use crate::recreate::Recreate;
use crate::relay::Relay;
use crate::restart::Restart;
use crate::start::Start;

/// One way for new instances to take over traffic.
pub trait Rollout: Sync {
    /// Its name in plans and in `stapel.toml`.
    fn name(&self) -> &'static str;

    /// Whether it suits a service in this state, and why; `None`: it does not.
    fn suits(&self, facts: &ServiceFacts) -> Option<Text>;

    /// Seconds in which a request could be lost.
    fn gap_s(&self) -> f64;

    /// The names of its phases in their order.
    fn phases(&self) -> &'static [&'static str];

    /// The names of two further phases where the former version can stand by until it is known that it is not needed: one
    /// before all others that makes it ready, one behind them that starts it.
    fn standby(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// The step of a phase; `None` for a name that is none of [`Rollout::phases`] and [`Rollout::standby`].
    fn step(&self, phase: &str, service: &str, context: &Context) -> Option<Box<dyn Step>>;
}

/// Every rollout, in the order in which they are tried.
#[must_use]
pub fn all() -> &'static [&'static dyn Rollout] {
    &[&Start, &Relay, &Recreate, &Restart]
}

/// Makes the step of a phase that a plan names.
///
/// # Errors
/// `rollouts-unknown` for a plan of another version that names what this one does not have.
pub fn step(rollout: &str, phase: &str, service: &str, context: &Context) -> Result<Box<dyn Step>, Problem> {
    let found = all().iter().find(|r| r.name() == rollout).and_then(|r| r.step(phase, service, context));
    found.ok_or_else(|| problem!(Failed, "rollouts-unknown", rollout = rollout, phase = phase))
}

/// The choice among all of them, for the planner.
pub struct All;

impl Rollouts for All {
    fn choose(&self, service: &str, config: &Config, facts: &ServiceFacts) -> Result<Chosen, Problem> {
        let wanted = config.services.get(service).and_then(|s| s.rollout.as_deref());
        // What does not run yet is started, whatever rollout it will have later.
        if wanted == Some(Start.name()) && facts.runs() {
            return Err(problem!(Refused, "rollouts-start-runs", service = service));
        }
        let candidates = all().iter().filter(|r| !facts.runs() || wanted.is_none_or(|w| w == r.name()));
        let found = candidates.filter_map(|r| r.suits(facts).map(|why| (r, why))).next();
        let Some((rollout, why)) = found else {
            return Err(problem!(Refused, "rollouts-none", service = service, wanted = wanted.unwrap_or("-")));
        };
        Ok(chosen(*rollout, service, why))
    }

    fn stop_and_start(&self, service: &str) -> Chosen {
        chosen(&Restart, service, text!("rollouts-why-restart"))
    }
}

fn chosen(rollout: &dyn Rollout, service: &str, why: Text) -> Chosen {
    let phase = |phase: &str| StepSpec::Phase {
        rollout: rollout.name().to_owned(),
        phase: phase.to_owned(),
        service: service.to_owned(),
    };
    Chosen {
        phases: rollout.phases().iter().map(|name| phase(name)).collect(),
        standby: rollout.standby().map(|names| names.map(phase)),
        why,
        gap_s: rollout.gap_s(),
    }
}

use super::{Planned, StepSpec};
use crate::config::{Hook, When};

/// The steps with the hooks among them: before the first and after the last step of the name they were given; those of the
/// release as a whole are outermost. A hook whose step is not in the plan is not, either.
pub(super) fn with_hooks(steps: Vec<Planned>, hooks: &[Hook]) -> Vec<Planned> {
    let names: Vec<_> = steps.iter().map(|step| step.spec.point()).collect();
    let last = steps.len().saturating_sub(1);
    let at = |hook: &Hook| match (hook.step.as_str(), hook.when) {
        ("release", When::Before) => Some(0),
        ("release", When::After) => Some(last),
        (step, When::Before) => names.iter().position(|name| *name == Some(step)),
        (step, When::After) => names.iter().rposition(|name| *name == Some(step)),
    };
    let there = |index: usize, when: When, release: bool| {
        hooks.iter().enumerate().filter(move |(_, hook)| {
            hook.when == when && (hook.step == "release") == release && at(hook) == Some(index)
        })
    };
    let mut all = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        all.extend([true, false].iter().flat_map(|release| there(index, When::Before, *release)).map(planned));
        all.push(step);
        all.extend([false, true].iter().flat_map(|release| there(index, When::After, *release)).map(planned));
    }
    all
}

fn planned((index, hook): (usize, &Hook)) -> Planned {
    let spec = StepSpec::Hook { hook: index + 1, when: hook.when, point: hook.step.clone() };
    Planned { spec, why: None, does: None, undoes: None, takes_s: None, leaves: Vec::new() }
}

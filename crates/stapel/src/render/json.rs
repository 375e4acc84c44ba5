//! What programs get with `--json`: one object a line.

use serde_json::{Value, json};
use stapel_agent::protocol::Details;
use stapel_core::observation::Observation;
use stapel_core::plan::Plan;
use stapel_git::Since;
use stapel_release::Release;
use stapel_text::{Problem, Rendered};

pub(super) fn problem(problem: &Problem, rendered: &Rendered) -> Value {
    json!({
        "problem": {
            "code": problem.code(),
            "class": problem.class,
            "exit_code": problem.class.exit_code(),
            "message": rendered.message,
            "remedy": rendered.remedy,
            "data": problem,
        }
    })
}

pub(super) fn plan(plan: &Plan, observation: &Observation, since: Option<&Since>) -> Value {
    json!({
        "plan": plan,
        "fingerprint": plan.fingerprint(),
        "takes_s": plan.takes_s(),
        "commits": since,
        "observation": observation,
    })
}

/// The last line of every command that runs a release.
pub(super) fn release(release: &Release) -> Value {
    json!({
        "release": release.id,
        "doing": release.doing,
        "outcome": release.outcome,
        "seconds": release.seconds(),
        "problem": release.problem,
    })
}

/// All that is known of a release.
pub(super) fn details(details: &Details) -> Value {
    let steps: Vec<Value> = details
        .states
        .iter()
        .zip(&details.release.plan.steps)
        .map(|(state, planned)| json!({ "state": state, "spec": planned.spec, "does": planned.does }))
        .collect();
    let mut all = json!(details);
    all["steps"] = json!(steps);
    all
}

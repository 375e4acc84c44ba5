use stapel_text::{Text, text};

use super::{Goal, Plan, StepSpec};
use crate::observation::Observation;

/// How far the way back of a plan reaches, in words: what a person wants to know before agreeing.
#[must_use]
pub fn reach(plan: &Plan, observation: &Observation) -> Text {
    if let Goal::Rollback { down_to: Some(to), .. } = &plan.goal {
        return text!("core-reach-down", to = if to.is_empty() { "-" } else { to });
    }
    if matches!(plan.goal, Goal::Restart { .. }) {
        return text!("core-reach-restart");
    }
    if !plan.steps.iter().any(|step| matches!(step.spec, StepSpec::Migrate { .. })) {
        return text!("core-reach-all");
    }
    match &observation.schema {
        Some(schema) if schema.pending.is_empty() => text!("core-reach-all"),
        Some(schema) => text!("core-reach-schema", count = schema.pending.len()),
        None => text!("core-reach-schema-unknown"),
    }
}

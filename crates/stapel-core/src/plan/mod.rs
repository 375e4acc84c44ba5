//! The plan: the steps from what is there to the goal. A pure function of configuration, observation and goal.

mod goal;
mod hooks;
mod make;
mod reach;
mod spec;

pub use goal::{Goal, PhaseGoal};
pub use make::{Rollouts, make};
pub use reach::reach;
pub use spec::{Chosen, HOOK_POINTS, Plan, Planned, Residue, StepSpec, digest};

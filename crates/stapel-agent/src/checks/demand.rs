use stapel_core::config::Check;
use stapel_core::plan::PhaseGoal;
use stapel_probe::baseline::Baseline;
use stapel_release::StepContext;
use stapel_text::Problem;

use super::BASELINE;
use crate::Site;

/// Which of the checks have to hold.
pub(crate) enum Demand {
    /// All of them: it is a new version.
    All,
    /// Those that held in the baseline: it must be as good as it was, not better.
    AsBefore(Baseline),
    /// Those of the phase's gate, also where they did not hold before; of the others those that held in the baseline.
    Gate(Box<PhaseGoal>, Baseline),
}

impl Demand {
    /// Of the version that a release puts in service.
    pub(crate) fn of_new(site: &Site, cx: &StepContext<'_>) -> Result<Self, Problem> {
        Ok(match site.journal.plan(cx.release())?.goal.phase() {
            None => Self::All,
            Some(phase) => Self::Gate(Box::new(phase.clone()), baseline(cx)?),
        })
    }

    /// Of the version that was in service before it.
    pub(crate) fn of_former(cx: &StepContext<'_>) -> Result<Self, Problem> {
        baseline(cx).map(Self::AsBefore)
    }

    /// Whether this check has to.
    pub(super) fn includes(&self, check: &Check) -> bool {
        let held = |baseline: &Baseline| baseline.checks.get(&check.name).is_some_and(|seen| seen.ok > 0);
        match self {
            Self::All => true,
            Self::AsBefore(baseline) => held(baseline),
            Self::Gate(phase, baseline) => phase.demands(&check.name) || held(baseline),
        }
    }
}

/// Nothing held where there was none.
fn baseline(cx: &StepContext<'_>) -> Result<Baseline, Problem> {
    Ok(cx.fact(BASELINE)?.unwrap_or_default())
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stapel_core::ports::{Instance, World};
use stapel_release::StepContext;
use stapel_text::Problem;

/// Which version an instance is of, as far as the checks are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The one that the release puts in service.
    New,
    /// The one that was in service before: on the way back it must be as good as it was, not better.
    Former,
}

/// The checks as a rollout sees them: may this instance be let in?
#[async_trait]
pub trait Gate: Send + Sync {
    /// Asks the checks of this instance, past all proxies, before it gets any traffic.
    async fn admits(&self, instance: &Instance, version: Version, step: &StepContext<'_>) -> Result<(), Problem>;
}

/// What every phase of a rollout works with.
#[derive(Clone)]
pub struct Context {
    /// The running app.
    pub world: World,
    /// The checks.
    pub gate: Arc<dyn Gate>,
    /// How long a start may take until it is healthy.
    pub healthy_within: Duration,
    /// How long an instance that is asked to stop may take.
    pub grace: Duration,
    /// How long what is open at an instance that goes may take to end.
    pub drain: Duration,
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stapel_core::ports::{Instance, World};
use stapel_text::Problem;

/// The checks as a rollout sees them: may this instance be let in?
#[async_trait]
pub trait Gate: Send + Sync {
    /// Asks the checks of this instance, past all proxies, before it gets any traffic.
    async fn admits(&self, instance: &Instance) -> Result<(), Problem>;
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
}

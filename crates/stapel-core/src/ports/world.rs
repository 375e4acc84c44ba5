use std::sync::Arc;

use super::{Exec, Images, Instances, Traffic};

/// All that a step may touch of the running app.
#[derive(Clone)]
pub struct World {
    /// Images.
    pub images: Arc<dyn Images>,
    /// Running copies.
    pub instances: Arc<dyn Instances>,
    /// Who gets the requests.
    pub traffic: Arc<dyn Traffic>,
    /// Commands inside running instances; `None` where the engine has no such thing.
    pub exec: Option<Arc<dyn Exec>>,
}

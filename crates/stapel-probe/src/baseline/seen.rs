use std::collections::BTreeMap;
use std::time::Duration;

use super::{Pulse, Traffic};
use crate::Look;

/// What was seen of an app for a time.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the checks saw, in the order in which they looked.
    pub looks: Vec<Look>,
    /// How many of these were made while the app warmed up: how long their answers took says little.
    pub cold_looks: usize,
    /// The critical lines that were logged ([`logs::errors`](crate::logs::errors)).
    pub errors: Vec<String>,
    /// The requests that were logged.
    pub traffic: Traffic,
    /// How the instances of each service fared.
    pub pulses: BTreeMap<String, Vec<Pulse>>,
    /// When it was warm, counted as [`Pulse::at`].
    pub warm: Duration,
    /// Whether this is all that is going to be seen: what could be chance, or pass, is judged at the end.
    pub over: bool,
}

//! HTTP checks.

mod ask;
mod check;
mod judge;
mod rule;
mod via;

pub use ask::certificate_ends;
pub use check::{HttpCheck, Method};
pub use rule::{JsonRule, JsonTest};
pub use via::Via;

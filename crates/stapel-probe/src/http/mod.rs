//! HTTP checks, and messages to those who are told.

mod ask;
mod check;
mod judge;
mod post;
mod rule;
mod via;

pub use ask::certificate_ends;
pub use check::{HttpCheck, Method};
pub use post::{Answer, post};
pub use rule::{JsonRule, JsonTest};
pub use via::Via;

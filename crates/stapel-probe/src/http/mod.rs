//! HTTP checks, and messages to those who are told.

mod ask;
mod check;
mod judge;
mod post;
mod rule;
mod via;

pub use ask::certificate_ends;
pub use check::HttpCheck;
pub use post::{Answer, post};
pub use via::Via;

//! What log lines tell: that something is badly wrong, and which requests were answered how.

mod access;
mod clean;
mod errors;
mod expression;
mod kind;
mod level;
mod patterns;
mod traceback;

pub use access::{Request, request};
pub use errors::errors;
pub use kind::kind;
pub use patterns::Patterns;

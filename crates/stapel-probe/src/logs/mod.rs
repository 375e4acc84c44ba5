//! Log lines that say that something is badly wrong.

mod clean;
mod errors;
mod expression;
mod kind;
mod level;
mod patterns;
mod traceback;

pub use errors::errors;
pub use kind::kind;
pub use patterns::Patterns;

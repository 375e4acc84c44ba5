//! Looking at the app: HTTP checks, log lines, and whether it is now worse than it was before.

pub mod baseline;
pub mod http;
pub mod logs;

mod look;

pub use look::Look;

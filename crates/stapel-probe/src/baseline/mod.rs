//! What the app was like before, and whether it is worse now.

mod compare;
mod gather;
mod latency;
mod seen;
mod traffic;
mod verdict;
mod vitals;

pub use compare::compare;
pub use gather::{Baseline, CheckBaseline};
pub use seen::Seen;
pub use traffic::{Answers, Traffic};
pub use verdict::Verdict;
pub use vitals::{Fares, Pulse};

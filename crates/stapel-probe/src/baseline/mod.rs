//! What the app was like before, and whether it is worse now.

mod compare;
mod gather;
mod verdict;

pub use compare::compare;
pub use gather::{Baseline, CheckBaseline};
pub use verdict::Verdict;

//! How new instances take over traffic: one file a rollout, with when it suits, its phases (each a journaled step) and
//! its gap. Rollouts know only the traits of `stapel_core::ports`; Docker and the embedded runtime stand behind them.

mod context;
mod healthy;
mod recreate;
mod relay;
mod restart;
mod rollout;
mod start;

pub use context::{Context, Gate, Version};
pub use relay::MOVED;
pub use rollout::{All, Rollout, all, step};

//! The pure heart of Stapel: configuration, observation, plan and verdicts, and the traits behind which all effects lie.
//!
//! Nothing here touches a file, a socket, a clock or a process: what the world is like comes in as data, what to do
//! goes out as data. That is what lets a plan be shown, compared and tested.

pub mod config;
pub mod examination;
pub mod observation;
pub mod plan;
pub mod ports;
mod touched;

pub use touched::Touched;

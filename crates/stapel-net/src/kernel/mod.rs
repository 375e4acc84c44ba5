//! What only a Linux kernel can do, in one place: the program is built for macOS too, where it is the operator's command and
//! never an agent.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod others;

#[cfg(target_os = "linux")]
pub use linux::enter;
#[cfg(target_os = "linux")]
pub(crate) use linux::{make_transparent, original_port, packets};
#[cfg(not(target_os = "linux"))]
pub use others::enter;
#[cfg(not(target_os = "linux"))]
pub(crate) use others::{make_transparent, original_port, packets};

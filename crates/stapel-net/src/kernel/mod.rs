//! What only a Linux kernel can do, in one place: the program is built for macOS too, where it is the operator's command and
//! never an agent.

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
mod diag;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod others;

#[cfg(target_os = "linux")]
pub(crate) use diag::tcp_sockets;
#[cfg(target_os = "linux")]
pub use linux::enter;
#[cfg(target_os = "linux")]
pub(crate) use linux::{make_transparent, original_port, packets};
#[cfg(not(target_os = "linux"))]
pub use others::enter;
#[cfg(not(target_os = "linux"))]
pub(crate) use others::{make_transparent, original_port, packets, tcp_sockets};

/// A socket as the kernel tells of it.
#[derive(Debug)]
pub(crate) struct TcpSocket {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// Its state, by the kernel's numbers.
    pub(crate) state: u8,
    /// Bytes not read yet; for a listener the connections not accepted yet.
    pub(crate) waiting: u32,
    /// 0 while no process has accepted it.
    pub(crate) inode: u64,
}

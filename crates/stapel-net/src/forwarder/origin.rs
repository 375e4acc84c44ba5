use tokio::net::TcpStream;

use crate::kernel;

/// The port that the client meant. TPROXY leaves it in the socket's own address; REDIRECT rewrites it, and the
/// connection tracking remembers it.
pub(super) fn original_port(stream: &TcpStream, expected: u16) -> Option<u16> {
    let local = stream.local_addr().ok()?;
    if local.port() == expected {
        return Some(expected);
    }
    kernel::original_port(stream, local.is_ipv4())
}

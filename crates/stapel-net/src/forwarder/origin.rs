use nix::sys::socket::{getsockopt, sockopt};
use tokio::net::TcpStream;

/// The port that the client meant. TPROXY leaves it in the socket's own address; REDIRECT rewrites it, and the
/// connection tracking remembers it.
pub(super) fn original_port(stream: &TcpStream, expected: u16) -> Option<u16> {
    let local = stream.local_addr().ok()?;
    if local.port() == expected {
        return Some(expected);
    }
    let port = if local.is_ipv4() {
        getsockopt(stream, sockopt::OriginalDst).ok()?.sin_port
    } else {
        getsockopt(stream, sockopt::Ip6tOriginalDst).ok()?.sin6_port
    };
    Some(u16::from_be(port))
}

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::kernel;

/// The kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 65535;
/// How often another port is tried when the one that the kernel chose for IPv4 is taken for IPv6.
const TRIES: u32 = 16;

/// Listeners on all addresses at one port, for IPv4 and, where the kernel has it, IPv6. They accept what TPROXY
/// brings, that is connections to another port than their own. Needs `CAP_NET_ADMIN`.
pub(super) fn listen(port: u16) -> io::Result<Vec<TcpListener>> {
    let mut failed = None;
    for _ in 0..TRIES {
        let v4 = listener((Ipv4Addr::UNSPECIFIED, port).into())?;
        let chosen = v4.local_addr()?.port();
        match listener((Ipv6Addr::UNSPECIFIED, chosen).into()) {
            Ok(v6) => return Ok(vec![v4, v6]),
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && port == 0 => failed = Some(e),
            Err(e) if no_ipv6(&e) => return Ok(vec![v4]),
            Err(e) => return Err(e),
        }
    }
    Err(failed.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

fn no_ipv6(error: &io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL].iter().any(|e| error.raw_os_error() == Some(e.raw_os_error()))
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    kernel::make_transparent(&socket, address.is_ipv4())?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

use std::convert::Infallible;
use std::io::{Error, ErrorKind, Result};

use socket2::Socket;
use tokio::net::TcpStream;

use super::TcpSocket;

/// On Linux it takes this thread to the network namespace of a process.
///
/// # Errors
/// Always, here.
pub fn enter(_: i32) -> Result<()> {
    Err(Error::from(ErrorKind::Unsupported))
}

pub(crate) fn make_transparent(_: &Socket, _: bool) -> Result<()> {
    Err(Error::from(ErrorKind::Unsupported))
}

pub(crate) fn tcp_sockets() -> Result<Vec<TcpSocket>> {
    Err(Error::from(ErrorKind::Unsupported))
}

pub(crate) fn original_port(_: &TcpStream, _: bool) -> Option<u16> {
    None
}

pub(crate) fn packets(
    _: i32,
    _: u16,
    _: impl FnOnce() -> Result<()>,
    _: impl Fn(&mut Vec<u8>) -> bool,
) -> Result<Infallible> {
    Err(Error::from(ErrorKind::Unsupported))
}

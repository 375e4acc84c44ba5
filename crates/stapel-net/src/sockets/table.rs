use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::kernel::TcpSocket;

/// A state of TCP, by the kernel's numbers (`include/net/tcp_states.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

impl State {
    /// None for `TIME_WAIT`: nobody waits for anything there any more, and a busy host has a hundred thousand of them.
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            // 12 is a request that has no socket of its own yet.
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            _ => return None,
        })
    }

    /// Whether somebody still waits for something on an accepted connection. In `FIN_WAIT2` the peer has said and
    /// delivered all that it had to say.
    pub(crate) fn open(self) -> bool {
        matches!(
            self,
            Self::SynReceived | Self::Established | Self::FinWait1 | Self::CloseWait | Self::LastAck | Self::Closing
        )
    }
}

/// One TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) state: State,
    /// Bytes not read yet; for a listener the connections not accepted yet.
    pub(crate) waiting: u32,
    /// The socket's inode; 0 while no process has accepted it.
    pub(crate) inode: u64,
}

impl Row {
    pub(super) fn of(found: TcpSocket) -> Option<Self> {
        // A dual-stack listener shows IPv4 as `::ffff:a.b.c.d`.
        let plain = |a: SocketAddr| SocketAddr::new(a.ip().to_canonical(), a.port());
        let TcpSocket { local, remote, state, waiting, inode } = found;
        Some(Self { local: plain(local), remote: plain(remote), state: State::of(state)?, waiting, inode })
    }
}

/// Reads `/proc/net/tcp` or `tcp6`; lines that are not a socket in one of these states (the heading) are passed over.
///
/// # Errors
/// Those of reading.
pub(super) fn parse(mut text: impl BufRead) -> io::Result<Vec<Row>> {
    let (mut rows, mut line) = (Vec::new(), String::new());
    while text.read_line(&mut line)? > 0 {
        rows.extend(row(&line));
        line.clear();
    }
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote) = (fields.next()?, fields.next()?);
    let state = State::of(u8::from_str_radix(fields.next()?, 16).ok()?)?;
    let (local, remote) = (address(local)?, address(remote)?);
    let waiting = u32::from_str_radix(fields.next()?.split_once(':')?.1, 16).ok()?;
    let inode = fields.nth(4)?.parse().ok()?;
    Some(Row { local, remote, state, waiting, inode })
}

/// `0100007F:1F40`: 32-bit words in the machine's own byte order, the port as a plain number.
fn address(text: &str) -> Option<SocketAddr> {
    let (hex, port) = text.split_once(':')?;
    let word = |n: usize| Some(u32::from_str_radix(hex.get(n * 8..n * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip: IpAddr = match hex.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes = <[u8; 16]>::try_from(words.concat()).ok()?;
            // As above.
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 31337 1 0 100 0 0 10 0
   1: 040012AC:1F40 010012AC:C350 01 00000000:00000000 00:00000000 00000000     0        0 31338 1 0 20 4 30 10 -1
   2: 040012AC:1F40 010012AC:C351 06 00000000:00000000 03:00000F00 00000000     0        0 0 3 0
   3: 040012AC:1F40 010012AC:C352 03 00000000:00000000 01:00000064 00000000     0        0 0 0 0
   4: 040012AC:C353 050012AC:1538 01 00000000:00000000 00:00000000 00000000     0        0 31339 1 0 20 4 30 10 -1
   5: 040012AC:1F40 010012AC:C354 08 00000000:00000001 00:00000000 00000000     0        0 31340 1 0 20 4 30 10 -1
   6: 040012AC:1F40 010012AC:C355 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
";
    const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF0000040012AC:1F40 0000000000000000FFFF0000010012AC:C360 01 00000000:00000000 00:00000000 00000000     0        0 41 1 0 20 4 30 10 -1
   1: 00000000000000000000000001000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 42 1 0 100 0 0 10 0
";

    fn rows(text: &str) -> Vec<Row> {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn addresses_states_and_queues_are_read() {
        let rows = rows(TCP);
        assert_eq!(rows.len(), 6, "without the one in TIME_WAIT");
        assert_eq!((rows[0].state, rows[0].waiting, rows[0].inode), (State::Listen, 2, 31337));
        assert_eq!(rows[1].local, "172.18.0.4:8000".parse().unwrap());
        assert_eq!(rows[1].remote, "172.18.0.1:50000".parse().unwrap());
    }

    #[test]
    fn what_is_open_is_counted() {
        let open: Vec<_> =
            rows(TCP).iter().filter(|r| r.state.open() && r.local.port() == 8000).map(|r| r.state).collect();
        assert_eq!(open, [State::Established, State::SynReceived, State::CloseWait]);
    }

    #[test]
    fn ipv6_and_mapped_ipv4() {
        let rows = rows(TCP6);
        assert_eq!(rows[0].local, "172.18.0.4:8000".parse().unwrap());
        assert_eq!(rows[1].local, "[::1]:8000".parse().unwrap());
    }

    #[test]
    fn a_broken_line_is_passed_over() {
        assert_eq!(rows("0: 00:1 x\n\n1: 0100007F:1F40\n2: é0000000:1F40 0:0 01 0:0").len(), 0);
    }
}

/// The number of TCP in an IP header.
const TCP: u8 = 6;

/// Applies `change` to the payload of an IPv4 TCP packet, and makes the checksum right where it changed something. A packet
/// that is none of that, or is not whole, is left as it is.
pub(super) fn with_payload(packet: &mut [u8], change: impl FnOnce(&mut [u8]) -> bool) -> bool {
    let Some((tcp, payload)) = offsets(packet) else { return false };
    if !change(&mut packet[payload..]) {
        return false;
    }
    packet[tcp + 16..tcp + 18].fill(0);
    let sum = checksum(packet, tcp);
    packet[tcp + 16..tcp + 18].copy_from_slice(&sum.to_be_bytes());
    true
}

/// Where the TCP header and its payload begin.
fn offsets(packet: &[u8]) -> Option<(usize, usize)> {
    let first = *packet.first()?;
    let tcp = usize::from(first & 0x0f) * 4;
    let length = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
    if first >> 4 != 4 || tcp < 20 || *packet.get(9)? != TCP || length != packet.len() {
        return None;
    }
    let payload = tcp + usize::from(packet.get(tcp + 12)? >> 4) * 4;
    (payload >= tcp + 20 && payload <= packet.len()).then_some((tcp, payload))
}

/// RFC 9293, 3.1: over the addresses, the protocol, the length, and all of the segment.
fn checksum(packet: &[u8], tcp: usize) -> u16 {
    let segment = &packet[tcp..];
    let words = |bytes: &[u8]| -> u64 {
        bytes.chunks(2).map(|c| u64::from(u16::from_be_bytes([c[0], c.get(1).copied().unwrap_or(0)]))).sum()
    };
    let mut sum = words(&packet[12..20]) + u64::from(TCP) + segment.len() as u64 + words(segment);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    // Folded above: it fits.
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet as the kernel made it: 127.0.0.1:1 to 127.0.0.1:2, payload `hello`.
    fn packet() -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 45, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
        packet.extend([0, 1, 0, 2, 0, 0, 0, 9, 0, 0, 0, 7, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
        packet.extend(b"hello");
        packet
    }

    fn valid(packet: &[u8]) -> bool {
        // Over a segment with its right checksum the sum is all ones.
        checksum(packet, 20) == 0
    }

    #[test]
    fn a_changed_payload_has_a_right_checksum() {
        let mut packet = packet();
        assert!(with_payload(&mut packet, |p| {
            p.copy_from_slice(b"HELLO");
            true
        }));
        assert!(packet.ends_with(b"HELLO") && valid(&packet));
        packet[44] ^= 1;
        assert!(!valid(&packet));
    }

    #[test]
    fn what_is_not_changed_or_not_whole_is_left_alone() {
        let whole = packet();
        let mut same = whole.clone();
        assert!(!with_payload(&mut same, |_| false));
        assert_eq!(same, whole);
        for cut in 0..whole.len() {
            assert!(!with_payload(&mut whole[..cut].to_vec(), |_| true), "cut at {cut}");
        }
        for (at, value) in [(0, 0x65), (0, 0x44), (9, 17), (32, 0xf0), (32, 0x40)] {
            let mut other = whole.clone();
            other[at] = value;
            assert!(!with_payload(&mut other, |_| true), "byte {at} = {value}");
        }
    }
}

use bytes::{Buf, Bytes, BytesMut};
use stapel_text::{Problem, problem};

/// The most bytes that one frame carries: 16 MiB. Longer content goes in several.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// One byte for the kind and four for the length, big endian.
pub(crate) const HEADER: usize = 5;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON.
    Control,
    /// Bytes.
    Content,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// How to read the payload.
    pub kind: Kind,
    /// The message itself.
    pub payload: Bytes,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Control => 1,
            Self::Content => 2,
        }
    }

    fn of(byte: u8) -> Result<Self, Problem> {
        match byte {
            1 => Ok(Self::Control),
            2 => Ok(Self::Content),
            _ => Err(problem!(Failed, "wire-garbage", byte = format!("{byte:#04x}"))),
        }
    }
}

/// The header of a frame with so many bytes.
pub(crate) fn header(kind: Kind, length: usize) -> Result<[u8; HEADER], Problem> {
    let [a, b, c, d] =
        u32::try_from(length).ok().filter(|_| length <= MAX_PAYLOAD).ok_or_else(|| too_long(length))?.to_be_bytes();
    Ok([kind.byte(), a, b, c, d])
}

/// Takes the first frame out of what has arrived, once it is there as a whole. The header is judged as soon as it is
/// there, so that garbage is never waited for.
pub(crate) fn take(arrived: &mut BytesMut) -> Result<Option<Frame>, Problem> {
    let Some((&[kind, a, b, c, d], rest)) = arrived.split_first_chunk::<HEADER>() else { return Ok(None) };
    let kind = Kind::of(kind)?;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > MAX_PAYLOAD {
        return Err(too_long(length));
    }
    if rest.len() < length {
        arrived.reserve(HEADER + length - arrived.len());
        return Ok(None);
    }
    arrived.advance(HEADER);
    Ok(Some(Frame { kind, payload: arrived.split_to(length).freeze() }))
}

fn too_long(length: usize) -> Problem {
    problem!(Failed, "wire-too-long", length = length, limit = MAX_PAYLOAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_when_it_is_whole() {
        let mut whole = header(Kind::Content, 3).unwrap().to_vec();
        whole.extend(b"abc\x01");
        for cut in 0..8 {
            assert_eq!(take(&mut BytesMut::from(&whole[..cut])), Ok(None), "{cut}");
        }
        let mut arrived = BytesMut::from(&whole[..]);
        let frame = take(&mut arrived).unwrap().unwrap();
        assert_eq!((frame.kind, &frame.payload[..]), (Kind::Content, &b"abc"[..]));
        assert_eq!(&arrived[..], b"\x01");
    }

    #[test]
    fn what_is_too_long_is_refused_both_ways() {
        assert_eq!(header(Kind::Control, MAX_PAYLOAD + 1).unwrap_err().code(), "wire-too-long");
        let mut arrived = BytesMut::from(&[2, 1, 0, 0, 1][..]);
        assert_eq!(take(&mut arrived).unwrap_err().code(), "wire-too-long");
        let largest = header(Kind::Content, MAX_PAYLOAD).unwrap();
        assert_eq!(take(&mut BytesMut::from(&largest[..])), Ok(None));
    }

    #[test]
    fn garbage_is_refused() {
        assert_eq!(take(&mut BytesMut::from(&b"Segmentation fault"[..])).unwrap_err().code(), "wire-garbage");
    }
}

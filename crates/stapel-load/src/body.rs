use httparse::Status;

use crate::fault::Fault;
use crate::head::Framing;

/// A chunk's size line with extensions, or a line of the trailer, is never longer.
const MOST_LINE: usize = 8 * 1024;

/// Walks through a body to its end, keeping nothing.
#[derive(Debug)]
pub(crate) enum Body {
    /// So many bytes are to come.
    Counted(u64),
    /// At the size line of a chunk.
    Size,
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// At the line end behind a chunk.
    ChunkEnd,
    /// In the trailer, behind the last chunk.
    Trailer,
    /// Until the server closes.
    UntilClose,
    /// Behind the end.
    Done,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Done,
            Framing::Length(length) => Self::Counted(length),
            Framing::Chunked => Self::Size,
            Framing::UntilClose => Self::UntilClose,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether the body ends here if the server closes here.
    pub(crate) fn ends_at_close(&self) -> bool {
        matches!(self, Self::Done | Self::UntilClose)
    }

    /// Goes one step on and says how many of `bytes` it has used, and how many of those are content's. Zero: needs
    /// more.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        match self {
            Self::Done => Ok((0, false)),
            Self::UntilClose => Ok((bytes.len(), true)),
            Self::Counted(left) | Self::Chunk(left) => {
                let used = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= used as u64;
                if *left == 0 {
                    *self = if matches!(self, Self::Chunk(_)) { Self::ChunkEnd } else { Self::Done };
                }
                Ok((used, true))
            }
            Self::Size => match httparse::parse_chunk_size(bytes) {
                Ok(Status::Complete((used, size))) => {
                    *self = if size == 0 { Self::Trailer } else { Self::Chunk(size) };
                    Ok((used, false))
                }
                Ok(Status::Partial) if bytes.len() < MOST_LINE => Ok((0, false)),
                _ => Err(Fault::protocol("chunk size")),
            },
            Self::ChunkEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    *self = Self::Size;
                    Ok((2, false))
                }
                [] | [b'\r'] => Ok((0, false)),
                _ => Err(Fault::protocol("chunk end")),
            },
            Self::Trailer => match bytes.iter().position(|b| *b == b'\n') {
                Some(at) => {
                    if matches!(&bytes[..at], [] | [b'\r']) {
                        *self = Self::Done;
                    }
                    Ok((at + 1, false))
                }
                None if bytes.len() < MOST_LINE => Ok((0, false)),
                None => Err(Fault::protocol("trailer")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes in pieces of this size; gives the content and what was left over.
    fn walk(framing: Framing, bytes: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>, bool), Fault> {
        let (mut body, mut buffer, mut content) = (Body::new(framing), Vec::new(), Vec::new());
        for more in bytes.chunks(piece) {
            buffer.extend_from_slice(more);
            loop {
                let (used, is_content) = body.step(&buffer)?;
                if used == 0 {
                    break;
                }
                let taken: Vec<u8> = buffer.drain(..used).collect();
                if is_content {
                    content.extend(taken);
                }
            }
        }
        Ok((content, buffer, body.is_done()))
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let chunked = b"4;x=1\r\nWiki\r\n6\r\npedia \r\n0\r\nsum: 1\r\n\r\nNEXT";
        for piece in 1..=chunked.len() {
            let (content, left, done) = walk(Framing::Chunked, chunked, piece).unwrap();
            assert_eq!(
                (content.as_slice(), left.as_slice(), done),
                (&b"Wikipedia "[..], &b"NEXT"[..], true),
                "{piece}"
            );
            let (content, left, done) = walk(Framing::Length(4), b"WikiNEXT", piece).unwrap();
            assert_eq!((content.as_slice(), left.as_slice(), done), (&b"Wiki"[..], &b"NEXT"[..], true), "{piece}");
        }
    }

    #[test]
    fn a_body_that_stops_early_is_not_done() {
        for end in 0..b"4\r\nWiki\r\n0\r\n\r\n".len() {
            assert!(!walk(Framing::Chunked, &b"4\r\nWiki\r\n0\r\n\r\n"[..end], 3).unwrap().2, "{end}");
        }
        assert!(!walk(Framing::Length(5), b"Wiki", 3).unwrap().2);
    }

    #[test]
    fn rubbish_is_a_fault_and_not_a_panic() {
        assert!(walk(Framing::Chunked, b"zz\r\n", 9).is_err());
        assert!(walk(Framing::Chunked, b"1\r\nabc", 9).is_err());
        assert!(walk(Framing::Chunked, b"fffffffffffffffff\r\n", 99).is_err());
    }
}

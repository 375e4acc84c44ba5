use httparse::{EMPTY_HEADER, Response, Status};

use crate::fault::Fault;

/// Heads are a few hundred bytes; what is longer than this is no answer.
const MOST_HEAD: usize = 64 * 1024;

/// How the end of a body is found (RFC 9112, 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What counts in the head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    /// Whether the server will take another request on this connection.
    pub(crate) keeps: bool,
    /// Length of the head in bytes.
    pub(crate) length: usize,
}

impl Head {
    /// Reads a head, if it is there as a whole.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let mut fields = [EMPTY_HEADER; 100];
        let mut response = Response::new(&mut fields);
        let length = match response.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if bytes.len() < MOST_HEAD => return Ok(None),
            Ok(Status::Partial) => return Err(Fault::protocol("endless head")),
            Err(error) => return Err(Fault::protocol(named(error))),
        };
        let status = response.code.unwrap_or_default();
        let (mut close, mut keep) = (false, false);
        let (mut chunked, mut counted) = (None, None);
        for field in response.headers.iter() {
            let value = str::from_utf8(field.value).unwrap_or_default();
            let mut words = value.split(',').map(str::trim);
            if field.name.eq_ignore_ascii_case("connection") {
                for word in words {
                    close |= word.eq_ignore_ascii_case("close");
                    keep |= word.eq_ignore_ascii_case("keep-alive");
                }
            } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = Some(words.next_back().is_some_and(|word| word.eq_ignore_ascii_case("chunked")));
            } else if field.name.eq_ignore_ascii_case("content-length") {
                let length: u64 = value.trim().parse().map_err(|_| Fault::protocol("content-length"))?;
                if counted.replace(length).is_some_and(|other| other != length) {
                    return Err(Fault::protocol("two content-lengths"));
                }
            }
        }
        let framing = match (status, chunked, counted) {
            (100..200 | 204 | 304, _, _) => Framing::Length(0),
            (_, Some(true), _) => Framing::Chunked,
            (_, None, Some(length)) => Framing::Length(length),
            (_, Some(false), _) | (_, None, None) => Framing::UntilClose,
        };
        let keeps = framing != Framing::UntilClose && !close && (response.version == Some(1) || keep);
        Ok(Some(Self { status, framing, keeps, length }))
    }
}

fn named(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "header name",
        httparse::Error::HeaderValue => "header value",
        httparse::Error::NewLine => "line end",
        httparse::Error::Status => "status",
        httparse::Error::Token => "token",
        httparse::Error::TooManyHeaders => "too many headers",
        httparse::Error::Version => "version",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn framing_is_found() {
        assert_eq!(head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").framing, Framing::Length(5));
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n";
        assert_eq!(head(both).framing, Framing::Chunked);
        assert_eq!(head("HTTP/1.1 200 OK\r\n\r\n").framing, Framing::UntilClose);
        assert_eq!(head("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n").framing, Framing::Length(0));
    }

    #[test]
    fn only_what_the_server_keeps_is_kept() {
        assert!(head("HTTP/1.1 204 No\r\n\r\n").keeps);
        assert!(!head("HTTP/1.1 204 No\r\nConnection: x, Close\r\n\r\n").keeps);
        assert!(!head("HTTP/1.0 204 No\r\n\r\n").keeps);
        assert!(head("HTTP/1.0 204 No\r\nconnection: keep-alive\r\n\r\n").keeps);
        assert!(!head("HTTP/1.1 200 OK\r\n\r\n").keeps);
    }

    #[test]
    fn what_is_no_answer_is_told_from_what_is_not_there_yet() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nconte").unwrap().is_none());
        assert!(Head::parse(b"SSH-2.0-x\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n").is_err());
        assert!(Head::parse(&[b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &[b'x'; MOST_HEAD]].concat()).is_err());
    }
}

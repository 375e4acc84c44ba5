//! The smallest HTTP client that a test can wait with.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// For the connection, and for each read.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as it was sent, chunk lengths included where it came in chunks.
    pub body: String,
}

/// Asks for `path` at this address and port, naming `host`, over a new connection.
///
/// # Errors
/// When no whole answer comes.
pub fn get(ip: IpAddr, port: u16, host: &str, path: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, port), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    parse(&String::from_utf8_lossy(&all))
}

fn parse(text: &str) -> Result<Answer> {
    let (head, body) = text.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let status =
        head.split_whitespace().nth(1).and_then(|word| word.parse().ok()).context("an answer without a status")?;
    Ok(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_is_none() {
        assert!(parse("HTTP/1.1 200 OK\r\nContent-Le").is_err());
        let whole = parse("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nno").unwrap();
        assert_eq!(whole, Answer { status: 404, body: "no".into() });
    }
}

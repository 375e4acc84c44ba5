/// What is put in.
const CLOSE: &[u8] = b"connection: close";

/// Makes the HTTP/1.1 answer that begins this payload say `connection: close`, in a header field that is overwritten at
/// equal length. Returns whether it did; a payload that is no such answer, one that already says so, one that changes the
/// protocol (101) and one without a field that could be spared are left as they are.
pub(super) fn say_close(payload: &mut [u8]) -> bool {
    if !payload.starts_with(b"HTTP/1.1 ") || payload.get(9) == Some(&b'1') {
        return false;
    }
    let fields = fields(payload);
    let named = |name: &str| fields.iter().find(|(from, to)| is(&payload[*from..*to], name)).copied();
    let (from, to) = match (named("connection"), named("date")) {
        // What it says about the connection counts; only keep-alive may be overwritten.
        (Some((from, to)), _) if contains(&payload[from..to], b"keep-alive") => (from, to),
        (Some(_), _) | (None, None) => return false,
        (None, Some(date)) => date,
    };
    if to - from < CLOSE.len() {
        return false;
    }
    payload[from..from + CLOSE.len()].copy_from_slice(CLOSE);
    // White space after a value is no part of it (RFC 9110, 5.5).
    payload[from + CLOSE.len()..to].fill(b' ');
    true
}

/// The header fields that are whole in this payload: from the first byte of each to behind its last.
fn fields(payload: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(length) = payload[from..].windows(2).position(|w| w == b"\r\n") {
        if length == 0 {
            break;
        }
        found.push((from, from + length));
        from += length + 2;
    }
    found.into_iter().skip(1).collect()
}

fn is(field: &[u8], name: &str) -> bool {
    field.split(|b| *b == b':').next().is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
}

fn contains(field: &[u8], word: &[u8]) -> bool {
    field.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: &str) -> Option<String> {
        let mut payload = answer.as_bytes().to_vec();
        let did = say_close(&mut payload);
        assert_eq!(payload.len(), answer.len());
        did.then(|| String::from_utf8(payload).unwrap())
    }

    #[test]
    fn the_date_makes_room() {
        let answer =
            "HTTP/1.1 200 OK\r\ndate: Fri, 20 Nov 2026 10:00:00 GMT\r\nserver: uvicorn\r\ncontent-length: 2\r\n\r\nok";
        let expected =
            "HTTP/1.1 200 OK\r\nconnection: close                  \r\nserver: uvicorn\r\ncontent-length: 2\r\n\r\nok";
        assert_eq!(said(answer).as_deref(), Some(expected));
    }

    #[test]
    fn keep_alive_makes_room_before_the_date() {
        let said =
            said("HTTP/1.1 404 Not Found\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\nConnection: keep-alive\r\n\r\n")
                .unwrap();
        assert!(said.contains("Date: Fri") && said.contains("connection: close     \r\n\r\n"), "{said}");
    }

    #[test]
    fn everything_else_is_left_as_it_is() {
        for answer in [
            "HTTP/1.1 101 Switching Protocols\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\nConnection: Upgrade\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n\r\n",
            "HTTP/1.0 200 OK\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n\r\n",
            "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDate: Fri, 20 No",
            "HTTP/1.1 200 OK\r\n\r\ndate: Fri, 20 Nov 2026 10:00:00 GMT\r\n",
            "a body in which HTTP/1.1 200 stands\r\ndate: Fri, 20 Nov 2026 10:00:00 GMT\r\n",
            "",
        ] {
            assert_eq!(said(answer), None, "{answer}");
        }
    }
}

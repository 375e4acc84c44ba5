use serde::Deserialize;

use super::expression::expression;
use super::kind;

/// How much of a route is kept, in characters.
const KEPT: usize = 120;

// As uvicorn, gunicorn, nginx, Apache and Django write it: "GET /orders/7 HTTP/1.1" 500
expression!(COMMON, r#""([A-Z]{3,7}) (\S+)(?: HTTP/[0-9.]+)?" ([1-5][0-9]{2})\b"#);

/// A request as the program that answered it has logged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method and path, without what differs from one to the next (numbers, ids, the query).
    pub route: String,
    /// The status of the answer.
    pub status: u16,
}

/// One line of JSON, as Caddy writes it and as most do who write of requests at all.
#[derive(Deserialize)]
struct Line {
    #[serde(alias = "status_code", alias = "code")]
    status: u16,
    request: Option<Asked>,
    #[serde(flatten)]
    asked: Option<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(alias = "http_method", alias = "request_method")]
    method: String,
    #[serde(alias = "path", alias = "url", alias = "request_uri")]
    uri: String,
}

/// The request that a line tells of; `None` where it tells of none.
#[must_use]
pub fn request(line: &str) -> Option<Request> {
    if let Some(found) = COMMON.captures(line) {
        return Some(Request { route: route(&found[1], &found[2]), status: found[3].parse().ok()? });
    }
    // Behind a prefix, as compose puts one.
    let json = line.get(line.find('{')?..)?;
    let read: Line = serde_json::from_str(json.trim_end()).ok()?;
    let asked = read.request.or(read.asked)?;
    (100..=599).contains(&read.status).then(|| Request { route: route(&asked.method, &asked.uri), status: read.status })
}

fn route(method: &str, uri: &str) -> String {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let segment = |segment: &str| if is_key(segment) { "#".to_owned() } else { segment.to_owned() };
    let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    let route = kind(&format!("{method} {path}"));
    route.chars().take(KEPT).collect()
}

/// Whether a part of a path looks like an id or a token: another one each time, and nobody else's business.
fn is_key(segment: &str) -> bool {
    let of = |is: fn(&char) -> bool| segment.chars().any(|c| is(&c));
    let mixed = of(char::is_ascii_digit) && of(char::is_ascii_alphabetic);
    let cased = of(char::is_ascii_uppercase) && of(char::is_ascii_lowercase);
    segment.len() >= 40 || (segment.len() >= 12 && (mixed || cased))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_answers_tells_of_it_in_a_way_of_their_own() {
        for (line, route, status) in [
            (
                r#"INFO:     127.0.0.1:51234 - "GET /orders/7?day=1 HTTP/1.1" 500 Internal Server Error"#,
                "GET /orders/#",
                500,
            ),
            (
                r#"10.0.0.1 - - [20/Nov/2026:09:15:00 +0000] "POST /orders HTTP/2.0" 201 12 "-" "curl/8""#,
                "POST /orders",
                201,
            ),
            (r#"[20/Nov/2026 09:15:00] "GET /admin/ HTTP/1.1" 302 0"#, "GET /admin/", 302),
            (r#""POST /telegram/71234:AAHdqTcvCH1vGWJx HTTP/1.1" 200"#, "POST /telegram/#", 200),
            (
                r#"{"level":"error","logger":"http.log.access","request":{"method":"GET","host":"a.example","uri":"/x?y=1"},"duration":0.01,"status":502}"#,
                "GET /x",
                502,
            ),
            (r#"web-1  | {"method":"GET","path":"/x","status":200}"#, "GET /x", 200),
            (
                r#"{"http_method":"PUT","url":"https://a.example/x/6f1c9f64-0d0b-4b54-9a3e-0a7a1f0f5a11","status_code":404}"#,
                "PUT /x/#",
                404,
            ),
        ] {
            assert_eq!(request(line), Some(Request { route: route.into(), status }), "{line}");
        }
    }

    #[test]
    fn other_lines_tell_of_none() {
        for line in [
            "",
            "{",
            "INFO: started",
            r#"{"level":"info","status":200}"#,
            r#"{"method":"GET","path":"/x","status":7}"#,
            r#"the "GET /x" button"#,
        ] {
            assert_eq!(request(line), None, "{line}");
        }
    }
}

use std::fmt;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; may be sent again by a client that got no answer.
    Get,
    /// Writes; never sent twice.
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}

/// How a request gets its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// One of its own, with `connection: close`.
    New,
    /// An idle one that an earlier request left, as proxies and browsers do; a new one if there is none.
    Kept,
}

/// One sort of request in the mix. `{id}` in path and body stands for an id that no other request of any load has.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The name in reports.
    pub name: String,
    /// How often it is chosen, relative to the other shapes; 0 is never.
    pub weight: u32,
    /// GET or POST.
    pub method: Method,
    /// Template of path and query; begins with `/`.
    pub path: String,
    /// More header fields, names and values. `host`, `connection` and `content-length` are written already.
    pub headers: Vec<(String, String)>,
    /// Template of the body.
    pub body: Option<String>,
    /// Which connection it goes over.
    pub connection: Connection,
}

impl Shape {
    /// A GET on a new connection, of weight 1.
    #[must_use]
    pub fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            weight: 1,
            method: Method::Get,
            path: path.into(),
            headers: Vec::new(),
            body: None,
            connection: Connection::New,
        }
    }

    /// A POST of a JSON body on a new connection, of weight 1.
    #[must_use]
    pub fn post(name: impl Into<String>, path: impl Into<String>, body: impl Into<String>) -> Self {
        Self { method: Method::Post, body: Some(body.into()), ..Self::get(name, path) }
            .header("content-type", "application/json")
    }

    /// The same over a kept connection.
    #[must_use]
    pub fn kept(self) -> Self {
        Self { connection: Connection::Kept, ..self }
    }

    /// The same with another weight.
    #[must_use]
    pub fn weight(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The same with one header field more.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The request as it goes over the wire.
    pub(crate) fn render(&self, host: &str, id: &str) -> Vec<u8> {
        let path = self.path.replace("{id}", id);
        let close = if self.connection == Connection::New { "connection: close\r\n" } else { "" };
        let mut request = format!("{} {path} HTTP/1.1\r\nhost: {host}\r\n{close}", self.method);
        for (name, value) in &self.headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        let body = self.body.as_ref().map(|body| body.replace("{id}", id)).unwrap_or_default();
        if self.method == Method::Post || !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(&body);
        request.into_bytes()
    }

    /// Whether it renders to one well-formed request: a line break in a template would make two of one.
    pub(crate) fn is_sound(&self) -> bool {
        let word = |s: &str| s.bytes().all(|b| b.is_ascii_graphic());
        let name =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        self.path.starts_with('/')
            && word(&self.path)
            && self.headers.iter().all(|(n, v)| name(n) && !v.contains(['\r', '\n', '\0']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_put_in_everywhere_before_the_length_is_counted() {
        let shape = Shape::post("n", "/n/{id}", "{id} {id}").kept();
        let text = String::from_utf8(shape.render("a.example", "x-12")).unwrap();
        assert_eq!(
            text,
            "POST /n/x-12 HTTP/1.1\r\nhost: a.example\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\nx-12 x-12"
        );
    }

    #[test]
    fn a_new_connection_is_announced_as_the_only_one() {
        let text = String::from_utf8(Shape::get("n", "/").render("a.example", "1")).unwrap();
        assert_eq!(text, "GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n");
    }

    #[test]
    fn a_template_that_would_break_the_request_is_not_sound() {
        assert!(Shape::get("n", "/a?b={id}").is_sound());
        assert!(!Shape::get("n", "/a b").is_sound());
        assert!(!Shape::get("n", "a").is_sound());
        assert!(!Shape::get("n", "/").header("x", "1\r\ny: 2").is_sound());
        assert!(!Shape::get("n", "/").header("x y", "1").is_sound());
    }
}

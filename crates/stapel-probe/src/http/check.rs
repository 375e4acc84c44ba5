use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stapel_core::config::{JsonRule, Method};

use super::{Via, ask, judge};
use crate::Look;

/// One request, and what its answer must be like. Redirects are not followed: they are answers with a status.
///
/// Its headers may hold secrets (`Authorization`): it travels to the host, but does not belong in the journal. What it
/// sees, a [`Look`], holds none of them; `Debug` masks them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpCheck {
    /// What people call it.
    pub name: String,
    /// The whole URL, `http` or `https`, as users would ask it.
    pub url: String,
    /// How it asks.
    #[serde(default)]
    pub method: Method,
    /// Headers by name.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Statuses that are fine. Empty: any from 200 to 299.
    #[serde(default)]
    pub expect_status: Vec<u16>,
    /// What the body must contain.
    #[serde(default)]
    pub body_contains: Option<String>,
    /// A regular expression that the body must match somewhere.
    #[serde(default)]
    pub body_matches: Option<String>,
    /// What the whole answer may take to be fine.
    #[serde(default)]
    pub within: Option<Duration>,
    /// What must hold inside a JSON body; all of it.
    #[serde(default)]
    pub json: Vec<JsonRule>,
    /// How long the whole answer may take, from the start of the connection to the last byte.
    pub timeout: Duration,
}

impl HttpCheck {
    /// A GET that wants a status from 200 to 299 within 10 seconds.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            method: Method::Get,
            headers: Vec::new(),
            expect_status: Vec::new(),
            body_contains: None,
            body_matches: None,
            within: None,
            json: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Looks once, over a connection of its own. Whatever goes wrong is what the look saw.
    pub async fn look(&self, via: Via) -> Look {
        let start = Instant::now();
        let mut status = None;
        let body = ask::ask(self, via, &mut status).await;
        let took = start.elapsed();
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let judged = body.and_then(|body| judge::judge(self, status.unwrap_or_default(), &body, took));
        let ok = judged.is_ok();
        Look { check: self.name.clone(), ok, status, millis, detail: judged.unwrap_or_else(|detail| detail) }
    }
}

impl fmt::Debug for HttpCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpCheck")
            .field("name", &self.name)
            .field("method", &self.method)
            .field("headers", &headers)
            .field("expect_status", &self.expect_status)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

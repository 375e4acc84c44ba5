use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Shape;

/// How the arrival times lie; all of them are fixed before the first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly spaced: a gap of a given length always meets the same number of requests.
    Even,
    /// A Poisson process, as independent people arrive.
    Poisson {
        /// The same seed gives the same times.
        seed: u64,
    },
}

/// What is sent where, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to connect.
    pub target: SocketAddr,
    /// The `host` field of the requests.
    pub host_header: String,
    /// Requests per second, from 0.001 to 100 000.
    pub rate: f64,
    /// How they are spread.
    pub arrivals: Arrivals,
    /// The mix. Shapes take turns by weight.
    pub shapes: Vec<Shape>,
    /// After this time from its start a request is lost.
    pub timeout: Duration,
    /// Whether a GET that is cut on a reused connection before any byte of the answer counts as lost. Otherwise it is
    /// sent once more on a new connection, as every real client does (RFC 9112, 9.3.1), and counted as retried.
    pub strict: bool,
}

impl Plan {
    /// Evenly spaced, with 10 s of patience, not strict.
    #[must_use]
    pub fn new(target: SocketAddr, host_header: impl Into<String>, rate: f64, shapes: Vec<Shape>) -> Self {
        Self {
            target,
            host_header: host_header.into(),
            rate,
            arrivals: Arrivals::Even,
            shapes,
            timeout: Duration::from_secs(10),
            strict: false,
        }
    }

    /// Refuses what would send nothing, or not what it says: no requests must never look like no losses.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        if !(0.001..=100_000.0).contains(&self.rate) {
            return Err(StartError::Rate(self.rate));
        }
        if self.shapes.iter().all(|s| s.weight == 0) || self.shapes.len() > usize::from(u16::MAX) {
            return Err(StartError::NoShape);
        }
        if let Some(bad) = self.shapes.iter().find(|s| !s.is_sound()) {
            return Err(StartError::Shape(bad.name.clone()));
        }
        if self.host_header.is_empty() || !self.host_header.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(StartError::Host);
        }
        if self.timeout.is_zero() {
            return Err(StartError::Timeout);
        }
        Ok(())
    }
}

/// Why a load did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The rate is not a number from 0.001 to 100 000.
    #[error("rate {0}")]
    Rate(f64),
    /// There is no shape with a weight above 0, or there are more than 65 535.
    #[error("no shape")]
    NoShape,
    /// This shape's path does not begin with `/`, or path or headers would break the request.
    #[error("shape {0}")]
    Shape(String),
    /// The host field is empty or would break the request.
    #[error("host")]
    Host,
    /// The timeout is zero.
    #[error("timeout")]
    Timeout,
    /// Not called within a tokio runtime.
    #[error("no runtime")]
    NoRuntime,
    /// The network namespace cannot be entered (no such process, no permission), or its thread not be made.
    #[error("namespace: {0}")]
    Namespace(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(([127, 0, 0, 1], 1).into(), "a.example", 10.0, vec![Shape::get("page", "/")])
    }

    #[test]
    fn a_plan_that_would_send_nothing_is_refused() {
        assert!(plan().check().is_ok());
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Plan { rate, ..plan() }.check(), Err(StartError::Rate(_))), "{rate}");
        }
        assert!(matches!(Plan { shapes: vec![], ..plan() }.check(), Err(StartError::NoShape)));
        let never = vec![Shape::get("page", "/").weight(0)];
        assert!(matches!(Plan { shapes: never, ..plan() }.check(), Err(StartError::NoShape)));
        assert!(matches!(Plan { timeout: Duration::ZERO, ..plan() }.check(), Err(StartError::Timeout)));
        assert!(matches!(Plan { host_header: "a\r\n".into(), ..plan() }.check(), Err(StartError::Host)));
    }
}

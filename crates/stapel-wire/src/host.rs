use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// A machine: this one (`local`), or whatever the system's `ssh` accepts as a destination: `deploy@web.example`,
/// `ssh://deploy@web.example:2222`, a name from its config.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Host {
    /// `None` for this machine.
    destination: Option<String>,
}

impl Host {
    /// This machine.
    pub const LOCAL: Self = Self { destination: None };

    /// Reads a host. Refused is what `ssh` would take for an option, and what no host can be called.
    ///
    /// # Errors
    /// `wire-host-bad`.
    pub fn parse(host: &str) -> Result<Self, Problem> {
        if host == "local" {
            return Ok(Self::LOCAL);
        }
        let name = host.strip_prefix("ssh://").unwrap_or(host);
        let name_alone = name.rsplit_once('@').map_or(name, |(_, name)| name);
        let option = |part: &str| part.is_empty() || part.starts_with('-');
        if [host, name, name_alone].into_iter().any(option)
            || host.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(problem!(Usage, "wire-host-bad", host = host.escape_debug().to_string()));
        }
        Ok(Self { destination: Some(host.to_owned()) })
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.destination.is_none()
    }

    /// What `ssh` is given; `None` for this machine.
    #[must_use]
    pub fn destination(&self) -> Option<&str> {
        self.destination.as_deref()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.destination().unwrap_or("local"))
    }
}

impl FromStr for Host {
    type Err = Problem;

    fn from_str(s: &str) -> Result<Self, Problem> {
        Self::parse(s)
    }
}

impl TryFrom<String> for Host {
    type Error = Problem;

    fn try_from(s: String) -> Result<Self, Problem> {
        Self::parse(&s)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_ssh_accepts_is_accepted() {
        for host in ["web", "deploy@web.example", "ssh://deploy@web.example:2222", "10.0.0.1", "ssh://web", "a@b@web"] {
            assert_eq!(Host::parse(host).unwrap().destination(), Some(host));
        }
        assert!(Host::parse("local").unwrap().is_local());
        assert_eq!(serde_json::to_string(&Host::LOCAL).unwrap(), "\"local\"");
    }

    #[test]
    fn options_and_impossible_names_are_refused() {
        let bad = [
            "",
            "-oProxyCommand=x",
            "ssh://-oProxyCommand=x",
            "deploy@-x",
            "a b",
            "a\nb",
            "a\x1bb",
            "deploy@",
            "ssh://",
        ];
        for host in bad {
            assert_eq!(Host::parse(host).unwrap_err().code(), "wire-host-bad", "{host:?}");
            assert!(serde_json::from_value::<Host>(host.into()).is_err());
        }
    }
}

use std::fmt;

use crate::Published;

/// The comment on each rule that Stapel makes for an app: `stapel:<app key>`, followed by `:` and what the rule is for.
/// Two apps on a host have different keys and do not see each other's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// The mark of the app with this key, a short hex string.
    #[must_use]
    pub fn new(app_key: &str) -> Self {
        Self(format!("stapel:{app_key}"))
    }

    /// Whether a rule's comment is one of this app's.
    #[must_use]
    pub fn owns(&self, comment: &str) -> bool {
        comment.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }

    pub(crate) fn refusal(&self) -> String {
        format!("{}:refuse", self.0)
    }

    pub(crate) fn lead(&self) -> String {
        format!("{}:lead", self.0)
    }

    pub(crate) fn farewell(&self) -> String {
        format!("{}:farewell", self.0)
    }

    pub(crate) fn publication(&self, published: &Published) -> String {
        format!("{}:publish:{}", self.0, published.key())
    }

    /// The mark as a file name: nothing in it that a path could not hold.
    pub(crate) fn file_stem(&self) -> String {
        self.0.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_owns_its_rules_and_no_others() {
        let mark = Mark::new("ab12");
        let published = Published { host_address: None, host_port: 8001, container_port: 8000 };
        assert!(mark.owns("stapel:ab12"));
        assert!(mark.owns(&mark.refusal()));
        assert!(mark.owns(&mark.publication(&published)));
        assert!(!mark.owns("stapel:ab123:refuse"));
        assert!(!mark.owns("stapel"));
        assert!(!mark.owns("by hand"));
    }
}

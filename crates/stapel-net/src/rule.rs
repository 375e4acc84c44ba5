use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Family;

/// One rule of a packet filter, as a list of arguments: what it says, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The version of IP.
    pub family: Family,
    /// The table: `filter`, `nat`, `mangle`, `raw`.
    pub table: String,
    /// The process in whose network namespace it stands; `None` for our own.
    pub namespace: Option<i32>,
    /// The chain.
    pub chain: String,
    /// Matches and target, without `-A CHAIN`.
    pub spec: Vec<String>,
}

impl Rule {
    pub(crate) fn new(family: Family, table: &str, chain: &str, spec: &[&str]) -> Self {
        let spec = spec.iter().map(|&s| s.to_owned()).collect();
        Self { family, table: table.to_owned(), namespace: None, chain: chain.to_owned(), spec }
    }

    /// Adds arguments.
    pub(crate) fn with(mut self, more: &[&str]) -> Self {
        self.spec.extend(more.iter().map(|&s| s.to_owned()));
        self
    }

    pub(crate) fn inside(mut self, namespace: Option<i32>) -> Self {
        self.namespace = namespace;
        self
    }

    /// Reads a line of `iptables -S`; `None` for one that is no rule (`-P`, `-N`).
    pub(crate) fn parse(family: Family, table: &str, namespace: Option<i32>, line: &str) -> Option<Self> {
        let mut words = words(line).into_iter();
        if words.next()? != "-A" {
            return None;
        }
        let chain = words.next()?;
        Some(Self { family, table: table.to_owned(), namespace, chain, spec: words.collect() })
    }

    /// The value that follows an option, where it is not negated.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        let at = self.spec.iter().position(|w| w == option)?;
        let negated = at > 0 && self.spec[at - 1] == "!";
        if negated { None } else { self.spec.get(at + 1).map(String::as_str) }
    }

    /// The value that follows `! option`.
    pub(crate) fn negated(&self, option: &str) -> Option<&str> {
        let at = self.spec.windows(2).position(|w| w[0] == "!" && w[1] == option)?;
        self.spec.get(at + 2).map(String::as_str)
    }

    /// The comment on it.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.value("--comment")
    }

    /// The same rule with the value of an option replaced.
    pub(crate) fn replacing(mut self, option: &str, value: String) -> Self {
        if let Some(at) = self.spec.iter().position(|w| w == option)
            && let Some(old) = self.spec.get_mut(at + 1)
        {
            *old = value;
        }
        self
    }

    /// The same rule with a comment before its target.
    pub(crate) fn commented(mut self, comment: &str) -> Self {
        let at = self.spec.iter().position(|w| w == "-j").unwrap_or(self.spec.len());
        self.spec.splice(at..at, ["-m", "comment", "--comment", comment].map(str::to_owned));
        self
    }
}

/// As a person would type it to look at it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pid) = self.namespace {
            write!(f, "nsenter -t {pid} -n ")?;
        }
        write!(f, "{} -t {} -A {} {}", self.family.program(), self.table, self.chain, self.spec.join(" "))
    }
}

/// The words of a line, with double quotes and backslashes as iptables writes them.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() && !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Rule> {
        Rule::parse(Family::V4, "nat", None, line)
    }

    #[test]
    fn a_rule_is_read_as_words() {
        let rule = parse(r#"-A DOCKER ! -i br-1 -p tcp -m comment --comment "a \"b\" c" -j RETURN"#).unwrap();
        assert_eq!(rule.chain, "DOCKER");
        assert_eq!(rule.comment(), Some(r#"a "b" c"#));
        assert_eq!(rule.negated("-i"), Some("br-1"));
        assert_eq!(rule.value("-i"), None);
        assert_eq!(rule.value("-j"), Some("RETURN"));
    }

    #[test]
    fn chains_and_policies_are_no_rules() {
        assert_eq!(parse("-N DOCKER"), None);
        assert_eq!(parse("-P INPUT ACCEPT"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("-A"), None);
    }

    #[test]
    fn a_comment_stands_before_the_target() {
        let rule = parse("-A DOCKER -p tcp -j RETURN").unwrap().commented("stapel:1");
        assert_eq!(rule.spec, ["-p", "tcp", "-m", "comment", "--comment", "stapel:1", "-j", "RETURN"]);
    }

    #[test]
    fn an_option_without_value_is_left_alone() {
        let rule = parse("-A DOCKER -p").unwrap();
        assert_eq!(rule.value("-p"), None);
        assert_eq!(rule.clone().replacing("-p", "udp".into()), rule);
    }
}

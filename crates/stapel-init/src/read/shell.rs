//! As much of shells and of make as it takes to read a host and a path out of a script. Nothing is run.

use std::collections::BTreeMap;

use crate::place::expression;

expression!(ASSIGNS, r#"^\s*(?:export\s+|readonly\s+|local\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[:?]?=\s*(.*)$"#);
expression!(
    VARIABLE,
    r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=?]([^}]*))?\}|\$\(([A-Za-z_][A-Za-z0-9_]*)\)|\$([A-Za-z_][A-Za-z0-9_]*)"
);

/// The variables of a script, above what it was given.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    pub(super) fn of(text: &str, given: &BTreeMap<String, String>) -> Self {
        let mut all = Self(BTreeMap::new());
        for line in text.lines() {
            let Some(found) = ASSIGNS.captures(line) else { continue };
            let value = found[2].split(" #").next().unwrap_or_default().trim();
            let quoted = ['"', '\''].into_iter().find_map(|q| value.strip_prefix(q)?.strip_suffix(q));
            let value = all.expand(quoted.unwrap_or(value), given);
            all.0.entry(found[1].to_owned()).or_insert(value);
        }
        let missing: Vec<_> = given.iter().filter(|(name, _)| !all.0.get(*name).is_some_and(|v| is_plain(v))).collect();
        for (name, value) in missing {
            all.0.insert(name.clone(), value.clone());
        }
        all
    }

    /// With each variable replaced by what it holds, where that is known.
    pub(super) fn filled(&self, text: &str) -> String {
        self.expand(text, &BTreeMap::new())
    }

    fn expand(&self, text: &str, given: &BTreeMap<String, String>) -> String {
        let mut text = text.to_owned();
        // A variable may hold another.
        for _ in 0..4 {
            let filled = VARIABLE.replace_all(&text, |found: &regex::Captures<'_>| {
                let name = found.get(1).or_else(|| found.get(3)).or_else(|| found.get(4)).map_or("", |m| m.as_str());
                let known = given.get(name).or_else(|| self.0.get(name)).cloned();
                known.or_else(|| found.get(2).map(|d| d.as_str().to_owned())).unwrap_or_else(|| found[0].to_owned())
            });
            if filled == text {
                break;
            }
            text = filled.into_owned();
        }
        text
    }
}

/// Whether nothing in a word is still to be filled in.
pub(super) fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.contains(['$', '`', '*', '{', '}', '(', ')'])
}

/// Lines with those that a backslash continues, each with the number of its first line from 1. Comments are read too: many a
/// team's runbook is one.
pub(super) fn lines(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (at, line) in text.lines().enumerate() {
        let bare = line.trim().trim_start_matches(['#', '@', '-']).trim();
        let (bare, continues) = bare.strip_suffix('\\').map_or((bare, false), |b| (b.trim_end(), true));
        match all.last_mut() {
            Some((_, last)) if goes_on => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => all.push((at + 1, bare.to_owned())),
        }
        goes_on = continues;
    }
    all
}

/// The words of a line, quotes taken off.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut quoted = false;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => (quote, quoted) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() || quoted {
                    all.push(std::mem::take(&mut word));
                }
                quoted = false;
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() || quoted {
        all.push(word);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let text = "HOST=root@a.example\nexport DIR=\"${DIR:-/opt/app}\"\nTO = $(HOST):$DIR\nX ?= y\n";
        let variables = Variables::of(text, &BTreeMap::new());
        assert_eq!(variables.filled("$TO/x ${X} ${NOT}"), "root@a.example:/opt/app/x y ${NOT}");
    }

    #[test]
    fn lines_and_words() {
        let all = lines("a \\\n  'b c'\n# rsync x\n\t@make y");
        assert_eq!(all, [(1, "a 'b c'".to_owned()), (3, "rsync x".to_owned()), (4, "make y".to_owned())]);
        assert_eq!(words("a 'b c' \"d\"e ''"), ["a", "b c", "de", ""]);
    }
}

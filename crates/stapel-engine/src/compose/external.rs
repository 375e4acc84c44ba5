//! The networks of others that the files name, read from the files as they are written: for a host that has no compose yet.

use std::collections::BTreeMap;

use super::project::Project;
use super::raw;

impl Project {
    /// The engine's names of the networks that the files say are there already (`external`), in their order. A name that
    /// holds a variable which nobody sets here is given as it is written, with its `$`.
    ///
    /// Compose itself is not asked: neither here nor there need be one. A later file adds to what an earlier one says of a
    /// network, as with compose; what only `include` and `extends` bring is not seen.
    #[must_use]
    pub fn external_networks(&self) -> Vec<String> {
        let mut all: BTreeMap<String, raw::Named> = BTreeMap::new();
        for file in &self.files {
            let Ok(text) = std::fs::read_to_string(self.directory.join(file)) else { continue };
            let networks = raw::read::<raw::Written>(&text).and_then(|written| written.networks);
            for (key, written) in networks.into_iter().flatten() {
                let (known, written) = (all.entry(key).or_default(), written.unwrap_or_default());
                known.name = written.name.or(known.name.take());
                known.external = written.external.or(known.external.take());
            }
        }
        let external = |(key, named): (String, raw::Named)| match named.external? {
            raw::External::Truth(true) => Some(named.name.unwrap_or(key)),
            raw::External::Name { name } => Some(name.or(named.name).unwrap_or(key)),
            raw::External::Word(word) if ["y", "yes", "on", "true"].contains(&word.to_ascii_lowercase().as_str()) => {
                Some(named.name.unwrap_or(key))
            }
            raw::External::Truth(false) | raw::External::Word(_) => None,
        };
        let set = |name: &str| self.setting(name);
        let mut names: Vec<String> =
            all.into_iter().filter_map(external).map(|name| filled(&name, &set).unwrap_or(name)).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The text with its variables filled in as compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `$$`.
/// `None` where one is not set and has no default, or is written in another way.
fn filled(text: &str, set: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        done.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            done.push('$');
            rest = after;
            continue;
        }
        let (name, default, after) = match after.strip_prefix('{') {
            Some(inside) => {
                let (inside, after) = inside.split_once('}')?;
                let end = end_of_name(inside);
                let default = inside[end..].strip_prefix(":-").or_else(|| inside[end..].strip_prefix('-'));
                if default.is_none() && end != inside.len() {
                    return None;
                }
                (&inside[..end], default, after)
            }
            None => (&after[..end_of_name(after)], None, &after[end_of_name(after)..]),
        };
        done.push_str(&set(name).or_else(|| default.map(str::to_owned))?);
        rest = after;
    }
    done.push_str(rest);
    Some(done)
}

fn end_of_name(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn networks_of_others_as_both_forms_write_them() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let base = "services: {web: {image: x}}\nnetworks:\n  default:\n  caddy: {external: true}\n  old:\n    external: {name: proxy_net}\n  \
                    ours: {name: ours}\n  not: {external: false}\n  later: {external: true}\n  var: {external: true, name: '${NET:-edge}'}\n  \
                    who: {external: true, name: '${STAPEL_TEST_NOBODY_SETS}'}\n  env: {external: true, name: '$FROM_ENV-x'}\n";
        std::fs::write(root.join("a.yml"), base).unwrap();
        std::fs::write(root.join("b.yml"), "networks: {later: {name: given}}\n").unwrap();
        std::fs::write(root.join(".env"), "FROM_ENV=set\n").unwrap();
        let project = Project::new(root, ["a.yml", "b.yml", "gone.yml"]);
        let expected = ["${STAPEL_TEST_NOBODY_SETS}", "caddy", "edge", "given", "proxy_net", "set-x"];
        assert_eq!(project.external_networks(), expected);
    }

    #[test]
    fn variables_as_compose_fills_them_in() {
        let set = |name: &str| (name == "A").then(|| "a".to_owned());
        let filled = |text: &str| filled(text, &set);
        assert_eq!(filled("x${A}y$A-${B:-c}$$").as_deref(), Some("xaya-c$"));
        assert_eq!(filled("${B-}").as_deref(), Some(""));
        for unknown in ["$B", "${B}", "${A", "${A:?gone}", "$"] {
            assert_eq!(filled(unknown), None, "{unknown}");
        }
    }
}

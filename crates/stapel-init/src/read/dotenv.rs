use std::collections::BTreeMap;

use crate::place::{Place, expression};
use crate::tree::name;

expression!(LINE, r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$");
expression!(
    TOLD,
    r"^((DEPLOY|SSH|REMOTE|SERVER|PROD|PRODUCTION|TARGET)_?(HOST|PATH|DIR|USER|SERVER|DOMAIN)|COMPOSE_(FILE|PROJECT_NAME|PROFILES)|DOMAIN|DOMAIN_NAME|HOST_?NAME)$"
);

/// A file of variables: names, and of a few that are no secret the values.
#[derive(Debug, Clone)]
pub(crate) struct Dotenv {
    known: BTreeMap<String, (String, Place)>,
}

impl Dotenv {
    /// Whether a file is one, by its name.
    pub(crate) fn is_one(path: &str) -> bool {
        let name = name(path);
        name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
    }

    /// Whether it is only an example for people.
    pub(crate) fn is_example(path: &str) -> bool {
        ["example", "sample", "template", "dist"].iter().any(|word| name(path).contains(word))
    }

    pub(crate) fn read(file: &str, text: &str) -> Self {
        let mut known = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let Some(found) = LINE.captures(line) else { continue };
            if TOLD.is_match(&found[1]) {
                let value = found[2].split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
                known.insert(found[1].to_owned(), (value, Place::line(file, at + 1)));
            }
        }
        Self { known }
    }

    /// The value of a variable that tells where and how the app is deployed.
    pub(crate) fn known(&self, name: &str) -> Option<(&str, &Place)> {
        self.known.get(name).map(|(value, place)| (value.as_str(), place)).filter(|(value, _)| !value.is_empty())
    }

    pub(crate) fn all_known(&self) -> impl Iterator<Item = (&String, &String)> {
        self.known.iter().map(|(name, (value, _))| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tells_of_the_deploy_is_kept() {
        let text = "DEPLOY_HOST=root@a.example # there\nSECRET_KEY=hunter2\nPOSTGRES_PASSWORD=hunter2\nexport DEPLOY_PATH='/opt/a'\n";
        let dotenv = Dotenv::read(".env", text);
        assert_eq!(dotenv.known("DEPLOY_HOST").map(|k| k.0), Some("root@a.example"));
        assert_eq!(dotenv.known("DEPLOY_PATH").map(|k| k.1.line), Some(Some(4)));
        assert!(!format!("{dotenv:?}").contains("hunter2"));
    }

    #[test]
    fn files_of_variables_by_name() {
        for (path, one, example) in [
            (".env", true, false),
            ("a/.env.prod", true, false),
            ("prod.env", true, false),
            (".env.example", true, true),
        ] {
            assert_eq!((Dotenv::is_one(path), Dotenv::is_example(path)), (one, example), "{path}");
        }
        assert!(!Dotenv::is_one("environment.py"));
    }
}

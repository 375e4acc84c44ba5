//! How the files that a release changes touch a service: whether its image has to be built anew, or the service only be
//! replaced, or neither (RUNBOOKS.md, C9 and C10).

use serde::{Deserialize, Serialize};

use crate::ports::Parts;

/// What of a service the changed files are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// How many of them its image is built from.
    pub image: usize,
    /// Those that its environment comes from.
    pub env: Vec<String>,
    /// How many of them it has mounted.
    pub mounts: usize,
    /// Whether any of them may define services.
    pub definition: bool,
}

impl Touched {
    /// What these paths are to a service of these parts. `env` are the files with secrets that the team ships.
    pub fn by<'a>(parts: &Parts, paths: impl IntoIterator<Item = &'a str>, env: &[String]) -> Self {
        let mut touched = Self::default();
        for path in paths {
            let within = |all: &[String]| all.iter().any(|part| is_within(path, part));
            if parts.env.iter().any(|file| file == path) {
                touched.env.push(path.to_owned());
            } else if env.iter().any(|file| file == path)
                || within(&parts.definition)
                || defines(path)
                || parts.unsure.iter().any(|pattern| fits(path, pattern))
            {
                // An env file that the service does not name may still be read by compose itself.
                touched.definition = true;
            }
            if parts.image.as_ref().is_none_or(|image| within(image)) {
                touched.image += 1;
            }
            if within(&parts.mounts) {
                touched.mounts += 1;
            }
        }
        touched
    }
}

/// Whether compose may read this file: which ones it includes and extends it does not tell.
fn defines(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == ".env" || name.ends_with(".yml") || name.ends_with(".yaml")
}

/// Whether a path is one that a pattern means, in which `*` stands for anything.
fn fits(path: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn is_within(path: &str, part: &str) -> bool {
    part == "." || path == part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            image: Some(vec!["backend".into()]),
            pulled: false,
            env: vec![".env.production".into()],
            mounts: vec!["templates".into()],
            definition: vec!["secrets/db.txt".into()],
            unsure: vec!["env/*.conf".into()],
            after: std::collections::BTreeSet::new(),
            copies: 1,
            writes: false,
        }
    }

    fn touched(paths: &[&str]) -> Touched {
        Touched::by(&parts(), paths.iter().copied(), &[".env.production".into(), ".env.worker".into()])
    }

    #[test]
    fn each_file_is_what_it_is_to_the_service() {
        assert_eq!(
            touched(&["backend/app/main.py", "backend2/x", "README.md"]),
            Touched { image: 1, ..Touched::default() }
        );
        assert_eq!(touched(&["templates/a.html"]), Touched { mounts: 1, ..Touched::default() });
        assert_eq!(touched(&[".env.production"]).env, [".env.production"]);
        assert_eq!(touched(&["docs/page.md"]), Touched::default());
        for path in ["docker-compose.yml", "deploy/base.yaml", ".env", "secrets/db.txt", ".env.worker", "env/prod.conf"]
        {
            assert_eq!(touched(&[path]), Touched { definition: true, ..Touched::default() }, "{path}");
        }
    }

    #[test]
    fn a_pattern_fits_what_its_variables_may_stand_for() {
        for (path, pattern, fit) in [
            ("a.env", "*.env", true),
            ("x/a.env", "*.env", true),
            ("a.envx", "*.env", false),
            ("env/prod.conf", "env/*.conf", true),
            ("other/prod.conf", "env/*.conf", false),
            ("a-b-c", "*-*-*", true),
            ("a-b", "*-*-*", false),
            ("aa", "a*a", true),
            ("a", "a*a", false),
            ("plain", "plain", true),
            ("plainer", "plain", false),
        ] {
            assert_eq!(fits(path, pattern), fit, "{path} {pattern}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_built_from_everything() {
        let unknown = Parts { image: None, ..parts() };
        assert_eq!(Touched::by(&unknown, ["README.md"], &[]).image, 1);
        let all = Parts { image: Some(vec![".".into()]), ..parts() };
        assert_eq!(Touched::by(&all, ["README.md"], &[]).image, 1);
    }
}

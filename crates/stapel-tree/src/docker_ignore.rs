//! What `.dockerignore` files leave out, as the builder reads them: a file counts for the directory it lies in, a pattern begins
//! there unless it begins with `**`, and an exception counts also below a directory that is left out.

use std::collections::BTreeSet;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use stapel_text::{Problem, problem};

use crate::rules::pattern_of;
use crate::{Rules, io};

/// The name of such a file.
const NAME: &str = ".dockerignore";

/// Lines of one, in order: whether it is an exception, and what it matches.
struct Ignores(Vec<(bool, Gitignore)>);

impl Ignores {
    fn read(text: &str) -> Result<Self, Problem> {
        let mut all = Vec::new();
        for line in text.lines() {
            let line = line.trim_start_matches('\u{feff}');
            if line.starts_with('#') {
                continue;
            }
            let (exception, pattern) = match line.trim().strip_prefix('!') {
                Some(pattern) => (true, pattern.trim()),
                None => (false, line.trim()),
            };
            let parts: Vec<_> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            if parts.is_empty() {
                continue;
            }
            let mut builder = GitignoreBuilder::new("");
            let bad =
                |error: ignore::Error| problem!(Usage, "tree-pattern-bad", pattern = line, error = error.to_string());
            builder.add_line(None, &format!("/{}", parts.join("/"))).map_err(bad)?;
            all.push((exception, builder.build().map_err(bad)?));
        }
        Ok(Self(all))
    }

    /// Whether this path, from the file's directory on, is left out. The last line that matches it or a directory above
    /// decides.
    fn leaves_out(&self, path: &Path, directory: bool) -> bool {
        let matches = |one: &Gitignore| one.matched_path_or_any_parents(path, directory).is_ignore();
        self.0.iter().rev().find(|(_, one)| matches(one)).is_some_and(|(exception, _)| !exception)
    }

    fn has_exceptions(&self) -> bool {
        self.0.iter().any(|(exception, _)| *exception)
    }
}

/// Whether the builder or compose reads it, so that it has to be there whatever is left out of an image.
fn is_read(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let compose = name.starts_with("compose") || name.starts_with("docker-compose");
    name == NAME
        || name.starts_with("dockerfile")
        || name.ends_with(".dockerfile")
        || name.ends_with(".dockerignore")
        || compose && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

/// Whether a directory with a file of this name may be a context of its own.
fn makes_context(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name == NAME || lower.starts_with("dockerfile") || lower.ends_with(".dockerfile")
}

/// Patterns, as for [`Rules`], of what lies below `root`, is not left out by `rules` and would not be sent to a builder. What the
/// builder and compose themselves read is never among it, nor are the files named `always`. A directory with a Dockerfile or a
/// `.dockerignore` of its own may be a context of its own: what lies above says nothing of it. Where there are ignore files for
/// single Dockerfiles (`web.Dockerfile.dockerignore`), which count instead of the directory's, nothing is left out by that.
///
/// # Errors
/// `io-failed`, `tree-pattern-bad`.
pub fn docker_ignored(root: &Utf8Path, rules: &Rules, always: &[String]) -> Result<Vec<String>, Problem> {
    let (matcher, base) = (rules.matcher()?, root.as_std_path().to_owned());
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false).follow_links(false).filter_entry(move |entry| {
        let relative = entry.path().strip_prefix(&base).unwrap_or(entry.path());
        entry.depth() == 0 || !matcher.excludes(relative, entry.file_type().is_some_and(|t| t.is_dir()))
    });
    let mut all: Vec<(Utf8PathBuf, bool)> = Vec::new();
    for entry in walker.build() {
        let entry = entry.map_err(|e| io(root, std::io::Error::other(e)))?;
        // What has another name cannot be shipped, which shipping says.
        let relative = entry.path().strip_prefix(root).ok().and_then(Utf8Path::from_path);
        if let Some(path) = relative.filter(|path| !path.as_str().is_empty()) {
            all.push((path.to_owned(), entry.file_type().is_some_and(|t| t.is_dir())));
        }
    }
    all.sort();
    let file = |path: &Utf8Path, is: &dyn Fn(&str) -> bool| path.file_name().is_some_and(is);
    let files = || all.iter().filter(|(_, directory)| !directory).map(|(path, _)| path.as_path());
    let always: Vec<_> = always.iter().map(|path| Utf8Path::new(path.trim_start_matches("./"))).collect();
    let reads: Vec<_> = files().filter(|path| file(path, &is_read) || always.contains(path)).collect();
    let contexts: BTreeSet<_> =
        files().filter(|path| file(path, &makes_context)).filter_map(Utf8Path::parent).collect();
    let single = |dir: &Utf8Path| {
        files().any(|path| path.parent() == Some(dir) && file(path, &|name| name != NAME && name.ends_with(NAME)))
    };
    let mut out = Vec::new();
    for (file, _) in all.iter().filter(|(path, directory)| !directory && path.file_name() == Some(NAME)) {
        let text = std::fs::read_to_string(root.join(file)).map_err(|e| io(file, e))?;
        let (ignores, dir) = (Ignores::read(&text)?, file.parent().unwrap_or(Utf8Path::new("")));
        if single(dir) {
            continue;
        }
        let inner: Vec<_> = contexts.iter().filter(|inner| **inner != dir && inner.starts_with(dir)).collect();
        let mut whole: Option<&Utf8Path> = None;
        for (path, directory) in &all {
            let Ok(inside) = path.strip_prefix(dir) else { continue };
            if inside.as_str().is_empty() || whole.is_some_and(|whole| path.starts_with(whole)) {
                continue;
            }
            if inner.iter().any(|inner| path.starts_with(inner)) {
                continue;
            }
            let read = || reads.iter().any(|file| file.starts_with(path));
            if !ignores.leaves_out(inside.as_std_path(), *directory)
                || (*directory && ignores.has_exceptions())
                || read()
            {
                continue;
            }
            out.push(pattern_of(path.as_str()));
            whole = directory.then_some(path);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    /// What is left of these files.
    fn left(files: &[(&str, &str)]) -> Vec<String> {
        left_but(files, &[])
    }

    /// The same where these are read in any case.
    fn left_but(files: &[(&str, &str)], always: &[&str]) -> Vec<String> {
        let always: Vec<_> = always.iter().map(|path| (*path).to_owned()).collect();
        let dir = tree(files);
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let mut rules = Rules::everything();
        rules.exclude.extend(docker_ignored(root, &rules, &always).unwrap());
        let manifest = crate::scan(root, &rules, &crate::Memory::none()).unwrap();
        manifest.entries.into_keys().filter(|path| !path.ends_with(NAME)).collect()
    }

    #[test]
    fn a_pattern_begins_where_its_file_lies() {
        let files = [
            (".dockerignore", "# not this\n*.md\n/docs/\n**/cache\n"),
            ("a.md", ""),
            ("sub/b.md", ""),
            ("docs/x", ""),
            ("sub/docs/x", ""),
            ("sub/cache/x", ""),
            ("web/.dockerignore", "only\n"),
            ("web/only", ""),
            ("only", ""),
            ("# not this", ""),
        ];
        assert_eq!(left(&files), ["# not this", "only", "sub/b.md", "sub/docs/x"]);
    }

    #[test]
    fn an_exception_counts_below_what_is_left_out() {
        let files = [
            (".dockerignore", "*\n!src\n! dist/app.js\nsrc/*.tmp\n"),
            ("src/deep/a", ""),
            ("src/b.tmp", ""),
            ("dist/app.js", ""),
            ("dist/app.map", ""),
            ("notes", ""),
        ];
        assert_eq!(left(&files), ["dist/app.js", "src/deep/a"]);
    }

    #[test]
    fn what_compose_and_the_builder_read_stays() {
        let files = [
            (".dockerignore", "*\n"),
            ("Dockerfile", ""),
            ("deploy/web.Dockerfile", ""),
            ("docker-compose.prod.yml", ""),
            ("compose.yaml", ""),
            ("other.yml", ""),
            ("deploy/notes", ""),
        ];
        let stay = [
            "Dockerfile",
            "compose.yaml",
            "deploy/notes",
            "deploy/web.Dockerfile",
            "docker-compose.prod.yml",
            "other.yml",
        ];
        // `deploy` may be a context of its own, and the configuration may name a file of any name.
        assert_eq!(left_but(&files, &["./other.yml"]), stay);
        assert_eq!(left(&files), stay[..5]);
    }

    #[test]
    fn what_is_built_from_a_directory_of_its_own_is_not_left_out_by_what_lies_above() {
        let files = [
            (".dockerignore", "web/\n*.md\n"),
            ("web/Dockerfile", ""),
            ("web/src/main.ts", ""),
            ("a.md", ""),
            ("api/Dockerfile", ""),
        ];
        assert_eq!(left(&files), ["api/Dockerfile", "web/Dockerfile", "web/src/main.ts"]);
        // One of a single Dockerfile counts instead of the directory's.
        let single = [(".dockerignore", "*.md\n"), ("web.Dockerfile.dockerignore", "x\n"), ("a.md", "")];
        assert_eq!(left(&single), ["a.md"]);
    }

    #[test]
    fn names_are_no_patterns() {
        let files = [(".dockerignore", "\\[a\\]*\n"), ("[a]!*", ""), ("a!x", ""), ("!b", "")];
        assert_eq!(left(&files), ["!b", "a!x"]);
    }
}

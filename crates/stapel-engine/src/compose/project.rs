use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use stapel_host::{Command, Finished};
use stapel_text::{Problem, problem};

use super::dotenv;
use super::find::{Compose, Generation};
use super::noted;
use super::raw;
use super::redact;
use super::resolved::{Resolved, Service};

/// The names compose looks for, in the order of version 2, and the override that goes with each.
const USUAL: [(&str, &str); 4] = [
    ("compose.yaml", "compose.override.yaml"),
    ("compose.yml", "compose.override.yml"),
    ("docker-compose.yml", "docker-compose.override.yml"),
    ("docker-compose.yaml", "docker-compose.override.yaml"),
];

/// An app as compose sees it: a directory, and which files in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The directory in which the team calls compose, absolute.
    pub directory: Utf8PathBuf,
    /// The compose files (`-f`) in order, relative to the directory.
    pub files: Vec<String>,
    /// The project's name (`-p`) where the team gives one.
    pub name: Option<String>,
    /// The file for variables in the compose files (`--env-file`) where the team gives one.
    pub env_file: Option<String>,
    /// The directory in which it is noted what compose makes of it, for as long as nothing changes that compose reads.
    pub notes: Option<Utf8PathBuf>,
}

impl Project {
    /// The app in this directory with these files.
    pub fn new<F: Into<String>>(directory: impl Into<Utf8PathBuf>, files: impl IntoIterator<Item = F>) -> Self {
        let files = files.into_iter().map(Into::into).collect();
        Self { directory: directory.into(), files, name: None, env_file: None, notes: None }
    }

    /// The app in this directory with the files that compose itself would take.
    ///
    /// # Errors
    /// `engine-compose-file-missing` when there is none.
    pub fn discover(directory: impl Into<Utf8PathBuf>) -> Result<Self, Problem> {
        let directory = directory.into();
        let there = |name: &str| directory.join(name).is_file();
        let Some((main, over)) = USUAL.into_iter().find(|(main, _)| there(main)) else {
            return Err(problem!(Usage, "engine-compose-file-missing", directory = directory.as_str()));
        };
        let files: Vec<_> = [main, over].into_iter().filter(|f| there(f)).collect();
        Ok(Self::new(directory, files))
    }

    /// Where relative paths in the compose files begin and where compose looks for `.env`: the first file's directory.
    #[must_use]
    pub fn base(&self) -> Utf8PathBuf {
        let first = self.files.first().map(|f| self.directory.join(f));
        first.as_deref().and_then(Utf8Path::parent).map_or_else(|| self.directory.clone(), Utf8Path::to_path_buf)
    }

    /// What compose makes of the files (`compose config`), or has made of them as they are. Asks no daemon.
    ///
    /// # Errors
    /// `engine-config-invalid` with what compose says, `engine-config-unreadable` when its answer is none we know, and
    /// those of [`Command::finish`].
    pub async fn config(&self, compose: &Compose) -> Result<Resolved, Problem> {
        let Some(notes) = &self.notes else { return Ok(self.asked(compose).await?.0) };
        // By the way it is called: the same files have another meaning under another name.
        let called = blake3::hash(format!("{:?}", (&self.files, &self.name, &self.env_file)).as_bytes()).to_hex();
        let note = notes.join(format!("definition-{}", &called[..16]));
        let before = self.sources(compose);
        if let Some((sources, resolved)) = noted::read::<(String, Resolved)>(&note)
            && before.as_ref() == Some(&sources)
        {
            return Ok(resolved);
        }
        let (resolved, whole) = self.asked(compose).await?;
        // A context from elsewhere may have a password in its address.
        let remote = |service: &Service| service.build.as_ref().is_some_and(|build| build.context.contains("://"));
        let keepable = whole && !resolved.services.values().any(remote);
        // What was changed while compose read it is not known to be what it read.
        let same = |before: &String| keepable && self.sources(compose).as_ref() == Some(before);
        if let Some(sources) = before.filter(same) {
            noted::keep(&note, &(sources, &resolved));
        }
        Ok(resolved)
    }

    /// What compose makes of the files now, and whether it has told all.
    async fn asked(&self, compose: &Compose) -> Result<(Resolved, bool), Problem> {
        let (printed, named) = futures_util::future::join(self.printed(compose), self.named_env_files(compose)).await;
        let printed = printed?;
        let mut resolved = Resolved::read(&printed, &self.computed_name())
            .ok_or_else(|| problem!(Failed, "engine-config-unreadable", version = &compose.version))?;
        let whole = named.is_some() || compose.generation == Generation::V1;
        for (service, files) in named.unwrap_or_else(|| self.env_files()) {
            if let Some(service) = resolved.services.get_mut(&service) {
                service.env_files = files;
            }
        }
        Ok((resolved, whole))
    }

    /// What compose prints of the files (`compose config`), YAML or JSON: with every secret in it, so not to be kept.
    ///
    /// # Errors
    /// `engine-config-invalid` with what compose says, and those of [`Command::finish`].
    pub async fn printed(&self, compose: &Compose) -> Result<String, Problem> {
        if self.files.is_empty() {
            return Err(problem!(Usage, "engine-compose-file-missing", directory = self.directory.as_str()));
        }
        let command = self.command(compose, None).arg("config");
        let answer = match compose.generation {
            Generation::V1 => command.finish().await?,
            Generation::V2 => command.args(["--format", "json"]).finish().await?,
        };
        if answer.code != 0 {
            let output = redact::said(&answer.stderr);
            return Err(problem!(Usage, "engine-config-invalid", files = self.files.join(", "), output = output));
        }
        Ok(answer.stdout)
    }

    /// The name compose 1.x gives the project, which it does not print: what is said, else the directory's base name.
    fn computed_name(&self) -> String {
        let base = self.base();
        let said = self.name.clone().or_else(|| self.setting("COMPOSE_PROJECT_NAME"));
        let name = said.or_else(|| Some(base.canonicalize_utf8().unwrap_or(base).file_name()?.to_owned()));
        let kept = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        let name: String = name.unwrap_or_default().to_lowercase().chars().filter(kept).collect();
        if name.is_empty() { "default".to_owned() } else { name }
    }

    /// One of compose's own variables, from our environment or the project's `.env`.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        let file = self.env_file.as_ref().map_or_else(|| self.base().join(".env"), |f| self.directory.join(f));
        dotenv::setting(&file, name)
    }

    /// A compose command about this project, up to the word that says what to do. `extra` is one more file after the
    /// team's own.
    pub(crate) fn command(&self, compose: &Compose, extra: Option<&Utf8Path>) -> Command {
        let mut command = Command::new(compose.argv[0]).args(&compose.argv[1..]);
        if let Some(name) = &self.name {
            command = command.args(["-p", name.as_str()]);
        }
        for file in &self.files {
            command = command.args(["-f", file.as_str()]);
        }
        if let Some(extra) = extra {
            command = command.args(["-f", extra.as_str()]);
        }
        if let Some(file) = &self.env_file {
            command = command.args(["--env-file", file.as_str()]);
        }
        command.current_dir(&self.directory).env("COMPOSE_ANSI", "never").env("BUILDKIT_PROGRESS", "plain")
    }

    /// The env files by service as compose knows them before it resolves them away: with those of files that are included or
    /// extended, and with the variables in their paths as they are written. `None` where it does not tell (1.x).
    async fn named_env_files(&self, compose: &Compose) -> Option<BTreeMap<String, Vec<Utf8PathBuf>>> {
        if compose.generation == Generation::V1 || self.files.is_empty() {
            return None;
        }
        let command = self.command(compose, None).args(["config", "--no-interpolate", "--format", "json"]);
        let answer = command.finish().await.ok().filter(|answer| answer.code == 0)?;
        let named = raw::read::<raw::Written>(&answer.stdout)?.services.into_iter();
        Some(named.map(|(name, service)| (name, service.env_files(&self.base()))).collect())
    }

    /// The env files that the team's files name, by service, with those of files that they extend.
    fn env_files(&self) -> BTreeMap<String, Vec<Utf8PathBuf>> {
        let mut all: BTreeMap<String, Vec<Utf8PathBuf>> = BTreeMap::new();
        for file in &self.files {
            let Some(written) = written(&self.directory.join(file)) else { continue };
            for (name, service) in written.services {
                let mut found = service.env_files(&self.base());
                found.extend(extended(&service, &self.base()));
                let of_service = all.entry(name).or_default();
                found.into_iter().for_each(|path| {
                    if !of_service.contains(&path) {
                        of_service.push(path);
                    }
                });
            }
        }
        all
    }
}

/// How many services may extend one another; compose refuses circles.
const EXTENDS: usize = 16;

fn written(file: &Utf8Path) -> Option<raw::Written> {
    raw::read(&std::fs::read_to_string(file).ok()?)
}

/// The env files of the services that this one extends in other files. Paths in such a file begin where it lies.
fn extended(service: &raw::WrittenService, base: &Utf8Path) -> Vec<Utf8PathBuf> {
    let (mut all, mut base, mut next) = (Vec::new(), base.to_owned(), service.extends.clone());
    for _ in 0..EXTENDS {
        let Some(raw::Extends::Other { file: Some(file), service }) = next.take() else { break };
        let file = base.join(file);
        base = file.parent().unwrap_or(&base).to_owned();
        let Some(other) = written(&file).and_then(|mut written| written.services.remove(&service)) else { break };
        all.extend(other.env_files(&base));
        next = other.extends;
    }
    all
}

impl raw::WrittenService {
    /// The files that it names, absolute.
    pub(super) fn env_files(&self, base: &Utf8Path) -> Vec<Utf8PathBuf> {
        let named: &[raw::EnvFile] = match &self.env_file {
            Some(raw::OneOrMany::Many(many)) => many,
            Some(raw::OneOrMany::One(one)) => std::slice::from_ref(one),
            None => &[],
        };
        let path = |(raw::EnvFile::Path(path) | raw::EnvFile::Long { path }): &raw::EnvFile| {
            base.join(path.strip_prefix("./").unwrap_or(path))
        };
        named.iter().map(path).collect()
    }
}

/// What compose came back with, as a problem without anything it quotes where it failed.
pub(crate) fn success(finished: Finished, doing: &str) -> Result<Finished, Problem> {
    if finished.code == 0 {
        return Ok(finished);
    }
    let said = if finished.stderr.trim().is_empty() { &finished.stdout } else { &finished.stderr };
    Err(problem!(Failed, "engine-compose-failed", doing = doing, code = finished.code, output = redact::said(said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("My.App-1")).unwrap();
        for (name, content) in files {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        (dir, path)
    }

    #[test]
    fn the_name_of_compose_1() {
        let (_dir, path) =
            in_a_directory(&[("c.yml", ""), ("sub/c.yml", ""), ("sub/.env", "COMPOSE_PROJECT_NAME=Named\n")]);
        let mut project = Project::new(&path, ["c.yml"]);
        assert_eq!(project.computed_name(), "myapp-1");
        project.name = Some("Other_1!".into());
        assert_eq!(project.computed_name(), "other_1");
        assert_eq!(Project::new(&path, ["sub/c.yml"]).computed_name(), "named");
    }

    #[test]
    fn the_usual_files_are_found_with_their_override() {
        let (_dir, path) = in_a_directory(&[("docker-compose.yml", ""), ("docker-compose.override.yml", "")]);
        let project = Project::discover(&path).unwrap();
        assert_eq!(project.files, ["docker-compose.yml", "docker-compose.override.yml"]);
        assert_eq!(Project::discover(path.join("nowhere")).unwrap_err().code(), "engine-compose-file-missing");
    }

    #[test]
    fn env_files_are_read_from_the_files_as_written() {
        let a = "services:\n  api:\n    env_file: ./backend/.env\n  db: {image: x}\n";
        let b = "services:\n  api:\n    env_file:\n      - backend/.env\n      - path: b.env\n        required: false\n      - ${X}\n";
        let (_dir, path) = in_a_directory(&[("a.yml", a), ("b.yml", b)]);
        let found = Project::new(&path, ["a.yml", "b.yml"]).env_files();
        assert_eq!(found["api"], [path.join("backend/.env"), path.join("b.env"), path.join("${X}")]);
        assert!(found["db"].is_empty());
    }

    #[test]
    fn what_a_service_extends_may_name_env_files_too() {
        let main = "services:\n  api:\n    extends: {file: base/a.yml, service: base}\n  self:\n    extends: api\n";
        let base = "services:\n  base:\n    env_file: [a.env]\n    extends: {file: ../b.yml, service: root}\n";
        let root = "services:\n  root:\n    env_file: ${NAME}.env\n";
        let (_dir, path) = in_a_directory(&[("c.yml", main), ("base/a.yml", base), ("b.yml", root)]);
        let found = Project::new(&path, ["c.yml"]).env_files();
        assert_eq!(found["api"], [path.join("base/a.env"), path.join("base/../${NAME}.env")]);
    }
}

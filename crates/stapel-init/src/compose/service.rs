use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stapel_engine::{Port, Protocol};

use super::value::{keys, pairs, word, words};
use super::variable::Variable;
use crate::place::expression;
use crate::sign::Sign;
use crate::tree::join;

/// A service as compose has it, without anything that may be secret: of commands only telling words, of the environment
/// names, and of addresses in it no user and no password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// `image:`.
    pub image: Option<String>,
    /// Where its image is built from.
    pub build: Option<Build>,
    /// The fixed name of its container.
    pub container_name: Option<String>,
    /// TCP ports of the host with those in the container.
    pub ports: Vec<(u16, u16)>,
    /// Whether it publishes UDP ports.
    pub udp: bool,
    /// Ports that it exposes to other containers.
    pub expose: Vec<u16>,
    /// Networks that are somebody else's.
    pub foreign_networks: Vec<String>,
    /// `network_mode:`.
    pub network_mode: Option<String>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// The env files that are named for it, relative to the project.
    pub env_files: Vec<String>,
    /// Its variables.
    pub env: Vec<Variable>,
    /// Whether it has a command or an entry point of its own here, so that its image's do not count.
    pub commanded: bool,
    /// What its command says.
    pub signs: Vec<(Sign, String)>,
    /// Files that its command runs, as it names them: `./entrypoint.sh`, `bot.py`, `app/bot.py` for `-m app.bot`.
    pub runs: Vec<String>,
    /// The path that its health check asks for.
    pub health: Option<String>,
    /// Its labels whose names begin with `traefik.`.
    pub traefik: BTreeMap<String, String>,
    /// Whether it is made of another one, which nobody has resolved.
    pub extends: bool,
    /// The profiles that it is part of.
    pub profiles: Vec<String>,
}

/// Where an image is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The context, relative to the project; `None` where it lies elsewhere.
    pub context: Option<String>,
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
}

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: Source,
    /// Where the container sees it.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A path of the project.
    Project(String),
    /// A path of the host elsewhere.
    Host(String),
    /// A volume of Docker's.
    Volume,
}

expression!(URL, r#"https?://[^/\s'"\\]+(/[^\s'"\\|;)>]*)"#);
expression!(RUN, r"^\.?[A-Za-z0-9_][A-Za-z0-9_./-]*\.(sh|py|js|mjs|ts|rb)$");
expression!(MODULE, r"^[A-Za-z_][A-Za-z0-9_.]*$");

/// The path that a health check's command asks for over HTTP.
pub(crate) fn health_path(test: &str) -> Option<String> {
    let path = URL.captures(test)?.get(1)?.as_str().trim_end_matches([',', ']']).to_owned();
    (!path.contains('$')).then_some(path)
}

/// The files that a command runs.
pub(crate) fn runs(command: &[String]) -> Vec<String> {
    let trim = |c: char| "\"'[],;()&".contains(c);
    let all: Vec<&str> = command.iter().flat_map(|w| w.split_whitespace()).map(|w| w.trim_matches(trim)).collect();
    let mut found = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let bare = word.trim_start_matches("./");
        if RUN.is_match(bare) {
            found.push(bare.to_owned());
        } else if at > 0 && all[at - 1] == "-m" && MODULE.is_match(word) {
            found.push(format!("{}.py", word.replace('.', "/")));
        }
    }
    found
}

/// How paths in a file are to be understood.
pub(super) struct Paths<'a> {
    /// The directory that relative paths begin at, relative to the project.
    pub(super) base: &'a str,
    /// The project's absolute path, which compose puts before paths.
    pub(super) root: &'a str,
}

impl Paths<'_> {
    /// A path relative to the project, where it lies in it.
    fn inside(&self, path: &str) -> Option<String> {
        match path.strip_prefix(self.root) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => join("", rest.trim_start_matches('/')),
            _ => join(self.base, path),
        }
    }

    fn source(&self, source: &str) -> Source {
        if source.starts_with(['/', '.', '~']) {
            self.inside(source).map_or_else(|| Source::Host(source.to_owned()), Source::Project)
        } else {
            Source::Volume
        }
    }
}

impl Service {
    pub(super) fn read(value: &Value, networks: &Value, paths: &Paths<'_>) -> Self {
        let text = |key: &str| value.get(key).and_then(word);
        let list = |key: &str| value.get(key).map(words).unwrap_or_default();
        let all_ports: Vec<_> = list_of(value.get("ports")).iter().flat_map(port).collect();
        let command: Vec<_> = [list("entrypoint"), list("command")].concat();
        let joined = command.join(" ");
        let health = value.get("healthcheck").and_then(|h| h.get("test")).map(words).unwrap_or_default().join(" ");
        let foreign = |name: &String| {
            let said = networks.get(name).and_then(|n| n.get("external"));
            said.is_some_and(|e| !matches!(e, Value::Bool(false) | Value::Null))
        };
        Self {
            image: text("image"),
            build: value.get("build").and_then(|b| build(b, paths)),
            container_name: text("container_name"),
            ports: all_ports.iter().filter_map(|(p, protocol)| (*protocol == Protocol::Tcp).then_some(*p)).collect(),
            udp: all_ports.iter().any(|(_, protocol)| *protocol == Protocol::Udp),
            expose: list("expose").iter().filter_map(|e| e.split('/').next()?.parse().ok()).collect(),
            foreign_networks: value.get("networks").map(keys).unwrap_or_default().into_iter().filter(foreign).collect(),
            network_mode: text("network_mode"),
            mounts: list_of(value.get("volumes")).iter().filter_map(|v| mount(v, paths)).collect(),
            env_files: Vec::new(),
            env: value.get("environment").map(pairs).unwrap_or_default().into_iter().map(Variable::read).collect(),
            commanded: !command.is_empty(),
            signs: Sign::all(&joined).into_iter().map(|(sign, words, _)| (sign, words)).collect(),
            runs: runs(&command),
            health: health_path(&health),
            traefik: {
                let labels = value.get("labels").map(pairs).unwrap_or_default().into_iter();
                labels.filter(|(name, _)| name.starts_with("traefik.")).collect()
            },
            extends: value.get("extends").is_some(),
            profiles: list("profiles"),
        }
    }

    /// The env files that a service names as it is written; compose resolves them away.
    pub(super) fn env_files(value: &Value, base: &str) -> Vec<String> {
        let all = list_of(value.get("env_file"));
        let path = |entry: &Value| word(entry).or_else(|| entry.get("path").and_then(word));
        all.iter().filter_map(path).filter(|p| !p.contains('$')).filter_map(|p| join(base, &p)).collect()
    }
}

/// A list, or one thing as a list of one.
fn list_of(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
    }
}

fn port(value: &Value) -> Vec<((u16, u16), Protocol)> {
    let short = match value {
        Value::Object(long) => {
            let part = |key: &str| long.get(key).and_then(word);
            let (Some(published), Some(target)) = (part("published"), part("target")) else { return Vec::new() };
            format!("{published}:{target}/{}", part("protocol").unwrap_or_else(|| "tcp".to_owned()))
        }
        other => word(other).unwrap_or_default(),
    };
    let ports = Port::parse(&defaults(&short)).unwrap_or_default().into_iter();
    ports.filter_map(|p| Some(((p.published?.0, p.target), p.protocol))).collect()
}

expression!(DEFAULT, r"\$\{[A-Za-z_][A-Za-z0-9_]*:?-([^}]*)\}");

/// `${PORT:-8000}` as `8000`: only where compose has not resolved it.
fn defaults(text: &str) -> String {
    DEFAULT.replace_all(text, "$1").into_owned()
}

fn build(value: &Value, paths: &Paths<'_>) -> Option<Build> {
    let context = word(value).or_else(|| value.get("context").and_then(word)).unwrap_or_else(|| ".".to_owned());
    if value.is_null() {
        return None;
    }
    let dockerfile = value.get("dockerfile").and_then(word).unwrap_or_else(|| "Dockerfile".to_owned());
    Some(Build { context: paths.inside(&defaults(&context)), dockerfile })
}

fn mount(value: &Value, paths: &Paths<'_>) -> Option<Mount> {
    if let Value::Object(long) = value {
        let part = |key: &str| long.get(key).and_then(word);
        let source = match part("type").as_deref() {
            Some("bind") => paths.source(&part("source")?),
            Some("tmpfs") => return None,
            _ => Source::Volume,
        };
        let read_only = long.get("read_only").and_then(Value::as_bool).unwrap_or(false);
        return Some(Mount { source, target: part("target")?, read_only });
    }
    let short = word(value)?;
    let mut parts = short.split(':');
    let (source, target) = (parts.next()?, parts.next()?);
    let read_only = parts.next().is_some_and(|m| m.split(',').any(|m| m == "ro"));
    Some(Mount { source: paths.source(source), target: target.to_owned(), read_only })
}

#[cfg(test)]
mod tests {
    use super::super::value::read;
    use super::*;

    #[test]
    fn a_service_as_written_and_as_compose_prints_it_is_the_same() {
        let written = "build: ./api\nports: ['8001:8000', '53:53/udp']\nvolumes: ['./data:/data', 'v:/v:ro']\ncommand: python -m app.bot --token hunter2\nhealthcheck: {test: 'curl -f http://localhost:8000/health || exit 1'}\n";
        let printed = r#"{"build": {"context": "/p/api", "dockerfile": "Dockerfile"}, "ports": [{"target": 8000, "published": "8001", "protocol": "tcp"}, {"target": 53, "published": "53", "protocol": "udp"}], "volumes": [{"type": "bind", "source": "/p/data", "target": "/data"}, {"type": "volume", "source": "v", "target": "/v", "read_only": true}], "command": ["python", "-m", "app.bot", "--token", "hunter2"], "healthcheck": {"test": ["CMD-SHELL", "curl -f http://localhost:8000/health || exit 1"]}}"#;
        let paths = Paths { base: "", root: "/p" };
        let [a, b] = [written, printed].map(|t| Service::read(&read(t).unwrap(), &Value::Null, &paths));
        assert_eq!(a, b);
        assert_eq!((a.ports.as_slice(), a.udp, a.health.as_deref()), (&[(8001, 8000)][..], true, Some("/health")));
        assert_eq!(a.runs, ["app/bot.py"]);
        assert_eq!(a.mounts[0].source, Source::Project("data".into()));
        assert_eq!(a.build.as_ref().unwrap().context.as_deref(), Some("api"));
        assert!(!format!("{a:?}").contains("hunter2"));
    }

    #[test]
    fn variables_that_nobody_resolved_keep_nothing_from_being_read() {
        let text = "image: ${REGISTRY}/web:${TAG}\nports: ['${PORT:-8000}:80', '${OTHER}:81']\n";
        let service = Service::read(&read(text).unwrap(), &Value::Null, &Paths { base: "", root: "/p" });
        assert_eq!(service.ports, [(8000, 80)]);
    }
}

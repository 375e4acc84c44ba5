//! The resolved configuration as both composes print it. What is not named here, above all `environment`, is not read
//! into memory of ours.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A number, a word or a truth value, all of which compose takes for each other.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Number(i64),
    Truth(bool),
    Word(String),
}

impl Scalar {
    pub(super) fn word(self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Truth(t) => t.to_string(),
            Self::Word(w) => w,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    pub(super) fn many(self) -> Vec<T> {
        match self {
            Self::Many(m) => m,
            Self::One(one) => vec![one],
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) name: Option<String>,
    pub(super) version: Option<Scalar>,
    #[serde(default)]
    pub(super) services: BTreeMap<String, Service>,
    pub(super) networks: Option<BTreeMap<String, Option<Named>>>,
    pub(super) volumes: Option<BTreeMap<String, Option<Named>>>,
    pub(super) configs: Option<BTreeMap<String, Option<Kept>>>,
    pub(super) secrets: Option<BTreeMap<String, Option<Kept>>>,
}

/// A config or a secret at the top of the file.
#[derive(Deserialize)]
pub(super) struct Kept {
    pub(super) file: Option<String>,
}

/// A network or a volume at the top of the file.
#[derive(Deserialize, Default)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) external: Option<External>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum External {
    Truth(bool),
    /// YAML 1.1's words for it, and what a variable stands for.
    Word(String),
    Name {
        name: Option<String>,
    },
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Service {
    pub(super) image: Option<String>,
    pub(super) build: Option<Build>,
    pub(super) container_name: Option<String>,
    pub(super) ports: Option<Vec<Port>>,
    pub(super) expose: Option<Vec<Scalar>>,
    pub(super) networks: Option<Networks>,
    pub(super) network_mode: Option<String>,
    pub(super) depends_on: Option<Names>,
    pub(super) links: Option<Vec<String>>,
    pub(super) volumes: Option<Vec<Volume>>,
    pub(super) env_file: Option<OneOrMany<EnvFile>>,
    pub(super) healthcheck: Option<HealthCheck>,
    pub(super) restart: Option<Scalar>,
    pub(super) scale: Option<u32>,
    pub(super) deploy: Option<Deploy>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Build {
    Context(String),
    Long {
        context: Option<String>,
        dockerfile: Option<String>,
        additional_contexts: Option<IgnoredAny>,
        dockerfile_inline: Option<IgnoredAny>,
        secrets: Option<IgnoredAny>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Port {
    Short(Scalar),
    Long { target: Scalar, published: Option<Scalar>, host_ip: Option<String>, protocol: Option<String> },
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Networks {
    Names(Vec<String>),
    Long(BTreeMap<String, Option<Attached>>),
}

/// Names, with or without something about each.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    Plain(Vec<String>),
    Long(BTreeMap<String, IgnoredAny>),
}

impl Names {
    pub(super) fn names(self) -> Vec<String> {
        match self {
            Self::Plain(names) => names,
            Self::Long(long) => long.into_keys().collect(),
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Attached {
    pub(super) aliases: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Volume {
    Short(String),
    Long {
        #[serde(rename = "type")]
        kind: String,
        source: Option<String>,
        target: String,
        read_only: Option<bool>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum EnvFile {
    Path(String),
    Long { path: String },
}

#[derive(Deserialize)]
pub(super) struct HealthCheck {
    pub(super) test: Option<OneOrMany<String>>,
    pub(super) disable: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Deploy {
    pub(super) replicas: Option<u32>,
}

/// One of the team's files as it is written, only for what compose does not print: which env files it names, and which other
/// files compose reads with it. And its networks, for where there is no compose yet.
#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    pub(super) services: BTreeMap<String, WrittenService>,
    pub(super) networks: Option<BTreeMap<String, Option<Named>>>,
    pub(super) include: Option<Vec<Include>>,
}

/// Another compose file, with whose services it is read.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Include {
    Path(String),
    /// Several files, or with a directory and variables of their own.
    Other(IgnoredAny),
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WrittenService {
    pub(super) env_file: Option<OneOrMany<EnvFile>>,
    pub(super) label_file: Option<IgnoredAny>,
    pub(super) extends: Option<Extends>,
}

/// What a service extends.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Extends {
    /// One of another file.
    Other { file: Option<String>, service: String },
    /// One of the same file.
    Same(IgnoredAny),
}

/// Reads YAML, of which JSON is a part. An error's text may quote a value and is let go.
pub(super) fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    // Both composes quote whatever YAML 1.1 would take for a truth value, and a network may be called `n`.
    let options = serde_saphyr::Options { strict_booleans: true, with_snippet: false, ..Default::default() };
    serde_saphyr::from_str_with_options(text, options).ok()
}

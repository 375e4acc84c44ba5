use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::ports::{self, Port, Protocol};
use super::raw;

/// What compose makes of the team's files, without anything that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The project's name.
    pub name: String,
    /// The `version:` key where compose prints it (1.x does).
    pub version: Option<String>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Networks by the name they have in the file; `default` is always among them.
    pub networks: BTreeMap<String, Network>,
    /// Volumes by the name they have in the file.
    pub volumes: BTreeMap<String, Network>,
    /// The files that configs and secrets of the definition come from.
    pub files: Vec<Utf8PathBuf>,
}

/// A network or volume as the engine knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The engine's name for it.
    pub name: String,
    /// Whether it belongs to somebody else and is only used.
    pub external: bool,
}

/// One service of the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// `image:` where it is said.
    pub image: Option<String>,
    /// Where its image is built from, if it is built.
    pub build: Option<Build>,
    /// The fixed name of its container.
    pub container_name: Option<String>,
    /// What it publishes on the host.
    pub ports: Vec<Port>,
    /// What it exposes to other containers.
    pub expose: Vec<(u16, Protocol)>,
    /// The networks it is on, empty with a `network_mode`.
    pub networks: Vec<ServiceNetwork>,
    /// `network_mode:` where it is said (`host`, `none`, `service:…`).
    pub network_mode: Option<String>,
    /// The services that must be there before it: `depends_on`, `links`, `network_mode: service:…`.
    pub depends_on: BTreeSet<String>,
    /// Its volumes and bind mounts.
    pub volumes: Vec<Volume>,
    /// The env files that the team's files name for it, absolute. Compose resolves them away; 2.x tells them before that, else
    /// this is read from the files as written. Variables in their paths are as they are written.
    pub env_files: Vec<Utf8PathBuf>,
    /// What the definition says about a health check.
    pub health: HealthCheck,
    /// `restart:` where it is said.
    pub restart: Option<String>,
    /// How many containers it wants.
    pub replicas: u32,
}

/// A service's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceNetwork {
    /// Its name in the file.
    pub key: String,
    /// Its name at the engine.
    pub name: String,
    /// Whether it belongs to somebody else (a proxy's network).
    pub external: bool,
    /// Names of the service on it, besides the service's own.
    pub aliases: Vec<String>,
}

/// Where an image is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The directory (or URL) of the build context, absolute where it is a directory.
    pub context: String,
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Whether it takes from more than the context: further contexts, a Dockerfile inside of the definition, secrets.
    pub more: bool,
}

/// What a definition says about a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthCheck {
    /// It defines one.
    Defined,
    /// It turns the image's off.
    Disabled,
    /// Nothing: the image may have one.
    Unsaid,
}

/// A mount of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// A directory of the host (absolute) or the name of a volume in the file; none for an anonymous one.
    pub source: Option<String>,
    /// The path in the container.
    pub target: String,
    /// Whether the source is a path of the host.
    pub bind: bool,
    /// Whether the container may only read it.
    pub read_only: bool,
}

impl Resolved {
    /// From compose's output. `name` is the project's where compose does not print it.
    pub(super) fn read(text: &str, name: &str) -> Option<Self> {
        let config: raw::Config = raw::read(text)?;
        let name = config.name.unwrap_or_else(|| name.to_owned());
        let mut networks = named(config.networks, &name);
        networks
            .entry("default".to_owned())
            .or_insert_with(|| Network { name: format!("{name}_default"), external: false });
        let services = config.services.into_iter();
        let services = services
            .map(|(key, raw)| Some((key, Service::read(raw, &networks)?)))
            .collect::<Option<BTreeMap<_, _>>>()?;
        let volumes = named(config.volumes, &name);
        let kept = [config.configs, config.secrets].into_iter().flatten().flatten();
        let files = kept.filter_map(|(_, kept)| kept?.file.map(Utf8PathBuf::from)).collect();
        Some(Self { version: config.version.map(raw::Scalar::word), services, networks, volumes, files, name })
    }

    /// All services that must be there before this one, those that they need included.
    #[must_use]
    pub fn before(&self, service: &str) -> BTreeSet<String> {
        let (mut before, mut ask) = (BTreeSet::new(), vec![service]);
        while let Some(needed) = ask.pop().and_then(|name| self.services.get(name)).map(|found| &found.depends_on) {
            ask.extend(needed.iter().filter(|name| before.insert((*name).clone())).map(String::as_str));
        }
        before
    }
}

fn named(all: Option<BTreeMap<String, Option<raw::Named>>>, project: &str) -> BTreeMap<String, Network> {
    let real = |key: &str, raw: raw::Named| match raw.external {
        Some(raw::External::Name { name }) => {
            Network { name: name.or(raw.name).unwrap_or_else(|| key.to_owned()), external: true }
        }
        Some(raw::External::Truth(true)) => {
            Network { name: raw.name.unwrap_or_else(|| key.to_owned()), external: true }
        }
        _ => Network { name: raw.name.unwrap_or_else(|| format!("{project}_{key}")), external: false },
    };
    let all = all.unwrap_or_default().into_iter();
    all.map(|(key, raw)| {
        let network = real(&key, raw.unwrap_or_default());
        (key, network)
    })
    .collect()
}

impl Service {
    fn read(raw: raw::Service, networks: &BTreeMap<String, Network>) -> Option<Self> {
        let mut ports = Vec::new();
        for port in raw.ports.unwrap_or_default() {
            ports.extend(read_port(port)?);
        }
        let mut expose = Vec::new();
        for entry in raw.expose.unwrap_or_default() {
            expose.extend(ports::exposed(&entry.word())?);
        }
        let attached = match raw.networks {
            _ if raw.network_mode.is_some() => BTreeMap::new(),
            None => BTreeMap::from([("default".to_owned(), None)]),
            Some(raw::Networks::Names(names)) => names.into_iter().map(|n| (n, None)).collect(),
            Some(raw::Networks::Long(long)) => long,
        };
        let attach = |(key, attached): (String, Option<raw::Attached>)| {
            let network = networks.get(&key)?.clone();
            let aliases = attached.unwrap_or_default().aliases.unwrap_or_default();
            Some(ServiceNetwork { key, name: network.name, external: network.external, aliases })
        };
        let mut depends_on: BTreeSet<String> = raw.depends_on.map(raw::Names::names).into_iter().flatten().collect();
        // Behind a colon is the name that a link has inside.
        let linked = raw.links.iter().flatten().filter_map(|link| link.split(':').next());
        let shared = raw.network_mode.iter().filter_map(|mode| mode.strip_prefix("service:"));
        depends_on.extend(linked.chain(shared).map(str::to_owned));
        Some(Self {
            image: raw.image,
            depends_on,
            build: raw.build.map(Build::read),
            container_name: raw.container_name,
            ports,
            expose,
            networks: attached.into_iter().map(attach).collect::<Option<_>>()?,
            network_mode: raw.network_mode,
            volumes: raw.volumes.unwrap_or_default().into_iter().map(Volume::read).collect(),
            env_files: Vec::new(),
            health: HealthCheck::read(raw.healthcheck),
            restart: raw.restart.map(raw::Scalar::word),
            replicas: raw.deploy.and_then(|d| d.replicas).or(raw.scale).unwrap_or(1),
        })
    }
}

fn read_port(port: raw::Port) -> Option<Vec<Port>> {
    match port {
        raw::Port::Short(short) => Port::parse(&short.word()),
        raw::Port::Long { target, published, host_ip, protocol } => Port::expand(
            host_ip.filter(|ip| !ip.is_empty()).map(|ip| ip.parse()).transpose().ok()?,
            published.map(raw::Scalar::word).as_deref(),
            &target.word(),
            Protocol::parse(protocol.as_deref())?,
        ),
    }
}

impl Build {
    fn read(raw: raw::Build) -> Self {
        let (context, dockerfile, more) = match raw {
            raw::Build::Context(context) => (Some(context), None, false),
            raw::Build::Long { context, dockerfile, additional_contexts, dockerfile_inline, secrets } => {
                let more = additional_contexts.is_some() || dockerfile_inline.is_some() || secrets.is_some();
                (context, dockerfile, more)
            }
        };
        let dockerfile = dockerfile.unwrap_or_else(|| "Dockerfile".to_owned());
        Self { context: context.unwrap_or_default(), dockerfile, more }
    }
}

impl HealthCheck {
    fn read(raw: Option<raw::HealthCheck>) -> Self {
        let Some(raw) = raw else { return Self::Unsaid };
        let test = raw.test.map(raw::OneOrMany::many);
        if raw.disable == Some(true) || test.as_ref().is_some_and(|t| t.first().is_some_and(|w| w == "NONE")) {
            return Self::Disabled;
        }
        if test.is_some() { Self::Defined } else { Self::Unsaid }
    }
}

impl Volume {
    fn read(raw: raw::Volume) -> Self {
        match raw {
            raw::Volume::Long { kind, source, target, read_only } => {
                Self { source, target, bind: kind == "bind", read_only: read_only.unwrap_or(false) }
            }
            raw::Volume::Short(short) => {
                let mut parts = short.split(':');
                let (first, second) = (parts.next().unwrap_or_default().to_owned(), parts.next());
                let Some(target) = second else {
                    return Self { source: None, target: first, bind: false, read_only: false };
                };
                let read_only = parts.next().is_some_and(|m| m.split(',').any(|m| m == "ro"));
                Self {
                    bind: first.starts_with(['/', '.', '~']),
                    source: Some(first),
                    target: target.to_owned(),
                    read_only,
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "resolved_tests.rs"]
mod tests;

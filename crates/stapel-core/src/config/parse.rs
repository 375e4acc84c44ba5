use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use stapel_text::text;
use toml::de::DeTable;

use super::build_arg::is_name;
use super::table::{Environment, Notes, Table};
use super::{
    Backup, Become, Compose, Config, EngineKind, Finding, Findings, Ignore, Images, Migration, MigrationTool, Quiet,
    Relay, Secrets, Service, Source, SourceKind, Target, check, database, hook, notice, phase, watch,
};

impl Config {
    /// Reads the text of a `stapel.toml`; `file` is its name for messages. Nothing is in the environment.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(file: &str, source: &str) -> Result<Self, Findings> {
        Self::parse_with(file, source, &Environment { variables: &|_| None, whole: true }).map(|(config, _)| config)
    }

    /// The same, where `environment` has what `${NAME}` stands for; it is given beside the configuration, which holds none
    /// of it.
    ///
    /// # Errors
    /// As [`Config::parse`]; where the environment is to have all of them, a name that it does not have is such an error.
    pub fn parse_with(file: &str, source: &str, environment: &Environment<'_>) -> Result<(Self, Secrets), Findings> {
        let notes = Notes::new(source, *environment);
        let config = Self::read(source, &notes);
        let mut findings = notes.findings.into_inner();
        findings.sort_by_key(|f| f.span.start);
        findings.dedup();
        match config {
            Some(config) if findings.is_empty() => Ok((config, notes.secrets.into_inner())),
            _ => Err(Findings { file: file.to_owned(), source: source.to_owned(), findings }),
        }
    }

    pub(super) fn read(source: &str, notes: &Notes<'_>) -> Option<Self> {
        let (document, syntax) = DeTable::parse_recoverable(source);
        for e in syntax {
            let what = text!("core-config-syntax", said = e.message());
            notes.findings.borrow_mut().push(Finding { what, span: e.span().unwrap_or(0..0) });
        }
        let whole = notes.findings.borrow().is_empty();
        whole.then(|| read(&Table::top(document.get_ref(), notes))).flatten()
    }
}

fn read(root: &Table<'_>) -> Option<Config> {
    let app = root.required("app");
    let engine = root
        .choice("engine", &[("docker", EngineKind::Docker), ("embedded", EngineKind::Embedded)])
        .unwrap_or(EngineKind::Docker);
    let call = root.string("call");
    let targets = targets(root);
    let source = source(root);
    let compose = compose(root);
    let services: BTreeMap<_, _> = root.named("service").into_iter().map(|(name, t)| (name, service(t))).collect();
    let databases = root.named("database").into_iter();
    let databases = databases.map(|(name, t)| (name.clone(), database::database(&name, t))).collect();
    let migration = migration(root, &services);
    let backup = backup(root);
    let images = images(root);
    let checks = check::checks(root, &services);
    let phases = phase::phases(root, &checks);
    let watch = watch::watch(root);
    let relay = relay(root);
    let quiet = quiet(root);
    let notify = notice::notify(root);
    let hooks = hook::hooks(root);
    if services.is_empty() {
        root.error(0..0, text!("core-config-no-service"));
    }
    if targets.is_empty() {
        root.error(0..0, text!("core-config-no-target"));
    }
    root.unknown();
    Some(Config {
        app: app?,
        engine,
        targets,
        source,
        compose,
        services,
        databases,
        migration,
        backup,
        images,
        checks,
        phases,
        watch,
        relay,
        quiet,
        call,
        notify,
        hooks,
    })
}

fn targets(root: &Table<'_>) -> BTreeMap<String, Target> {
    let mut all = BTreeMap::new();
    for (name, t) in root.named("target") {
        let host = t.required("host");
        let path = t.required("path").map(Utf8PathBuf::from);
        let state = t.string("state").map(Utf8PathBuf::from);
        let become_root = t.choice("become", &[("sudo", Become::Sudo)]);
        for (key, given) in [("path", &path), ("state", &state)] {
            if given.as_ref().is_some_and(|p| !p.is_absolute()) {
                t.error(t.span_of(key), text!("core-config-absolute", key = key));
            }
        }
        if let (Some(host), Some(path)) = (host, path) {
            all.insert(name, Target { host, path, state, become_root });
        }
        t.finish();
    }
    all
}

fn source(root: &Table<'_>) -> Source {
    let t = root.table("source");
    let get = |key| t.as_ref().and_then(|t| t.strings(key)).unwrap_or_default();
    let from =
        t.as_ref().and_then(|t| t.choice("from", &[("here", SourceKind::Here), ("checkout", SourceKind::Checkout)]));
    let branch = t.as_ref().and_then(|t| t.string("branch"));
    let ignore = t.as_ref().and_then(|t| t.choices("ignore", &[("git", Ignore::Git), ("docker", Ignore::Docker)]));
    if let Some(t) = &t {
        match from {
            Some(SourceKind::Checkout) if t.string("path").is_some() => {
                t.error(t.span_of("path"), text!("core-config-source-path"));
            }
            Some(SourceKind::Checkout) if ignore.is_some() => {
                t.error(t.span_of("ignore"), text!("core-config-source-ignore"));
            }
            None | Some(SourceKind::Here) if branch.is_some() => {
                t.error(t.span_of("branch"), text!("core-config-source-branch"));
            }
            _ => {}
        }
    }
    let source = Source {
        from: from.unwrap_or_default(),
        branch,
        path: t.as_ref().and_then(|t| t.string("path")).map_or_else(|| ".".into(), Utf8PathBuf::from),
        exclude: get("exclude"),
        ignore: ignore.unwrap_or_default(),
        env: get("env"),
    };
    if let Some(t) = t {
        t.finish();
    }
    source
}

fn compose(root: &Table<'_>) -> Compose {
    let Some(t) = root.table("compose") else { return Compose { files: Vec::new(), project: None } };
    let compose = Compose { files: t.strings("files").unwrap_or_default(), project: t.string("project") };
    t.finish();
    compose
}

fn service(t: Table<'_>) -> Service {
    let service = Service {
        rollout: t
            .choice("rollout", &[("relay", "relay"), ("recreate", "recreate"), ("start", "start")])
            .map(str::to_owned),
        no_cache: t.boolean("no_cache").unwrap_or(false),
        build_args: t.pairs("build_args", is_name, || text!("core-config-build-arg")).unwrap_or_default(),
        healthy_within: t.duration("healthy_within").unwrap_or(Duration::from_mins(2)),
    };
    t.finish();
    service
}

fn migration(root: &Table<'_>, services: &BTreeMap<String, Service>) -> Option<Migration> {
    let t = root.table("migration")?;
    t.required("tool");
    let tool = t.choice("tool", &[("alembic", MigrationTool::Alembic), ("embedded", MigrationTool::Embedded)]);
    let service = t.required("service");
    if let Some(name) = service.as_ref().filter(|s| !services.contains_key(*s)) {
        let known: Vec<_> = services.keys().map(String::as_str).collect();
        t.error(t.span_of("service"), text!("core-config-no-such-service", name = name, known = known.join(", ")));
    }
    t.finish();
    Some(Migration { tool: tool?, service: service? })
}

fn backup(root: &Table<'_>) -> Backup {
    let t = root.table("backup");
    let backup = Backup {
        dir: t.as_ref().and_then(|t| t.string("dir")).map(Utf8PathBuf::from),
        keep_days: t
            .as_ref()
            .and_then(|t| t.integer("keep_days", 1, 3650))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(30),
    };
    if let Some(t) = t {
        t.finish();
    }
    backup
}

fn images(root: &Table<'_>) -> Images {
    let (t, default) = (root.table("images"), Images::default());
    let keep = t.as_ref().and_then(|t| t.integer("keep", 2, 1000)).and_then(|n| usize::try_from(n).ok());
    let build_cache = t.as_ref().and_then(|t| t.limit("build_cache"));
    if let Some(t) = t {
        t.finish();
    }
    Images { keep: keep.unwrap_or(default.keep), build_cache: build_cache.unwrap_or(default.build_cache) }
}

fn quiet(root: &Table<'_>) -> Option<Quiet> {
    let t = root.table("quiet")?;
    let zone = t.required("zone");
    if zone.as_ref().is_some_and(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
        t.error(t.span_of("zone"), text!("core-config-zone"));
    }
    if t.strings("hours").is_none_or(|hours| hours.is_empty()) {
        t.error(t.span_of("hours"), text!("core-config-missing", key = "hours"));
    }
    let hours = t.strings("hours").unwrap_or_default().into_iter().filter_map(|text| {
        let hours = text.parse().ok();
        if hours.is_none() {
            t.error(t.span_of("hours"), text!("core-config-hours", found = text));
        }
        hours
    });
    let hours = hours.collect();
    t.finish();
    Some(Quiet { zone: zone?, hours })
}

fn relay(root: &Table<'_>) -> Relay {
    let (t, default) = (root.table("relay"), Relay { drain: Duration::from_secs(10), standby: true });
    let drain = t.as_ref().and_then(|t| t.duration("drain"));
    let standby = t.as_ref().and_then(|t| t.boolean("standby"));
    if let Some(t) = t {
        t.finish();
    }
    Relay { drain: drain.unwrap_or(default.drain), standby: standby.unwrap_or(default.standby) }
}

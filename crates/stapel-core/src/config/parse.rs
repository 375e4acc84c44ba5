use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use stapel_text::text;
use toml::de::DeTable;

use super::table::{Notes, Table};
use super::{
    Backup, Become, Check, Compose, Config, EngineKind, Finding, Findings, Migration, MigrationTool, Quiet, Relay,
    Secrets, Service, Source, SourceKind, Target, Watch, Way, database, hook, notice,
};

impl Config {
    /// Reads the text of a `stapel.toml`; `file` is its name for messages. Nothing is in the environment.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(file: &str, source: &str) -> Result<Self, Findings> {
        Self::parse_with(file, source, &|_| None).map(|(config, _)| config)
    }

    /// The same, where `environment` has what `${NAME}` stands for; it is given beside the configuration, which holds none
    /// of it.
    ///
    /// # Errors
    /// As [`Config::parse`]; a name that the environment does not have is such an error.
    pub fn parse_with(
        file: &str,
        source: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Secrets), Findings> {
        let notes = Notes::new(source, environment);
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
    let checks = root.array("check").into_iter().filter_map(|t| check(t, &services)).collect();
    let watch = watch(root);
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
        checks,
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
    if let Some(t) = &t {
        match from {
            Some(SourceKind::Checkout) if t.string("path").is_some() => {
                t.error(t.span_of("path"), text!("core-config-source-path"));
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
        rollout: t.choice("rollout", &[("relay", "relay"), ("start", "start")]).map(str::to_owned),
        no_cache: t.boolean("no_cache").unwrap_or(false),
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

fn check(t: Table<'_>, services: &BTreeMap<String, Service>) -> Option<Check> {
    let name = t.required("name");
    let (path, url) = (t.string("path"), t.string("url"));
    let via = t.string("via").and_then(|v| {
        let parsed = v.parse().ok();
        if parsed.is_none() {
            t.error(t.span_of("via"), text!("core-config-address", key = "via"));
        }
        parsed
    });
    let way = match (path, url) {
        (Some(path), None) if path.starts_with('/') => Some(Way::Path(path)),
        (Some(_), None) => {
            t.error(t.span_of("path"), text!("core-config-check-path"));
            None
        }
        (None, Some(url)) if url.starts_with("http://") || url.starts_with("https://") => Some(Way::Url { url, via }),
        (None, Some(_)) => {
            t.error(t.span_of("url"), text!("core-config-check-url"));
            None
        }
        _ => {
            t.error(t.span_of("name"), text!("core-config-check-way"));
            None
        }
    };
    let service = t.string("service");
    let known = || services.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    match &service {
        Some(name) if !services.contains_key(name) => {
            t.error(t.span_of("service"), text!("core-config-no-such-service", name = name, known = known()));
        }
        None if services.len() > 1 && matches!(way, Some(Way::Path(_))) => {
            t.error(t.span_of("path"), text!("core-config-check-service", known = known()));
        }
        _ => {}
    }
    let status =
        t.integers("status", 100, 599).unwrap_or_default().into_iter().filter_map(|s| u16::try_from(s).ok()).collect();
    let contains = t.string("contains");
    let timeout = t.duration("timeout").unwrap_or(Check::TIMEOUT);
    t.finish();
    Some(Check { name: name?, way: way?, service, status, contains, timeout })
}

fn watch(root: &Table<'_>) -> Watch {
    let t = root.table("watch");
    let get = |key| t.as_ref().and_then(|t| t.duration(key));
    let watch = Watch {
        duration: get("duration").unwrap_or(Duration::from_secs(30)),
        every: get("every").unwrap_or(Duration::from_secs(1)),
    };
    if let Some(t) = t {
        if watch.every.is_zero() || watch.every > watch.duration {
            t.error(t.span_of("every"), text!("core-config-watch-every"));
        }
        t.finish();
    }
    watch
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
    let Some(t) = root.table("relay") else { return Relay { drain: Duration::from_secs(10) } };
    let relay = Relay { drain: t.duration("drain").unwrap_or(Duration::from_secs(10)) };
    t.finish();
    relay
}

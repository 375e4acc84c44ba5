use std::time::Duration;

use stapel_text::{Catalogue, Lang};

use super::*;

const GOOD: &str = r#"
app = "convertik"
[target.production]
host = "root@app.example"
path = "/opt/convertik"
[source]
exclude = ["versions"]
env = [".env.production"]
[compose]
files = ["docker-compose.production.yml"]
[service.convertik-api]
healthy_within = "90s"
[database.main]
kind = "postgres"
service = "convertik-db"
[migration]
tool = "alembic"
service = "convertik-api"
[[check]]
name = "health"
path = "/health"
[[check]]
name = "domain"
url = "http://convertik.example/health"
via = "127.0.0.1:80"
status = [200, 401]
[watch]
duration = "1m"
"#;

fn findings(source: &str) -> Vec<(String, usize, usize)> {
    let found = Config::parse("stapel.toml", source).expect_err("must be refused");
    let all: Vec<_> =
        found.findings.iter().map(|f| (f.what.id.to_string(), found.place(f).0, found.place(f).1)).collect();
    for lang in Lang::ALL {
        let shown = found.render(&Catalogue::new(lang), false);
        assert!(shown.contains("stapel.toml:"), "{shown}");
    }
    all
}

#[test]
fn a_good_file_is_read_with_its_defaults() {
    let config = Config::parse("stapel.toml", GOOD).unwrap();
    assert_eq!(config.services["convertik-api"].healthy_within.as_secs(), 90);
    assert_eq!(config.backup.keep_days, 30);
    assert_eq!(config.checks.len(), 2);
    assert_eq!(config.watch.duration.as_secs(), 60);
    assert_eq!(config.checks[1].status, [200, 401]);
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
    let source = GOOD.replace("healthy_within", "healty_within");
    assert_eq!(findings(&source), [("core-config-unknown-near".into(), 12, 1)]);
}

#[test]
fn all_errors_of_a_file_come_at_once_and_in_order() {
    let source = GOOD
        .replace("path = \"/opt/convertik\"", "path = \"opt\"")
        .replace("tool = \"alembic\"", "tool = \"flyway\"")
        .replace("status = [200, 401]", "status = [9]");
    let ids: Vec<_> = findings(&source).into_iter().map(|f| f.0).collect();
    assert_eq!(ids, ["core-config-absolute", "core-config-choice", "core-config-range"]);
}

#[test]
fn each_wrong_value_has_its_message() {
    let cases = [
        ("app = \"convertik\"", "app = 3", "core-config-type"),
        ("[source]", "[source]\nbranch = \"main\"", "core-config-source-branch"),
        ("[source]", "[source]\nfrom = \"checkout\"\npath = \"app\"", "core-config-source-path"),
        ("[source]", "[source]\nfrom = \"git\"", "core-config-choice"),
        ("[source]", "[source]\nignore = [\"hg\"]", "core-config-choice"),
        ("[source]", "[source]\nfrom = \"checkout\"\nignore = [\"git\"]", "core-config-source-ignore"),
        ("app = \"convertik\"", "app = \" \"", "core-config-empty"),
        ("app = \"convertik\"", "", "core-config-missing"),
        ("app = \"convertik\"", "app = ", "core-config-syntax"),
        ("\"90s\"", "\"soon\"", "core-config-duration"),
        ("[service.convertik-api]", "[service.convertik-api]\nbuild_args = [\"A=1\"]", "core-config-type"),
        ("[service.convertik-api]", "[service.convertik-api]\nbuild_args = { A = 1 }", "core-config-type"),
        ("[service.convertik-api]", "[service.convertik-api]\nbuild_args = { A-B = \"1\" }", "core-config-build-arg"),
        (
            "[service.convertik-api]",
            "[service.convertik-api]\nbuild_args = { A = \"${TOKEN}\" }",
            "core-config-variable-here",
        ),
        ("[watch]", "[images]\nkeep = 1\n[watch]", "core-config-range"),
        ("[watch]", "[images]\nbuild_cache = \"much\"\n[watch]", "core-config-limit"),
        ("[watch]", "[images]\nbuild_cache = 10\n[watch]", "core-config-type"),
        ("\"90s\"", "\"-5s\"", "core-config-duration"),
        ("path = \"/health\"", "path = \"health\"", "core-config-check-path"),
        ("path = \"/health\"", "", "core-config-check-way"),
        ("name = \"domain\"", "name = \"health\"", "core-config-check-twice"),
        ("url = \"http:", "url = \"ftp:", "core-config-check-url"),
        ("\"127.0.0.1:80\"", "\"localhost\"", "core-config-address"),
        ("[watch]", "[quiet]\nzone = \"Mars/Base\"\nhours = [\"09:00-10:00\"]\n[watch]", "core-config-zone"),
        ("[watch]", "[quiet]\nzone = \"Europe/Moscow\"\nhours = [\"at noon\"]\n[watch]", "core-config-hours"),
        ("[watch]", "[quiet]\nzone = \"Europe/Moscow\"\n[watch]", "core-config-missing"),
        (
            "tool = \"alembic\"\nservice = \"convertik-api\"",
            "tool = \"alembic\"\nservice = \"web\"",
            "core-config-no-such-service",
        ),
        ("duration = \"1m\"", "duration = \"1m\"\nevery = \"2m\"", "core-config-watch-every"),
        ("duration = \"1m\"", "duration = \"1m\"\nwarm_up = \"1m\"", "core-config-watch-warm-up"),
        ("duration = \"1m\"", "duration = \"1m\"\nerrors = [\"(\"]", "core-config-pattern"),
        ("duration = \"1m\"", "duration = \"1m\"\nignore = [\"a\", \"[\"]", "core-config-pattern"),
        ("duration = \"1m\"", "duration = \"1m\"\n[[watch.log]]", "core-config-watch-log"),
        ("duration = \"1m\"", "duration = \"1m\"\n[[watch.log]]\nunit = \"a\"\nfile = \"b\"", "core-config-watch-log"),
        ("service = \"convertik-db\"", "", "core-config-database-way"),
        ("exclude = [\"versions\"]", "exclude = \"versions\"", "core-config-type"),
        ("[service.convertik-api]", "[service.second]\n[service.convertik-api]", "core-config-check-service"),
        ("[[check]]\nname = \"health\"", "zzz = 1\n[[check]]\nname = \"health\"", "core-config-unknown"),
    ];
    for (from, to, id) in cases {
        assert!(GOOD.contains(from), "{from}");
        let found = findings(&GOOD.replacen(from, to, 1));
        assert!(found.iter().any(|f| f.0 == id), "{from} -> {to}: {found:?}");
    }
}

#[test]
fn a_person_may_be_asked_and_phases_have_gates() {
    let more = r#"
        [[check]]
        name = "seen"
        ask = "Does it show?"
        [[phase]]
        name = "the site"
        migrates = false
        gate = ["health"]
        [[phase]]
        name = "the schema"
        ref = "v2"
    "#;
    let config = Config::parse("stapel.toml", &format!("{GOOD}{more}")).unwrap();
    let seen = &config.checks[2];
    assert_eq!((seen.asks(), seen.timeout), (Some("Does it show?"), Check::PATIENCE));
    assert_eq!(config.checks[0].asks(), None);
    let [site, schema] = &config.phases[..] else { panic!("{:?}", config.phases) };
    assert_eq!((site.migrates, site.gate.as_deref()), (false, Some(&["health".to_owned()][..])));
    assert_eq!((schema.migrates, schema.reference.as_deref(), &schema.gate), (true, Some("v2"), &None));
    for (from, to, id) in [
        ("ask = \"Does it show?\"", "ask = \"Does it show?\"\nurl = \"http://a.example\"", "core-config-check-way"),
        ("ask = \"Does it show?\"", "ask = \"Does it show?\"\nstatus = 200", "core-config-check-person"),
        ("gate = [\"health\"]", "gate = [\"healthy\"]", "core-config-phase-gate"),
        ("name = \"the schema\"", "name = \"the site\"", "core-config-phase-twice"),
        ("name = \"the schema\"", "", "core-config-missing"),
        ("migrates = false", "migrates = \"no\"", "core-config-type"),
    ] {
        assert!(more.contains(from), "{from}");
        let ids: Vec<_> = findings(&format!("{GOOD}{}", more.replacen(from, to, 1))).into_iter().map(|f| f.0).collect();
        assert_eq!(ids, [id], "{from} -> {to}");
    }
}

#[test]
fn an_answer_is_looked_into() {
    let more = r#"
        [[check]]
        name = "calendar"
        path = "/calendar"
        matches = "(?i)slots"
        within = "500ms"
        json = [
            { at = "/slots", at_least = 1, unique = ["day", "/at/hour"] },
            { at = "/version", equals = 2 },
            { at = "/ratio", equals = 0.5 },
            { at = "/days", count = 7 },
            {},
        ]
        [[check]]
        name = "front"
        path = "/"
        method = "HEAD"
    "#;
    let config = Config::parse("stapel.toml", &format!("{GOOD}{more}")).unwrap();
    let [.., calendar, front] = &config.checks[..] else { panic!("{:?}", config.checks) };
    assert_eq!((front.method, calendar.method), (Method::Head, Method::Get));
    assert_eq!((calendar.matches.as_deref(), calendar.within), (Some("(?i)slots"), Some(Duration::from_millis(500))));
    let rules: Vec<_> = calendar.json.iter().map(|rule| (rule.pointer.as_str(), rule.test.clone())).collect();
    let expected = [
        ("/slots", JsonTest::Count { least: 1, most: None }),
        ("/slots", JsonTest::Unique(vec!["day".into(), "/at/hour".into()])),
        ("/version", JsonTest::Equals(2.into())),
        ("/ratio", JsonTest::Equals(0.5.into())),
        ("/days", JsonTest::Count { least: 7, most: Some(7) }),
        ("", JsonTest::Exists),
    ];
    assert_eq!(rules, expected);
    // The journal has them as the file had.
    let kept: Config = serde_json::from_value(serde_json::to_value(&config).unwrap()).unwrap();
    assert_eq!(kept, config);
    for (from, to, id) in [
        ("(?i)slots", "(?i", "core-config-pattern"),
        ("500ms", "11s", "core-config-check-within"),
        ("method = \"HEAD\"", "method = \"HEAD\"\ncontains = \"x\"", "core-config-check-head"),
        ("method = \"HEAD\"", "method = \"POST\"", "core-config-choice"),
        ("at = \"/days\"", "at = \"days\"", "core-config-json-at"),
        ("count = 7", "count = 7, at_most = 7", "core-config-json-count"),
        ("at_least = 1", "at_least = 2, at_most = 1", "core-config-json-range"),
        ("equals = 2", "equals = [2]", "core-config-type"),
        ("equals = 2", "equal = 2", "core-config-unknown-near"),
        ("count = 7", "count = -1", "core-config-range"),
    ] {
        assert!(more.contains(from), "{from}");
        let found = findings(&format!("{GOOD}{}", more.replace(from, to)));
        assert_eq!(found.iter().map(|(id, _, _)| id.as_str()).collect::<Vec<_>>(), [id], "{to}");
    }
}

#[test]
fn a_target_may_become_root_by_sudo_and_by_nothing_else() {
    let with = |value: &str| {
        GOOD.replace("path = \"/opt/convertik\"", &format!("path = \"/opt/convertik\"\nbecome = {value}"))
    };
    assert_eq!(Config::parse("stapel.toml", GOOD).unwrap().targets["production"].become_root, None);
    let config = Config::parse("stapel.toml", &with("\"sudo\"")).unwrap();
    assert_eq!(config.targets["production"].become_root, Some(Become::Sudo));
    assert_eq!(findings(&with("\"su\"")), [("core-config-choice".into(), 6, 10)]);
    assert_eq!(findings(&with("true")), [("core-config-type".into(), 6, 10)]);
    let refused = Config::parse("stapel.toml", &with("\"su\"")).unwrap_err();
    assert!(refused.render(&Catalogue::new(Lang::En), false).contains("one of: sudo"));
    // What an older Stapel wrote down has no such key.
    let mut old = serde_json::to_value(&config.targets["production"]).unwrap();
    assert_eq!(old["become"], "sudo");
    old.as_object_mut().unwrap().remove("become");
    assert_eq!(serde_json::from_value::<Target>(old).unwrap().become_root, None);
}

#[test]
fn an_empty_file_says_what_is_missing() {
    let ids: Vec<_> = findings("").into_iter().map(|f| f.0).collect();
    assert_eq!(ids, ["core-config-missing", "core-config-no-service", "core-config-no-target"]);
}

#[test]
fn a_watch_reads_more_logs_than_those_of_its_services() {
    let more = "duration = \"1m\"\nerrors = [\"^boom\"]\n[[watch.log]]\ncontainer = \"caddy\"\n[[watch.log]]\nfile = \"logs/a.log\"\n\
                [[watch.log]]\nunit = \"nginx.service\"\n[[watch.log]]\nservice = \"worker\"\n";
    let watch = Config::parse("stapel.toml", &GOOD.replacen("duration = \"1m\"", more, 1)).unwrap().watch;
    assert_eq!((watch.errors.len(), watch.warm_up.as_secs()), (1, 10));
    let logs = [
        WatchedLog::Container("caddy".into()),
        WatchedLog::File("logs/a.log".into()),
        WatchedLog::Unit("nginx.service".into()),
        WatchedLog::Service("worker".into()),
    ];
    assert_eq!(watch.logs, logs);
    let short =
        Config::parse("stapel.toml", &GOOD.replacen("duration = \"1m\"", "duration = \"6s\"", 1)).unwrap().watch;
    assert_eq!(short.warm_up.as_secs(), 2);
}

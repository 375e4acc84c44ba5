use super::*;
use crate::observation::{LastRelease, Pending, Room, Schema};
use crate::plan::PhaseGoal;
use crate::ports::{ImageId, Instance};

const TOML: &str = r#"
    app = "shop"
    [target.production]
    host = "local"
    path = "/srv/shop"
    [service.web]
    [database.main]
    kind = "postgres"
    service = "db"
    [migration]
    tool = "alembic"
    service = "web"
"#;

struct OnePhase;

impl Rollouts for OnePhase {
    fn choose(&self, service: &str, _: &Config, _: &ServiceFacts) -> Result<Chosen, Problem> {
        let phase = StepSpec::Phase { rollout: "one".into(), phase: "all".into(), service: service.into() };
        let extra =
            |phase: &str| StepSpec::Phase { rollout: "one".into(), phase: phase.into(), service: service.into() };
        let standby = Some([extra("prepare"), extra("stand_by")]);
        let why = text!("core-why-ship", files = 0, foreign = 0);
        Ok(Chosen { phases: vec![phase], standby, why, gap_s: 0.5 })
    }

    fn stop_and_start(&self, service: &str) -> Chosen {
        let phase = StepSpec::Phase { rollout: "hard".into(), phase: "all".into(), service: service.into() };
        Chosen { phases: vec![phase], standby: None, why: text!("core-differs-image"), gap_s: 5.0 }
    }
}

fn config() -> Config {
    Config::parse("stapel.toml", TOML).unwrap()
}

fn serving(image: &str) -> Observation {
    let real = Instance { id: "1".into(), name: "web".into(), image: ImageId(image.into()), running: true };
    Observation {
        services: [("web".to_owned(), ServiceFacts { real: Some(real), ..ServiceFacts::default() })].into(),
        databases: [("main".to_owned(), 1_000)].into(),
        rooms: vec![Room { path: "/var/lib".into(), free: 10_000, dumps: 1_000, ..Room::default() }],
        ..Observation::default()
    }
}

fn deploy() -> Goal {
    Goal::Deploy { manifest: "m".into(), fingerprint: "f".into(), commit: None, phase: None }
}

fn names(plan: &Plan) -> Vec<String> {
    let name = |s: &Planned| serde_json::to_value(&s.spec).unwrap()["step"].as_str().unwrap().to_owned();
    plan.steps.iter().map(name).collect()
}

#[test]
fn a_deploy_over_a_serving_app_has_a_backup_before_any_change() {
    let plan = make(&config(), &serving("sha256:a"), &deploy(), &OnePhase).unwrap();
    let expected =
        ["baseline", "backup", "ship", "keep_image", "build", "migrate", "phase", "verify", "watch", "prune"];
    assert_eq!(names(&plan), expected);
    assert!((plan.gap_s - 0.5).abs() < f64::EPSILON);
}

#[test]
fn services_come_after_those_that_they_need() {
    let config =
        Config::parse("stapel.toml", &format!("{TOML}\n[service.api]\n[service.edge]\n[service.worker]\n")).unwrap();
    let needs = |all: &[&str]| ServiceFacts {
        after: all.iter().map(|name| (*name).to_owned()).collect(),
        ..ServiceFacts::default()
    };
    let order = |facts: &[(&str, ServiceFacts)]| {
        let services = facts.iter().map(|(name, facts)| ((*name).to_owned(), facts.clone())).collect();
        let there = Observation { services, ..Observation::default() };
        let of = |plan: Plan| {
            let service = |planned: &Planned| match &planned.spec {
                StepSpec::Phase { service, .. } => Some(service.clone()),
                _ => None,
            };
            plan.steps.iter().filter_map(service).collect::<Vec<_>>().join(" ")
        };
        of(make(&config, &there, &deploy(), &OnePhase).unwrap())
    };
    assert_eq!(order(&[]), "api edge web worker");
    assert_eq!(
        order(&[("api", needs(&["web", "db"])), ("edge", needs(&["api", "web", "worker"]))]),
        "web api worker edge"
    );
    assert_eq!(order(&[("api", needs(&["web"])), ("web", needs(&["api"]))]), "edge worker api web", "a circle");
}

#[test]
fn a_first_start_has_nothing_to_compare_with_or_to_keep() {
    let nothing = Observation::default();
    let plan = make(&config(), &nothing, &deploy(), &OnePhase).unwrap();
    assert_eq!(names(&plan), ["ship", "build", "migrate", "phase", "verify", "prune"]);
}

#[test]
fn a_database_is_dumped_also_where_the_app_does_not_serve() {
    let mut there = serving("sha256:a");
    there.services.get_mut("web").unwrap().real.as_mut().unwrap().running = false;
    assert_eq!(names(&make(&config(), &there, &deploy(), &OnePhase).unwrap())[..2], ["backup", "ship"]);
}

#[test]
fn an_unchanged_app_needs_nothing() {
    let mut there = serving("sha256:a");
    let images = [("web".to_owned(), ImageId("sha256:a".into()))].into();
    there.last = Some(LastRelease {
        unmigrated: false,
        id: 3,
        fingerprint: "f".into(),
        commit: None,
        found: false,
        images,
        build_args: BTreeMap::new(),
    });
    assert!(make(&config(), &there, &deploy(), &OnePhase).unwrap().is_empty());

    // The same tree, but perhaps another image.
    let back = |to| Goal::Rollback { to, manifest: "m".into(), fingerprint: "f".into(), down_to: None };
    assert!(make(&config(), &there, &back(3), &OnePhase).unwrap().is_empty());
    assert!(!make(&config(), &there, &back(2), &OnePhase).unwrap().is_empty());

    there.files_differ = 1;
    assert!(!make(&config(), &there, &deploy(), &OnePhase).unwrap().is_empty(), "somebody edited a file on the server");
    there.files_differ = 0;
    there.services.get_mut("web").unwrap().real.as_mut().unwrap().image = ImageId("sha256:b".into());
    assert!(!make(&config(), &there, &deploy(), &OnePhase).unwrap().is_empty(), "another image runs");
}

/// An app whose last release runs, and a new tree that touches the service so.
fn touched(touched: Touched) -> Observation {
    let mut there = serving("sha256:a");
    let images = [("web".to_owned(), ImageId("sha256:a".into()))].into();
    there.last = Some(LastRelease {
        unmigrated: false,
        id: 3,
        fingerprint: "other".into(),
        commit: None,
        found: false,
        images,
        build_args: BTreeMap::new(),
    });
    there.schema = Some(Schema::default());
    let web = there.services.get_mut("web").unwrap();
    web.pointed = Some(ImageId("sha256:a".into()));
    web.touched = Some(touched);
    there
}

#[test]
fn with_other_build_arguments_it_is_built_though_no_file_changes() {
    let with = |args: &str| {
        let toml = TOML.replace("[service.web]", &format!("[service.web]\nbuild_args = {args}"));
        Config::parse("stapel.toml", &toml).unwrap()
    };
    let mut there = touched(Touched::default());
    let why = |config: &Config, there: &Observation| {
        let plan = make(config, there, &deploy(), &OnePhase).unwrap();
        let build = plan.steps.into_iter().find(|step| matches!(step.spec, StepSpec::Build { .. }));
        build.map(|step| step.why)
    };
    let args = |names: &str| Some(Some(text!("core-why-build-args", names = names)));
    let config = with("{ A = \"1\", B = \"2\" }");
    assert_eq!(why(&config, &there), args("A, B"));
    let last = there.last.as_mut().unwrap();
    last.build_args = [("web".to_owned(), config.services["web"].build_args.clone())].into();
    assert_eq!(why(&config, &there), None);
    assert_eq!(why(&with("{ A = \"1\", B = \"3\" }"), &there), args("B"));
    assert_eq!(why(&with("{ B = \"2\" }"), &there), args("A"));
    // Also where the tree is the same.
    there.last.as_mut().unwrap().fingerprint = "f".into();
    assert!(make(&config, &there, &deploy(), &OnePhase).unwrap().is_empty());
    assert_eq!(why(&with("{}"), &there), args("A, B"));
    // Who comes from a registry is not built.
    there.services.get_mut("web").unwrap().pulled = Some(Registry::Same);
    assert!(make(&with("{}"), &there, &deploy(), &OnePhase).unwrap().is_empty());
}

#[test]
fn an_image_is_only_built_where_something_it_is_made_of_changes() {
    // Whether the former version stands by is another matter.
    let plan = |there: &Observation| {
        let mut config = config();
        config.relay.standby = false;
        names(&make(&config, there, &deploy(), &OnePhase).unwrap())
    };
    let built = ["baseline", "backup", "ship", "keep_image", "build", "migrate", "phase", "verify", "watch", "prune"];
    assert_eq!(plan(&touched(Touched { image: 2, ..Touched::default() })), built);
    assert_eq!(plan(&touched(Touched { definition: true, ..Touched::default() })), built);
    let replaced = ["baseline", "backup", "ship", "hold_image", "phase", "verify", "watch", "prune"];
    assert_eq!(plan(&touched(Touched { env: vec![".env".into()], ..Touched::default() })), replaced);
    assert_eq!(plan(&touched(Touched { mounts: 1, ..Touched::default() })), replaced);
    let nothing = touched(Touched::default());
    assert_eq!(plan(&nothing), ["ship", "hold_image", "prune"]);

    // What is pending runs all the same, and what another image says is not believed.
    let mut pending = nothing.clone();
    pending.schema.as_mut().unwrap().pending.push(Pending { revision: "0002".into(), says: String::new() });
    let expected = ["baseline", "backup", "ship", "hold_image", "migrate", "verify", "watch", "prune"];
    assert_eq!(plan(&pending), expected);
    for change in [
        (|there| there.last = None) as fn(&mut Observation),
        |there| there.last.as_mut().unwrap().found = true,
        |there| there.services.get_mut("web").unwrap().pointed = Some(ImageId("sha256:b".into())),
        |there| there.services.get_mut("web").unwrap().real.as_mut().unwrap().image = ImageId("sha256:b".into()),
        |there| there.services.get_mut("web").unwrap().touched = None,
    ] {
        let mut other = nothing.clone();
        change(&mut other);
        assert!(plan(&other).contains(&"build".to_owned()));
    }
}

#[test]
fn the_former_version_stands_by_where_it_can_live_with_what_is_there_then() {
    let phases = |config: &Config, there: &Observation, goal: &Goal| -> Vec<String> {
        let plan = make(config, there, goal, &OnePhase).unwrap();
        let phase = |step: Planned| match step.spec {
            StepSpec::Phase { phase, .. } => Some(phase),
            _ => None,
        };
        plan.steps.into_iter().filter_map(phase).collect()
    };
    let (config, built) = (config(), touched(Touched { image: 1, ..Touched::default() }));
    assert_eq!(phases(&config, &built, &deploy()), ["prepare", "all", "stand_by"]);
    // With mounted files it would run with those of the new version; of a first release nobody knows what it touches.
    let mounted = touched(Touched { image: 1, mounts: 1, ..Touched::default() });
    assert_eq!(phases(&config, &mounted, &deploy()), ["all"]);
    assert_eq!(phases(&config, &serving("sha256:a"), &deploy()), ["all"]);
    let changed = |change: fn(&mut Observation)| {
        let mut there = built.clone();
        change(&mut there);
        there
    };
    let writes = changed(|there| there.services.get_mut("web").unwrap().writes = true);
    assert_eq!(phases(&config, &writes, &deploy()), ["all"]);
    let pending = changed(|there| {
        let one = Pending { revision: "0002".into(), says: String::new() };
        there.schema.as_mut().unwrap().pending.push(one);
    });
    assert_eq!(phases(&config, &pending, &deploy()), ["all"]);
    let back = |down_to: Option<&str>| {
        let (manifest, fingerprint) = ("m".into(), "f".into());
        Goal::Rollback { to: 2, manifest, fingerprint, down_to: down_to.map(str::to_owned) }
    };
    assert_eq!(phases(&config, &built, &back(None)), ["prepare", "all", "stand_by"]);
    assert_eq!(phases(&config, &built, &back(Some("0001"))), ["all"]);
    let mut unwanted = config.clone();
    unwanted.relay.standby = false;
    assert_eq!(phases(&unwanted, &built, &deploy()), ["all"]);
}

#[test]
fn a_rollback_takes_the_kept_image_and_goes_down_only_when_asked_and_after_the_switch() {
    let goal = |down_to: Option<&str>| Goal::Rollback {
        to: 2,
        manifest: "m".into(),
        fingerprint: "f".into(),
        down_to: down_to.map(str::to_owned),
    };
    let plan = make(&config(), &serving("sha256:a"), &goal(None), &OnePhase).unwrap();
    assert!(names(&plan).contains(&"point_image".to_owned()) && !names(&plan).iter().any(|n| n.starts_with("migrate")));
    let down = names(&make(&config(), &serving("sha256:a"), &goal(Some("0001")), &OnePhase).unwrap());
    assert!(down.iter().position(|n| n == "migrate_down") > down.iter().position(|n| n == "phase"));
}

#[test]
fn a_service_that_an_earlier_release_did_not_know_keeps_its_image_on_the_way_back_there() {
    let goal = Goal::Rollback { to: 2, manifest: "m".into(), fingerprint: "f".into(), down_to: None };
    let plan = |then, touched| {
        let mut there = serving("sha256:a");
        let web = there.services.get_mut("web").unwrap();
        (web.then, web.touched) = (Some(then), Some(touched));
        make(&config(), &there, &goal, &OnePhase).map(|plan| names(&plan))
    };
    let kept = plan(Then::Kept, Touched::default()).unwrap();
    assert!(kept.contains(&"point_image".to_owned()), "{kept:?}");
    assert_eq!(plan(Then::Nothing, Touched::default()).unwrap(), ["ship", "hold_image", "prune"]);
    let env = Touched { env: vec![".env".into()], ..Touched::default() };
    let replaced = plan(Then::Nothing, env).unwrap();
    assert!(replaced.contains(&"phase".to_owned()) && !replaced.contains(&"point_image".to_owned()), "{replaced:?}");
    assert_eq!(plan(Then::Gone, Touched::default()).unwrap_err().code(), "core-image-gone");
}

#[test]
fn a_full_disk_is_refused_beforehand() {
    let mut there = serving("sha256:a");
    for full in [
        Room { dumps: 6_000, files: 6_000, ..there.rooms[0].clone() },
        Room { images: 10_001, dumps: 0, ..there.rooms[0].clone() },
    ] {
        there.rooms = vec![there.rooms[0].clone(), full];
        let problem = make(&config(), &there, &deploy(), &OnePhase).unwrap_err();
        assert_eq!((problem.code(), problem.class), ("core-disk-full", stapel_text::Class::Refused));
        assert!(problem.to_string().contains("/var/lib"), "{problem}");
    }
}

fn phase(number: usize, migrates: bool, gate: Option<&[&str]>) -> Goal {
    let gate = gate.map(|gate| gate.iter().map(|name| (*name).to_owned()).collect());
    let phase = PhaseGoal { number, of: 2, name: "part".into(), migrates, gate, subject: None, first: None };
    Goal::Deploy { manifest: "m".into(), fingerprint: "f".into(), commit: None, phase: Some(phase) }
}

#[test]
fn a_phase_leaves_the_schema_to_a_later_one() {
    let plan = |there: &Observation, goal: &Goal| names(&make(&config(), there, goal, &OnePhase).unwrap());
    let first = plan(&serving("sha256:a"), &phase(1, false, None));
    assert!(first.contains(&"build".to_owned()) && !first.contains(&"migrate".to_owned()), "{first:?}");
    // The tree is in service, its migration is not: that is the second phase, and nothing of the first.
    let mut there = touched(Touched::default());
    there.last.as_mut().unwrap().fingerprint = "f".into();
    there.schema.as_mut().unwrap().pending.push(Pending { revision: "0002".into(), says: String::new() });
    assert_eq!(plan(&there, &phase(1, false, None)), [""; 0]);
    // Also where nobody can tell what is pending: the first phase has left it.
    let mut unknown = there.clone();
    unknown.schema = None;
    assert_eq!(plan(&unknown, &phase(2, true, None)), [""; 0]);
    unknown.last.as_mut().unwrap().unmigrated = true;
    assert!(plan(&unknown, &phase(2, true, None)).contains(&"migrate".to_owned()));
    let second = plan(&there, &phase(2, true, None));
    assert_eq!(second, ["baseline", "backup", "ship", "hold_image", "migrate", "verify", "watch", "prune"]);
}

#[test]
fn a_person_is_asked_at_the_end_and_in_one_phase_only() {
    let toml = format!("{TOML}[[check]]\nname = \"seen\"\nask = \"Does it show?\"\n");
    let mut config = Config::parse("stapel.toml", &toml).unwrap();
    let asks = |config: &Config, goal: &Goal| {
        let names = names(&make(config, &serving("sha256:a"), goal, &OnePhase).unwrap());
        assert!(!names.contains(&"ask".to_owned()) || names[names.len() - 2..] == ["ask", "prune"], "{names:?}");
        names.contains(&"ask".to_owned())
    };
    assert!(asks(&config, &deploy()));
    for gate in [None, Some(&[][..])] {
        assert_eq!([1, 2].map(|number| asks(&config, &phase(number, true, gate))), [false, true]);
    }
    let back = Goal::Rollback { to: 2, manifest: "m".into(), fingerprint: "f".into(), down_to: None };
    assert!(!asks(&config, &back));
    let gate = Some(vec!["seen".to_owned()]);
    config.phases.push(crate::config::Phase { name: "part".into(), reference: None, migrates: true, gate });
    assert!(asks(&config, &phase(1, true, Some(&["seen"]))) && !asks(&config, &phase(2, true, Some(&[]))));
}

fn restart(services: &[&str], hard: bool) -> Goal {
    Goal::Restart { services: services.iter().map(|s| (*s).to_owned()).collect(), hard }
}

fn rollouts_of(plan: &Plan) -> Vec<(String, String)> {
    let of = |s: &Planned| match &s.spec {
        StepSpec::Phase { rollout, service, .. } => (rollout.clone(), service.clone()),
        other => unreachable!("{other:?}"),
    };
    plan.steps.iter().map(of).collect()
}

#[test]
fn a_restart_is_nothing_but_the_rollout_and_only_what_releases_replace_is_relayed() {
    let mut there = serving("sha256:a");
    let web = there.services["web"].clone();
    there.services.insert("db".to_owned(), web);
    let plan = make(&config(), &there, &restart(&["web", "db"], false), &OnePhase).unwrap();
    let expected = [("one", "web"), ("hard", "db")].map(|(r, s)| (r.to_owned(), s.to_owned()));
    assert_eq!(rollouts_of(&plan), expected);
    assert!((plan.gap_s - 5.5).abs() < f64::EPSILON);
    let plan = make(&config(), &there, &restart(&["web"], true), &OnePhase).unwrap();
    assert_eq!(rollouts_of(&plan), [("hard".to_owned(), "web".to_owned())]);
}

#[test]
fn what_was_changed_since_is_not_put_in_service_by_a_restart() {
    let mut there = serving("sha256:a");
    let web = there.services.get_mut("web").unwrap();
    web.pointed = Some(ImageId("sha256:b".into()));
    let refused = make(&config(), &there, &restart(&["web"], false), &OnePhase).unwrap_err();
    assert_eq!((refused.class, refused.code()), (stapel_text::Class::Refused, "core-restart-differs"));
    // As it is, it may be started again; and the plan says what it will not have.
    let plan = make(&config(), &there, &restart(&["web"], true), &OnePhase).unwrap();
    assert_eq!(plan.steps[0].why.as_ref().unwrap().id, "core-why-restart-differs");
    let web = there.services.get_mut("web").unwrap();
    web.pointed = Some(ImageId("sha256:a".into()));
    assert!(make(&config(), &there, &restart(&["web"], false), &OnePhase).is_ok());
    there.services.get_mut("web").unwrap().written = vec![".env".to_owned()];
    assert!(make(&config(), &there, &restart(&["web"], false), &OnePhase).is_err());
    // What does not run is started from its definition, as ever; what was never made cannot be started as it is.
    there.services.get_mut("web").unwrap().real.as_mut().unwrap().running = false;
    assert!(make(&config(), &there, &restart(&["web"], false), &OnePhase).is_ok());
    let nothing = Observation::default();
    let refused = make(&config(), &nothing, &restart(&["web"], true), &OnePhase).unwrap_err();
    assert_eq!(refused.code(), "core-restart-nothing");
}

#[test]
fn hooks_stand_around_their_steps_in_the_order_of_the_file() {
    let hook = |when: &str| format!("[[hook]]\n{when}\nrun = [\"true\"]\n");
    let toml = TOML.replace("[database.main]", "[service.worker]\n[database.main]")
        + &[
            "before = \"build\"",
            "after = \"build\"",
            "after = \"release\"",
            "before = \"release\"",
            "after = \"prune\"",
        ]
        .map(hook)
        .concat()
        + &hook("before = \"rollout\"")
        + &hook("after = \"migrate_down\"");
    let config = Config::parse("stapel.toml", &toml).unwrap();
    let plan = make(&config, &Observation::default(), &deploy(), &OnePhase).unwrap();
    let names: Vec<_> = plan
        .steps
        .iter()
        .map(|step| match &step.spec {
            StepSpec::Hook { hook, .. } => hook.to_string(),
            other => other.point().unwrap().to_owned(),
        })
        .collect();
    // Two services are built and rolled out; nothing takes a schema down, so its hook is not there.
    let expected =
        ["4", "ship", "1", "build", "build", "2", "migrate", "6", "rollout", "rollout", "verify", "prune", "5", "3"];
    assert_eq!(names, expected);
}

#[test]
fn every_step_but_hooks_themselves_can_have_hooks() {
    use strum::VariantNames;
    let mut names: Vec<_> = StepSpec::VARIANTS.iter().map(|n| if *n == "phase" { "rollout" } else { n }).collect();
    names.retain(|name| *name != "hook");
    names.push("release");
    names.sort_unstable();
    let mut points = crate::plan::HOOK_POINTS;
    points.sort_unstable();
    assert_eq!(names, points);
}

//! Every step that exists is held to its promises, in plans that together have all of them: done twice is as done once;
//! whatever fails before, in or after a step, the world is as it was; undone twice is as undone once; an undo that fails
//! leaves the app serving and a person can take it to its end; nothing is left over. A new step is covered by being in a
//! plan, and a test holds that it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use stapel_core::plan::StepSpec;
use strum::VariantNames;

use super::checkout::{Remote, git};
use super::hooks::script;
use super::{Stop, answers, project_with, text, version};

/// Which plan is made to fail.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Story {
    /// The first release, of an app that does not run.
    First,
    /// A new version with a migration over a running one.
    Deploy,
    /// Back to the version before, with its schema.
    Rollback,
    /// Back to the version before, and the schema stays: what went before stands by.
    Back,
    /// A new commit that the host's own checkout fetches, with nothing in it that the service is made of.
    Fetch,
    /// A new version of what may never run twice at once.
    Recreate,
    /// What serves is started again, without a gap.
    Restart,
    /// The same, stopped and started.
    Hard,
}

impl Story {
    pub(crate) fn args(self) -> &'static [&'static str] {
        match self {
            Self::First | Self::Deploy | Self::Fetch | Self::Recreate => &["deploy", "--yes", "--json"],
            Self::Rollback => &["rollback", "--down", "--yes", "--json"],
            Self::Back => &["rollback", "--yes", "--json"],
            Self::Restart => &["restart", "--yes", "--json"],
            Self::Hard => &["restart", "--hard", "--yes", "--json"],
        }
    }
}

/// A host at the beginning of a story.
pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) story: Story,
}

impl World {
    pub(crate) fn new(story: Story) -> Self {
        let mut more = "[database.main]\nkind = \"sqlite\"\npath = \"data/app.db\"\n".to_owned();
        // Nobody answers.
        more += "[[check]]\nname = \"seen\"\nask = \"Does it show?\"\ntimeout = \"100ms\"\n";
        more += match story {
            // The hook's program is not in that checkout.
            Story::Fetch => "[source]\nfrom = \"checkout\"\n",
            _ => {
                "[[hook]]\nafter = \"ship\"\nrun = [\"./hook\", \"done\"]\nundo = [\"./hook\"]\n\
                 [[hook]]\nbefore = \"prune\"\nrun = [\"./hook\", \"late\"]\nundo = [\"./hook\"]\nrepeatable = true\n"
            }
        };
        let world = Self { dir: project_with("duration = \"200ms\"\nevery = \"100ms\"", &more), story };
        if story == Story::Recreate {
            let file = world.dir.path().join("project/stapel.toml");
            let config = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, config.replace("[service.app]", "[service.app]\nrollout = \"recreate\"")).unwrap();
        }
        // What it does is there to be seen, of each release and of each of the two apart.
        let mark = "../app/hooked-$STAPEL_RELEASE-$STAPEL_STEP";
        script(world.dir.path(), "hook", &format!("[ \"$1\" ] && echo \"$1\" >> {mark} || rm -f {mark}"));
        match story {
            Story::First => {}
            Story::Deploy | Story::Recreate => {
                world.released(1);
                version(world.dir.path(), 2);
            }
            Story::Restart | Story::Hard => world.released(1),
            Story::Rollback | Story::Back => {
                world.released(1);
                world.released(2);
            }
            Story::Fetch => {
                let remote = Remote::new(world.dir.path());
                remote.clone_to_host();
                world.released(1);
                remote.push("notes.txt", "new\n", "Notes");
            }
        }
        world.settled();
        world
    }

    fn released(&self, number: u32) {
        version(self.dir.path(), number);
        assert_eq!(self.stapel(&["deploy", "--yes"], None).0, Some(0));
    }

    pub(crate) fn stapel(&self, args: &[&str], fault: Option<&str>) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(args).current_dir(self.dir.path().join("project")).env("LC_ALL", "C");
        let out = command.envs(fault.map(|f| ("STAPEL_FAULT", f))).stdin(std::process::Stdio::null()).output().unwrap();
        (out.status.code(), text(&out.stdout) + &text(&out.stderr))
    }

    pub(crate) fn run(&self, fault: Option<&str>) -> (Option<i32>, String) {
        self.stapel(self.story.args(), fault)
    }

    /// The steps that it would run now.
    pub(crate) fn plan(&self) -> Vec<Value> {
        let said = self.run(Some("before:0")).1;
        self.settled();
        plan(&said)
    }

    /// What there is on the host, as far as a release may change it; by the names of things, without their ids.
    pub(crate) fn seen(&self) -> BTreeMap<String, String> {
        let host = self.dir.path().join("host");
        let mut seen = BTreeMap::new();
        files(&host.join("app"), &host.join("app"), &mut seen);
        seen.retain(|path, _| !path.starts_with("data/app.db") && !path.starts_with(".git/"));
        if self.story == Story::Fetch {
            seen.insert("commit".into(), git(&host.join("app"), &["log", "--format=%s", "--max-count=1", "main"]));
            seen.insert("status of git".into(), git(&host.join("app"), &["status", "--porcelain", "--untracked=no"]));
        }
        let state = state(&host);
        let read = |path: &str| state.as_ref().and_then(|s| std::fs::read_to_string(s.join(path)).ok());
        seen.insert("image of the next start".into(), read("engine/pointed").unwrap_or_default());
        seen.insert("image of what could stand by".into(), read("engine/standby").unwrap_or_default());
        let real: Value = read("engine/instances/real.json").map_or(Value::Null, |t| serde_json::from_str(&t).unwrap());
        seen.insert("real instance".into(), real["image"].to_string());
        seen.insert("answers".into(), answers(self.dir.path()).unwrap_or_default());
        seen.insert("schema".into(), schema(&host.join("app/data/app.db")));
        for (name, dir) in [("candidates", "engine/instances"), ("running", "engine/run"), ("notes", "runs")] {
            let names = state.as_ref().map_or(BTreeSet::new(), |s| names(&s.join(dir)));
            seen.insert(name.into(), if name == "running" { names.len().to_string() } else { format!("{names:?}") });
        }
        let processes = Command::new("pgrep").args(["-fa", host.to_str().unwrap()]).output().unwrap();
        let kinds =
            ["embedded app", "embedded proxy", "agent release", "agent guard", "agent recover", "embedded migrate"];
        let lines = text(&processes.stdout);
        for kind in kinds {
            seen.insert(format!("processes: {kind}"), lines.lines().filter(|l| l.contains(kind)).count().to_string());
        }
        seen
    }

    /// What may be left behind by those who declare it: tags, images, dumps.
    fn residue(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let state = state(&self.dir.path().join("host"));
        let of = |dir: &str| state.as_ref().map_or(BTreeSet::new(), |s| names(&s.join(dir)));
        [("image", of("engine/tags")), ("dump", of("backups"))].into()
    }

    /// Waits for the guardian to see that all is done and to go, which takes it a moment.
    pub(crate) fn settled(&self) {
        let root = self.dir.path().join("host");
        testkit::until_true("no process of a release is left", std::time::Duration::from_secs(20), || {
            let found = Command::new("pgrep").args(["-f", &format!("agent .*{}", root.display())]).output().unwrap();
            found.stdout.is_empty()
        })
        .unwrap();
    }
}

fn state(host: &Path) -> Option<std::path::PathBuf> {
    std::fs::read_dir(host.join("state")).ok()?.flatten().map(|e| e.path()).next()
}

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

fn files(root: &Path, dir: &Path, seen: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(root, &path, seen);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            seen.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
        }
    }
}

/// The tables, as their own making says.
fn schema(database: &Path) -> String {
    let Ok(db) = rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE) else {
        return String::new();
    };
    let mut query = db.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql").unwrap();
    let all = query.query_map([], |r| r.get::<_, String>(0)).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    all.join("\n")
}

/// The last line that is a release's end, and the steps of the plan.
pub(crate) fn plan(said: &str) -> Vec<Value> {
    let lines = said.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    lines.filter_map(|l| l["plan"]["steps"].as_array().cloned()).next().unwrap()
}

pub(crate) fn name(step: &Value) -> String {
    let spec = &step["spec"];
    match spec["step"].as_str().unwrap() {
        "phase" => format!("{}/{}", spec["rollout"].as_str().unwrap(), spec["phase"].as_str().unwrap()),
        other => other.to_owned(),
    }
}

/// Whether a step of this name is a phase of a rollout.
pub(crate) fn is_of_rollout(name: &str) -> bool {
    name.contains('/')
}

fn declares(steps: &[Value], residue: &str) -> bool {
    steps.iter().flat_map(|s| s["leaves"].as_array().into_iter().flatten()).any(|r| r == residue)
}

#[test]
fn together_the_stories_have_every_step_there_is() {
    let mut there: BTreeSet<String> = StepSpec::VARIANTS.iter().map(|n| (*n).to_owned()).collect();
    there.remove("phase");
    for rollout in stapel_rollouts::all() {
        let all = rollout.phases().iter().copied().chain(rollout.standby().into_iter().flatten());
        there.extend(all.map(|phase| format!("{}/{phase}", rollout.name())));
    }
    let mut seen = BTreeSet::new();
    for story in STORIES.iter().copied() {
        let world = World::new(story);
        let _stop = Stop(world.dir.path());
        let (code, said) = world.run(None);
        assert_eq!(code, Some(0), "{story:?}: {said}");
        seen.extend(plan(&said).iter().map(name));
        world.settled();
    }
    assert_eq!(seen, there, "a step that no story has is held to nothing");
}

fn twice_is_like_once(story: Story) {
    let [once, twice] = [None, Some("twice")].map(|fault| {
        let world = World::new(story);
        let _stop = Stop(world.dir.path());
        let (code, said) = world.run(fault);
        assert_eq!(code, Some(0), "{story:?}: {said}");
        world.settled();
        let tags = world.residue()["image"].len();
        (world.seen(), tags)
    });
    assert_eq!(once, twice, "{story:?}");
}

fn a_failure_anywhere_unwinds(story: Story) {
    let world = World::new(story);
    let _stop = Stop(world.dir.path());
    let (mut before, kept) = (world.seen(), world.residue());
    let mut residue = kept.clone();
    let mut index = 0;
    // The plan is read anew each time: the database that is left by a first attempt is dumped by the next.
    while index < world.plan().len() {
        for fault in ["before:N", "during:N:1", "during:N:4", "after:N", "undo-twice:N"] {
            let fault = fault.replace('N', &index.to_string());
            let (code, said) = world.run(Some(&fault));
            let begun = &plan(&said)[..=index];
            let what = format!("{story:?} {fault} ({})", name(&begun[index]));
            assert_eq!(code, Some(1), "{what}: {said}");
            world.settled();
            same(&mut before, &world.seen(), begun, &what);
            let now = world.residue();
            for (kind, there) in &residue {
                let new = now[kind].difference(there).count();
                assert!(new == 0 || declares(begun, kind), "{what}: {kind} {:?}", now[kind]);
                // What failed releases left may be pruned, what one in service came from may not.
                assert!(kept[kind].is_subset(&now[kind]), "{what}: {kind} of an earlier release is gone");
            }
            residue = now;
        }
        index += 1;
    }
}

/// The world is as it was, but for a schema that stays where a step declares that: then that is how it was from now on.
pub(crate) fn same(before: &mut BTreeMap<String, String>, now: &BTreeMap<String, String>, begun: &[Value], what: &str) {
    // A candidate gets no traffic yet.
    let moved = begun
        .iter()
        .map(name)
        .any(|name| is_of_rollout(&name) && !["relay/prepare_standby", "relay/candidate"].contains(&name.as_str()));
    if declares(begun, "schema") && (moved || before["schema"].is_empty()) {
        before.insert("schema".into(), now["schema"].clone());
    }
    assert_eq!(before, now, "{what}");
}

fn a_failing_undo_leaves_it_serving(story: Story) {
    let world = World::new(story);
    let _stop = Stop(world.dir.path());
    let mut before = world.seen();
    let mut index = 0;
    while index < world.plan().len() {
        let (code, said) = world.run(Some(&format!("undo-fails:{index}")));
        let steps = plan(&said);
        let what = format!("{story:?} undo-fails:{index} ({})", name(&steps[index]));
        assert_eq!(code, Some(4), "{what}: {said}");
        if story != Story::First {
            assert!(answers(world.dir.path()).is_some(), "{what}: nobody serves");
        }
        let (code, said) = world.stapel(&["undo"], None);
        assert_eq!(code, Some(0), "{what}: {said}");
        world.settled();
        same(&mut before, &world.seen(), &steps, &what);
        index += 1;
    }
}

/// A test of each promise for each story, so that they run beside each other.
macro_rules! promises {
    ($($story:ident),+) => {
        /// Every story.
        const STORIES: &[Story] = &[$(Story::$story),+];
        $(
            #[expect(non_snake_case, reason = "it has the story's name")]
            mod $story {
                use super::Story;

                #[test]
                fn twice_is_like_once() {
                    super::twice_is_like_once(Story::$story);
                }

                #[test]
                fn a_failure_anywhere_unwinds() {
                    super::a_failure_anywhere_unwinds(Story::$story);
                }

                #[test]
                fn a_failing_undo_leaves_it_serving() {
                    super::a_failing_undo_leaves_it_serving(Story::$story);
                }
            }
        )+
    };
}

promises!(First, Deploy, Rollback, Back, Fetch, Recreate, Restart, Hard);

//! Whatever dies, and whenever: at every boundary between two records of the journal the process that runs the release is
//! killed, and nobody does anything. And what a person can do about a release that runs, died or got stuck.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::steps::{Story, World, is_of_rollout, name, plan, same};
use super::{Stop, answers, text};

/// For recovery by itself; it looks for what it waits for.
const SOON: Duration = Duration::from_secs(60);

impl World {
    fn command(&self, args: &[&str], fault: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(args).current_dir(self.dir.path().join("project")).env("LC_ALL", "C").env("STAPEL_FAULT", fault);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the story's release and waits until it has stopped itself, or has ended.
    fn stopped_at(&self, record: u64, also: &str) -> Child {
        let fault = format!("stop:{record}{also}");
        let mut child = self.command(self.story.args(), &fault).spawn().unwrap();
        testkit::until_true("the release has stopped", SOON, || {
            child.try_wait().unwrap().is_some() || !self.stopped().is_empty()
        })
        .unwrap();
        child
    }

    /// Processes of the release that stopped themselves.
    fn stopped(&self) -> Vec<String> {
        let runner = format!("agent release {}", self.dir.path().display());
        let found = Command::new("pgrep").args(["-r", "T", "-f", &runner]).output().unwrap();
        text(&found.stdout).lines().map(str::to_owned).collect()
    }

    fn signal(&self, signal: &str, role: &str) {
        let role = format!("agent {role} {}", self.dir.path().display());
        let _ = Command::new("pkill").args([&format!("-{signal}"), "-f", &role]).status();
    }

    /// Nobody is left who would take the release up; nor one who waits for that.
    fn killed_with_its_guardian(&self, mut screen: Child) {
        self.signal("KILL", "guard");
        self.signal("KILL", "release");
        screen.kill().unwrap();
        screen.wait().unwrap();
    }

    fn show(&self) -> Value {
        let (code, said) = self.stapel(&["show", "--json"], None);
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(said.lines().next().unwrap()).unwrap()
    }

    /// Waits until the newest release has ended, and gives how.
    fn outcome(&self) -> String {
        testkit::until("the release has ended by itself", SOON, || {
            Ok(self.show()["outcome"].as_str().map(str::to_owned))
        })
        .unwrap()
    }
}

/// Kills the process that runs the release at every boundary; what the guardian makes of it is what is declared.
fn killed_at_every_boundary(story: Story, also: &str, from: u64) {
    let world = World::new(story);
    let _stop = Stop(world.dir.path());
    let (mut before, steps) = (world.seen(), world.plan());
    for record in from.. {
        let child = world.stopped_at(record, also);
        let ended = world.stopped().is_empty();
        world.signal("KILL", "release");
        let said = text(&child.wait_with_output().unwrap().stdout);
        let what = format!("{story:?} killed after record {record}: {said}");
        let outcome = world.outcome();
        world.settled();
        assert!(answers(world.dir.path()).is_some(), "{what}: nobody serves");
        if also.is_empty() && outcome == "done" {
            // Forward only where the switch was done; from then on there is nothing more to be killed in.
            let done = world.show()["steps"].as_array().unwrap().iter().filter(|s| s["state"] == "done").count();
            assert_eq!(done, steps.len(), "{what}");
            let switches = |name: &str| is_of_rollout(name) && !name.ends_with("/stand_by");
            let switched = steps.iter().rposition(|s| switches(&name(s))).unwrap();
            assert!(record as usize >= 2 * (switched + 1), "{what}: forward too soon");
            return;
        }
        assert_eq!(outcome, "undone", "{what}");
        same(&mut before, &world.seen(), &steps, &what);
        if ended {
            return;
        }
    }
}

#[test]
fn killed_at_every_boundary_of_a_deploy() {
    killed_at_every_boundary(Story::Deploy, "", 1);
}

#[test]
fn killed_at_every_boundary_of_a_rollback() {
    killed_at_every_boundary(Story::Rollback, "", 1);
}

#[test]
fn killed_at_every_boundary_where_the_former_version_stands_by() {
    killed_at_every_boundary(Story::Back, "", 1);
}

#[test]
fn killed_at_every_boundary_of_a_way_back_that_it_begins() {
    killed_at_every_boundary_of_the_way_back(Story::Back);
}

#[test]
fn killed_at_every_boundary_of_what_may_not_run_twice() {
    killed_at_every_boundary(Story::Recreate, "", 1);
}

#[test]
fn killed_at_every_boundary_of_a_restart() {
    killed_at_every_boundary(Story::Restart, "", 1);
}

#[test]
fn killed_at_every_boundary_of_a_deploy_that_goes_back() {
    killed_at_every_boundary_of_the_way_back(Story::Deploy);
}

/// It fails at its last step, so every undo there is has its boundaries: from the record of the failure on.
fn killed_at_every_boundary_of_the_way_back(story: Story) {
    let world = World::new(story);
    let _stop = Stop(world.dir.path());
    let steps = world.plan().len();
    killed_at_every_boundary(story, &format!(",before:{}", steps - 1), 2 * steps as u64);
}

#[test]
fn with_its_guardian_dead_too_the_line_for_the_next_minute_does_it() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let mut before = world.seen();
    let child = world.stopped_at(15, "");
    world.killed_with_its_guardian(child);
    assert_eq!(world.show()["outcome"], Value::Null, "nobody was there to recover it");
    let state = std::fs::read_dir(world.dir.path().join("host/state")).unwrap().flatten().next().unwrap().path();
    for _ in 0..2 {
        // What cron and systemd run, which is no harm the second time.
        let done = Command::new(env!("CARGO_BIN_EXE_stapel")).args(["agent", "recover"]).arg(&state).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        assert_eq!(world.outcome(), "undone");
    }
    let steps = world.plan();
    same(&mut before, &world.seen(), &steps, "recovered by the line");
}

#[test]
fn a_release_that_died_is_gone_on_with_or_undone_as_a_person_says() {
    for (command, outcome) in [("resume", "done"), ("undo", "undone")] {
        let world = World::new(Story::Deploy);
        let _stop = Stop(world.dir.path());
        let child = world.stopped_at(15, "");
        world.killed_with_its_guardian(child);
        let (code, said) = world.stapel(&[command], None);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("its process died"), "{said}");
        assert_eq!(world.outcome(), outcome);
        // Once more is refused with what there is to be done instead.
        let (code, said) = world.stapel(&[command], None);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("stapel show") || said.contains("stapel rollback"), "{said}");
    }
}

#[test]
fn what_was_left_unfinished_is_put_right_before_the_next_plan() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let child = world.stopped_at(15, "");
    world.killed_with_its_guardian(child);
    let (code, said) = world.stapel(&["deploy", "--yes", "--lang", "en"], None);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Release 2 had been left unfinished and was put right first: undone."), "{said}");
}

#[test]
fn a_release_that_is_cancelled_goes_back() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let mut before = world.seen();
    let child = world.stopped_at(17, "");
    let cancel = world.command(&["cancel"], "").spawn().unwrap();
    testkit::until_true("it is asked to go back", SOON, || world.show()["cancelled_by"].is_string()).unwrap();
    world.signal("CONT", "release");
    let cancelled = cancel.wait_with_output().unwrap();
    assert_eq!(cancelled.status.code(), Some(0), "{}", text(&cancelled.stdout));
    let deploy = child.wait_with_output().unwrap();
    assert_eq!(deploy.status.code(), Some(1), "{}", text(&deploy.stdout));
    world.settled();
    let steps = world.plan();
    same(&mut before, &world.seen(), &steps, "cancelled");
    let (code, said) = world.stapel(&["cancel", "1"], None);
    assert_eq!((code, said.contains("has ended already")), (Some(3), true), "{said}");
}

#[test]
fn the_screen_goes_and_the_release_does_not_mind() {
    for signal in ["INT", "TERM", "HUP"] {
        let world = World::new(Story::Deploy);
        let _stop = Stop(world.dir.path());
        let child = world.stopped_at(9, "");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(6), "{signal}");
        let said = text(&ended.stdout) + &text(&ended.stderr);
        assert!(said.contains("stapel attach 2"), "{signal}: {said}");
        world.signal("CONT", "release");
        let (code, said) = world.stapel(&["attach"], None);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Release 2 is in service"), "{said}");
    }
}

#[test]
fn nobody_reads_the_output_and_the_release_does_not_mind() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let mut child = world.stopped_at(9, "");
    drop(child.stdout.take());
    world.signal("CONT", "release");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(world.show()["outcome"], "done");
}

/// As when the machine goes down: it ends at once, and the direction that is declared for where it stood is gone, not always
/// the way back.
#[test]
fn the_process_that_runs_a_release_ends_when_it_is_asked_to() {
    for (record, outcome) in [(11, "undone"), (23, "done")] {
        let world = World::new(Story::Deploy);
        let _stop = Stop(world.dir.path());
        let child = world.stopped_at(record, "");
        world.signal("TERM", "release");
        world.signal("CONT", "release");
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(i32::from(outcome == "undone")), "{}", text(&ended.stdout));
        assert_eq!((world.outcome().as_str(), &world.show()["cancelled_by"]), (outcome, &Value::Null));
    }
}

/// One who takes up a dead release has a guardian himself.
#[test]
fn whoever_takes_a_release_up_may_die_too() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let mut before = world.seen();
    let child = world.stopped_at(15, "");
    world.killed_with_its_guardian(child);
    let mut undo = world.command(&["undo"], "stop:18").spawn().unwrap();
    testkit::until_true("it stands on its way back", SOON, || !world.stopped().is_empty()).unwrap();
    assert_eq!(world.show()["records"], 18);
    world.signal("KILL", "release");
    undo.wait().unwrap();
    assert_eq!(world.outcome(), "undone");
    world.settled();
    let steps = world.plan();
    same(&mut before, &world.seen(), &steps, "taken up twice");
}

#[test]
fn unlock_shows_who_it_is_and_ends_only_that_one() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let (code, said) = world.stapel(&["unlock", "--yes"], None);
    assert_eq!((code, said.contains("Nobody holds the lock")), (Some(0), true), "{said}");
    let child = world.stopped_at(9, "");
    // Without a terminal and without a word nothing is ended.
    let (code, said) = world.stapel(&["unlock"], None);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("holds the lock since") && said.contains("agent release") && said.contains("Release 2"),
        "{said}"
    );
    assert_eq!(world.stopped().len(), 1);
    let (code, said) = world.stapel(&["unlock", "--yes"], None);
    assert_eq!((code, said.contains("takes release 2 up")), (Some(0), true), "{said}");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    assert_eq!(world.outcome(), "undone");
}

#[test]
fn while_one_runs_the_other_is_told_who_and_since_when() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let child = world.stopped_at(9, "");
    for args in [&["deploy", "--yes"][..], &["rollback", "--yes", "1"], &["undo"], &["resume"]] {
        let (code, said) = world.stapel(args, None);
        assert_eq!(code, Some(5), "{args:?}: {said}");
    }
    let (_, said) = world.stapel(&["deploy", "--yes"], None);
    assert!(said.contains("is running a deploy of this app since"), "{said}");
    world.signal("CONT", "release");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

/// A deploy at a terminal that has shown its plan and waits for a word.
struct Asked {
    child: Child,
    said: Vec<u8>,
}

impl Asked {
    fn deploy(world: &World) -> Self {
        let deploy = format!("{} deploy --lang en", env!("CARGO_BIN_EXE_stapel"));
        let mut script = Command::new("script");
        script.args(["-qefc", &deploy, "/dev/null"]).current_dir(world.dir.path().join("project"));
        let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Self { child, said: Vec::new() }
    }

    fn wait_for_the_question(&mut self) {
        let out = self.child.stdout.as_mut().unwrap();
        while !String::from_utf8_lossy(&self.said).contains("Go on?") {
            let mut byte = [0];
            assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&self.said));
            self.said.push(byte[0]);
        }
    }

    fn agree(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"yes\n").unwrap();
    }

    fn end(mut self) -> (Option<i32>, String) {
        self.child.stdout.take().unwrap().read_to_end(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), String::from_utf8_lossy(&self.said).into_owned())
    }
}

#[test]
fn what_is_changed_after_the_plan_was_shown_stops_it() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    let mut asked = Asked::deploy(&world);
    asked.wait_for_the_question();
    let before = world.seen();
    std::fs::write(world.dir.path().join("host/app/app.toml"), "version = 1 # by hand\n").unwrap();
    asked.agree();
    let (code, said) = asked.end();
    assert_eq!(code, Some(3), "{said}");
    world.settled();
    let mut after = world.seen();
    assert_eq!(after.insert("app.toml".into(), before["app.toml"].clone()).unwrap(), "version = 1 # by hand\n");
    assert_eq!(before, after);
}

/// Two operators who have both seen the plan agree to it in the same moment. `STAPEL_RACES` says how often.
#[test]
fn of_two_operators_exactly_one_proceeds() {
    let races: usize = std::env::var("STAPEL_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    for race in 0..races {
        // What the app is made of: a release that replaces nothing is over before the other comes to the lock.
        std::fs::write(world.dir.path().join("project/app.toml"), format!("version = 2\n# {race}\n")).unwrap();
        let mut both = [Asked::deploy(&world), Asked::deploy(&world)];
        both.iter_mut().for_each(Asked::wait_for_the_question);
        both.iter_mut().for_each(Asked::agree);
        let mut ended = both.map(Asked::end);
        ended.sort_unstable();
        let [(won, _), (lost, said)] = &ended;
        assert_eq!((*won, *lost), (Some(0), Some(5)), "race {race}: {ended:?}");
        assert!(said.contains("is running a deploy of this app since"), "race {race}: {said}");
        world.settled();
    }
    let history = world.stapel(&["history", "-n", "1000"], None).1;
    assert_eq!(history.lines().filter(|l| l.contains(" done ")).count(), races + 1, "{history}");
}

#[test]
fn a_release_shows_all_that_is_known_of_it() {
    let world = World::new(Story::Deploy);
    let _stop = Stop(world.dir.path());
    assert_eq!(world.run(None).0, Some(0));
    let (code, said) = world.stapel(&["show", "--lang", "en"], None);
    assert_eq!(code, Some(0));
    for expected in
        ["Release 2: deploy of here by", "with Stapel", "✓ put the files in", "schema: 0001 → 0002", "~ app.toml"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (code, said) = world.stapel(&["show", "7"], None);
    assert_eq!((code, said.contains("no release 7")), (Some(2), true), "{said}");
    assert_eq!(plan(&world.stapel(&["deploy", "--yes", "--json"], None).1).len(), 0);
}

//! The team's own commands before and after steps. That they are done and undone as any step is, is held in `steps` and
//! `crash`, whose plans have hooks.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Stop, project_with, text, version};

/// A script of the project's.
pub(crate) fn script(dir: &Path, name: &str, body: &str) {
    let path = dir.join("project").join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn with_hooks(hooks: &str) -> tempfile::TempDir {
    project_with("duration = \"200ms\"\nevery = \"100ms\"", hooks)
}

fn run(dir: &Path, args: &[&str], fault: &str, code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir.join("project")).env("LC_ALL", "C").env("STAPEL_FAULT", fault).env("USER", "bo");
    let out = command.env_remove("STAPEL_LANG").stdin(Stdio::null()).output().unwrap();
    let said = text(&out.stdout) + &text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?} {fault}: {said}");
    said
}

#[test]
fn a_hook_knows_what_it_is_run_for() {
    let dir = with_hooks(
        "[[hook]]\nafter = \"ship\"\nrun = [\"./facts\", \"a b\", \"$(id)\"]\n\
         [[hook]]\nbefore = \"verify\"\nrun = [\"./facts\"]\n[[hook]]\nafter = \"release\"\nrun = [\"./facts\"]\n",
    );
    let dir = dir.path();
    let _stop = Stop(dir);
    script(
        dir,
        "facts",
        "echo \"said by $STAPEL_STEP\"\necho \"$STAPEL_APP|$STAPEL_TARGET|$STAPEL_RELEASE|$STAPEL_STEP|$STAPEL_COMMIT|\
         ${STAPEL_WHO%@*}|${STAPEL_OUTCOME-none}|$#|$1|$2\" >> ../facts",
    );
    let plan = run(dir, &["plan"], "", 0);
    for expected in
        ["hook after ship: ./facts a b $(id)", "hook before verify: ./facts", "hook after the release: ./facts"]
    {
        assert!(plan.contains(expected), "{plan}");
    }
    let said = run(dir, &["deploy", "--yes", "--json"], "", 0);
    // What it prints is recorded as of any command.
    assert!(said.contains(r#""line":"said by verify""#), "{said}");
    let facts = std::fs::read_to_string(dir.join("host/facts")).unwrap();
    let expected =
        "shop|here|1|ship||bo|done|2|a b|$(id)\nshop|here|1|verify||bo|none|0||\nshop|here|1|release||bo|done|0||\n";
    assert_eq!(facts, expected);
}

#[test]
fn a_hook_that_fails_takes_the_release_back_unless_it_may() {
    for (may_fail, code) in [(false, 1), (true, 0)] {
        let dir = with_hooks(&format!(
            "[[hook]]\nafter = \"rollout\"\nrun = [\"./fails\"]\nundo = [\"./fails\", \"undone\"]\nmay_fail = {may_fail}\n"
        ));
        let dir = dir.path();
        let _stop = Stop(dir);
        script(
            dir,
            "fails",
            "[ \"$1\" = undone ] && { echo \"$STAPEL_OUTCOME\" > ../undone; exit 0; }\necho no luck >&2\nexit 3",
        );
        let said = run(dir, &["deploy", "--yes"], "", code);
        assert!(said.contains("no luck"), "{said}");
        assert_eq!(said.contains("the hook failed, which it may"), may_fail, "{said}");
        let undone = std::fs::read_to_string(dir.join("host/undone")).unwrap_or_default();
        assert_eq!(undone, if may_fail { "" } else { "undone\n" });
    }
}

#[test]
fn a_hook_that_does_not_end_is_ended_with_all_that_it_started() {
    let dir = with_hooks("[[hook]]\nafter = \"ship\"\nrun = [\"./late\"]\ntimeout = 1\nmay_fail = true\n");
    let dir = dir.path();
    let _stop = Stop(dir);
    script(dir, "late", "sh -c 'echo $$ > ../pid; exec sleep 300'\ntrue");
    let began = Instant::now();
    let said = run(dir, &["deploy", "--yes"], "", 0);
    assert!(said.contains("did not end within"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(60), "it waited for the end");
    let pid = std::fs::read_to_string(dir.join("host/pid")).unwrap();
    assert!(!stapel_host::ProcessId::of(pid.trim().parse().unwrap()).alive());
}

#[test]
fn before_there_is_a_directory_no_hook_can_run_in_it() {
    let dir = with_hooks("[[hook]]\nbefore = \"release\"\nrun = [\"true\"]\n");
    let dir = dir.path();
    let _stop = Stop(dir);
    let said = run(dir, &["deploy", "--yes"], "", 1);
    assert!(said.contains("is not there yet") && said.contains("after = \"ship\""), "{said}");
    std::fs::create_dir_all(dir.join("host/app")).unwrap();
    run(dir, &["deploy", "--yes"], "", 0);
}

/// The tree goes back before traffic does; what takes a hook back that came with the new tree must not be gone by then.
#[test]
fn a_hook_is_taken_back_in_the_tree_that_it_ran_in() {
    let dir = with_hooks("");
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], "", 0);
    let file = dir.join("project/stapel.toml");
    let hook = |at: &str, name: &str| {
        format!("[[hook]]\n{at}\nrun = [\"./new\", \"{name}\"]\nundo = [\"./new\", \"{name} undone\"]\n")
    };
    let hooks = hook("after = \"ship\"", "ship") + &hook("after = \"rollout\"", "rollout");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &hooks).unwrap();
    script(dir, "new", "echo \"$1\" >> ../said");
    version(dir, 2);
    let plan = run(dir, &["plan", "--json"], "", 0);
    let steps = super::steps::plan(&plan).len();
    run(dir, &["deploy", "--yes"], &format!("before:{}", steps - 1), 1);
    let said = std::fs::read_to_string(dir.join("host/said")).unwrap();
    assert_eq!(said, "ship\nrollout\nrollout undone\nship undone\n");
    assert!(!dir.join("host/app/new").exists());
}

/// A release whose process dies while its hook after the switch runs goes on, for the new version serves: the hook runs
/// again only where the team says that it may.
#[test]
fn a_hook_whose_process_died_runs_again_only_where_it_may() {
    for (repeatable, outcome, runs) in [(false, "undone", 1), (true, "done", 2)] {
        let dir = with_hooks(&format!(
            "[[hook]]\nafter = \"verify\"\nrun = [\"./count\"]\nrepeatable = {repeatable}\ntimeout = \"20s\"\n"
        ));
        let dir = dir.path();
        let _stop = Stop(dir);
        script(dir, "count", "true");
        run(dir, &["deploy", "--yes"], "", 0);
        // The first time it waits to be killed.
        script(dir, "count", "echo run >> ../count\n[ $(wc -l < ../count) -gt 1 ] || exec sleep 300");
        version(dir, 2);
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(["deploy", "--yes"]).current_dir(dir.join("project")).env("LC_ALL", "C").stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let counted = || std::fs::read_to_string(dir.join("host/count")).unwrap_or_default();
        testkit::until_true("the hook runs", Duration::from_secs(30), || !counted().is_empty()).unwrap();
        let runner = format!("agent release {}", dir.display());
        assert!(Command::new("pkill").args(["-KILL", "-f", &runner]).status().unwrap().success());
        let said = text(&child.wait_with_output().unwrap().stdout);
        let shown = run(dir, &["show", "--json"], "", 0);
        let details: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
        assert_eq!(details["outcome"], outcome, "repeatable {repeatable}: {said}");
        assert_eq!(counted().lines().count(), runs, "repeatable {repeatable}: {said}");
        assert_eq!(said.contains("It is not known how far the hook"), !repeatable, "{said}");
    }
}

//! The command as its users meet it, without Docker: words in both languages, errors with their place, the demo.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test is to fail it")]

mod check;
mod checkout;
mod crash;
mod databases;
mod hooks;
mod init;
mod logs;
mod notify;
mod phases;
mod pipelines;
mod plan;
mod prune;
mod restart;
mod steps;

use std::io::BufRead;
use std::path::Path;
use std::process::{Command, Output};

fn stapel(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir).env_remove("STAPEL_LANG").env("LC_ALL", "C").env("LANG", "C");
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A project on the embedded runtime, with host and state beside it.
fn project() -> tempfile::TempDir {
    project_with("duration = \"1s\"\nevery = \"200ms\"", "")
}

/// The same with this watch, and more tables.
fn project_with(watch: &str, more: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap();
    let config = format!(
        "app = \"shop\"\nengine = \"embedded\"\n[target.here]\nhost = \"local\"\npath = \"{root}/host/app\"\nstate = \"{root}/host/state\"\n\
         [service.app]\n[migration]\ntool = \"embedded\"\nservice = \"app\"\n[[check]]\nname = \"health\"\npath = \"/health\"\n{more}[watch]\n{watch}\n"
    );
    std::fs::create_dir(dir.path().join("project")).unwrap();
    std::fs::write(dir.path().join("project/stapel.toml"), config).unwrap();
    version(dir.path(), 1);
    dir
}

/// What the app's `/health` says the way its users come; `None` where nobody serves.
fn answers(dir: &Path) -> Option<String> {
    let state = std::fs::read_dir(dir.join("host/state")).ok()?.flatten().next()?.path();
    let at: std::net::SocketAddr =
        std::fs::read_to_string(state.join("engine/proxy/listen")).ok()?.trim().parse().ok()?;
    let answer = testkit::http::get(at.ip(), at.port(), "shop.example", "/health").ok()?;
    (answer.status == 200).then_some(answer.body)
}

fn version(dir: &Path, version: u32) {
    std::fs::write(dir.join("project/app.toml"), format!("version = {version}\n")).unwrap();
}

/// Ends what the embedded runtime started below this directory.
struct Stop<'a>(&'a Path);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        // Every process of the runtime has the directory in its arguments.
        let _ = Command::new("pkill").args(["-f", self.0.to_str().unwrap()]).status();
    }
}

#[test]
fn help_is_in_the_language_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let en = stapel(dir.path(), &["--help"]);
    assert!(en.status.success() && text(&en.stdout).contains("Put the project in service"));
    let ru = text(&stapel(dir.path(), &["deploy", "--help", "--lang", "ru"]).stdout);
    assert!(ru.contains("Использование") && ru.contains("Собирать без кэша"), "{ru}");
    assert!(!ru.contains("Options:") && !ru.contains("Print help"), "{ru}");
}

#[test]
fn what_is_wrong_on_the_command_line_is_named_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    for (args, said) in [
        (&["deplyo"][..], "deploy"),
        (&["deploy", "--yess"], "--yes"),
        (&["rollback", "x"], "x"),
        (&[], "command"),
        (&["history", "-n"], "--limit"),
        (&["status", "--lang", "de"], "de"),
    ] {
        let out = stapel(dir.path(), args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains(said), "{args:?}: {}", text(&out.stderr));
    }
    let ru = stapel(dir.path(), &["--lang", "ru", "deplyo"]);
    assert!(text(&ru.stderr).contains("Команды deplyo нет"), "{}", text(&ru.stderr));
}

#[test]
fn without_a_configuration_it_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let out = stapel(dir.path(), &["deploy"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("stapel.toml") && text(&out.stderr).contains("--config"));
}

#[test]
fn errors_of_the_configuration_have_their_place() {
    let dir = project();
    let file = dir.path().join("project/stapel.toml");
    let wrong = std::fs::read_to_string(&file).unwrap().replace("[service.app]", "[service.app]\nno_cahce = true");
    std::fs::write(&file, wrong).unwrap();
    let out = stapel(&dir.path().join("project"), &["deploy"]);
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        said.contains("stapel.toml:8:1")
            && said.contains("did you mean `no_cache`")
            && said.contains("no_cahce = true"),
        "{said}"
    );
    let json = stapel(&dir.path().join("project"), &["deploy", "--json"]);
    let last: serde_json::Value = serde_json::from_str(text(&json.stdout).lines().last().unwrap()).unwrap();
    assert_eq!(last["problem"]["code"], "core-config-wrong");
}

#[test]
fn nobody_to_ask_changes_nothing() {
    let dir = project();
    let out = stapel(&dir.path().join("project"), &["deploy"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("--yes"));
    assert!(!dir.path().join("host/app").exists());
}

#[test]
fn a_release_its_history_and_nothing_to_do() {
    let dir = project();
    let _stop = Stop(dir.path());
    let run = |args: &[&str], code| {
        let out = stapel(&dir.path().join("project"), args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    };
    assert_eq!(run(&["history"], 0).trim(), "Stapel has not released here yet.");
    run(&["rollback", "--yes"], 3);
    assert!(run(&["deploy", "--yes"], 0).contains("Release 1 is in service"));
    assert!(run(&["deploy", "--yes"], 0).contains("Nothing to do"));
    version(dir.path(), 2);
    let json = run(&["deploy", "--yes", "--json"], 0);
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((last["release"].as_u64(), last["outcome"].as_str()), (Some(2), Some("done")));
    // A migration that fails half way: undone before anybody noticed.
    version(dir.path(), 4);
    let said = run(&["deploy", "--yes"], 1);
    assert!(said.contains("✗ migrate the schema"), "{said}");
    assert!(run(&["status"], 0).contains("healthy"));
    assert!(run(&["attach", "3", "--lang", "ru"], 1).contains("Релиз 3 отменён"));
    run(&["rollback", "7", "--yes"], 2);
    run(&["rollback", "3", "--yes"], 3);
    assert!(run(&["rollback", "--yes", "--down"], 0).contains("schema: 0002 → 0001"));
    let history = run(&["history"], 0);
    assert_eq!(history.lines().filter(|l| l.contains("UTC")).count(), 4, "{history}");
}

#[test]
fn two_deploys_at_once_are_one_and_one_that_is_told_who() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    version(dir.path(), 2);
    let mut codes: Vec<_> = std::thread::scope(|scope| {
        let both: Vec<_> =
            (0..2).map(|_| scope.spawn(|| stapel(&at, &["deploy", "--yes"]).status.code().unwrap())).collect();
        both.into_iter().map(|t| t.join().unwrap()).collect()
    });
    codes.sort_unstable();
    // The other is busy; or, had it come so late that all was done, found nothing to do or another plan.
    assert_eq!(codes[0], 0);
    assert!([0, 3, 5].contains(&codes[1]), "{codes:?}");
    let history = text(&stapel(&at, &["history"]).stdout);
    assert_eq!(history.lines().count(), 2, "{history}");
}

#[test]
fn two_targets_on_one_host_do_not_see_each_other() {
    let dir = project();
    let _stop = Stop(dir.path());
    let file = dir.path().join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let root = dir.path().to_str().unwrap();
    let second =
        format!("[target.there]\nhost = \"local\"\npath = \"{root}/host/other\"\nstate = \"{root}/host/state\"\n");
    std::fs::write(&file, config.replacen("[target.here]", &format!("{second}[target.here]"), 1)).unwrap();
    let command = |target: &str, args: &[&str], fault: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(["--target", target]).args(args).current_dir(dir.path().join("project"));
        command.env("LC_ALL", "C").env("STAPEL_FAULT", fault).stdin(std::process::Stdio::null());
        command
    };
    let run = |target, args: &[&str], code| {
        let out = command(target, args, "").output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{target} {args:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    };
    run("here", &["deploy", "--yes"], 0);
    version(dir.path(), 2);
    // A release of one stands in its midst and holds its lock.
    let mut stopped =
        command("here", &["deploy", "--yes"], "stop:9").stdout(std::process::Stdio::null()).spawn().unwrap();
    let runner = format!("agent release {root}");
    let stands = || Command::new("pgrep").args(["-r", "T", "-f", &runner]).output().unwrap().status.success();
    testkit::until_true("the release has stopped", std::time::Duration::from_secs(20), stands).unwrap();
    run("here", &["deploy", "--yes"], 5);
    assert!(run("there", &["deploy", "--yes"], 0).contains("Release 1 is in service"));
    assert_eq!(run("there", &["history"], 0).lines().count(), 1);
    assert!(!run("there", &["status"], 0).contains("is running a"));
    assert!(run("here", &["status"], 0).contains("is running a"));
    assert!(Command::new("pkill").args(["-CONT", "-f", &runner]).status().unwrap().success());
    assert_eq!(stopped.wait().unwrap().code(), Some(0));
    assert_eq!(run("here", &["history"], 0).lines().count(), 2);
    run("there", &["rollback", "--yes"], 3);
}

/// Deploys version 2 over version 1, and kills the processes whose command line matches once `when` is on the screen.
/// Returns the exit code and the screen.
fn deploy_and_kill(dir: &Path, when: &str, victim: &str) -> (Option<i32>, String) {
    let at = dir.join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    version(dir, 2);
    let mut deploy = Command::new(env!("CARGO_BIN_EXE_stapel"));
    deploy.args(["deploy", "--yes", "--lang", "en"]).current_dir(&at).stdout(std::process::Stdio::piped());
    let mut deploy = deploy.spawn().unwrap();
    let mut said = String::new();
    for line in std::io::BufReader::new(deploy.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains(when) {
            assert!(Command::new("pkill").args(["-KILL", "-f", victim]).status().unwrap().success());
        }
        said = said + &line + "\n";
    }
    (deploy.wait().unwrap().code(), said)
}

#[test]
fn a_new_version_that_dies_after_the_switch_comes_back_by_itself() {
    let dir = project();
    let _stop = Stop(dir.path());
    let app = format!("app --version 2 .*{}", dir.path().display());
    let (code, said) = deploy_and_kill(dir.path(), "✓ hand the traffic back", &app);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("↩ let a candidate of the former version take the traffic"), "{said}");
    let at = dir.path().join("project");
    let status = text(&stapel(&at, &["status"]).stdout);
    assert!(status.contains("healthy"), "{status}");
    // The next one goes in as if nothing had been.
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
}

#[test]
fn a_release_whose_process_was_killed_is_undone_by_its_guardian() {
    let dir = project();
    let _stop = Stop(dir.path());
    let runner = format!("agent release {}", dir.path().display());
    let (code, said) = deploy_and_kill(dir.path(), "✓ let the candidate take the traffic", &runner);
    // Nobody did anything, and the screen saw it all.
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("its process died; another one undoes it"), "{said}");
    assert!(said.contains("Release 2 was undone"), "{said}");
}

#[test]
fn the_demo_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = stapel(dir.path(), &["demo", "--json"]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
    let last: serde_json::Value = serde_json::from_str(text(&out.stdout).lines().last().unwrap()).unwrap();
    assert_eq!((last["lost"].as_u64(), last["auto_rolled_back"].as_bool()), (Some(0), Some(true)));
    assert!(last["requests"].as_u64().unwrap() > 1000, "{last}");
    assert_eq!(last["releases"].as_array().unwrap().len(), 4);
}

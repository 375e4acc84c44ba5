//! `stapel check`: what is looked at, what it finds, and that it changes nothing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Stop, project, stapel, text, version};

fn check(dir: &Path, args: &[&str], code: i32) -> String {
    let out = stapel(&dir.join("project"), &[&["check"], args].concat());
    let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn deploy(dir: &Path, fault: &str) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(["deploy", "--yes"]).current_dir(dir.join("project")).env("STAPEL_FAULT", fault);
    command.output().unwrap().status.code()
}

/// The codes of what was found, with how much they matter.
fn codes(json: &str) -> Vec<(String, String)> {
    let lines = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = lines.flat_map(|line| line["found"].as_array().cloned().unwrap_or_default());
    let said = |value: &Value| value.as_str().unwrap().to_owned();
    found.map(|f| (said(&f["weight"]), said(&f["problem"]["code"]))).collect()
}

fn found(dir: &Path, code: i32) -> Vec<(String, String)> {
    codes(&check(dir, &["--json"], code))
}

fn advises(code: &str) -> (String, String) {
    ("advises".to_owned(), code.to_owned())
}

#[test]
fn all_that_holds_is_said_and_nothing_is_changed() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    assert_eq!(found(dir, 0), [advises("agent-service-down")]);
    assert!(!dir.join("host/app").exists(), "nothing was changed");
    // What there is nothing to look at of is not said to be well.
    let said = check(dir, &[], 0);
    assert!(said.contains("– the checks come true now") && said.contains("– there is a proven dump"), "{said}");
    assert_eq!(deploy(dir, ""), Some(0));
    let said = check(dir, &[], 0);
    assert!(said.contains("✓ nobody is releasing") && said.contains("✓ the checks come true now"), "{said}");
    assert!(said.ends_with("Nothing stands in the way of a release.\n"), "{said}");
    assert!(check(dir, &["--lang", "ru"], 0).contains("Релизу ничто не мешает."));
    let json = check(dir, &["--json"], 0);
    let last: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((last["prevents"].as_u64(), last["advises"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn what_was_changed_on_the_host_is_named() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    assert_eq!(deploy(dir, ""), Some(0));
    std::fs::write(dir.join("host/app/app.toml"), "version = 1\n# by hand\n").unwrap();
    assert_eq!(found(dir, 0), [advises("agent-drift")]);
    assert!(check(dir, &[], 0).contains("app.toml [agent-drift]"));
}

#[test]
fn an_app_that_fails_its_checks_is_no_reason_against_a_release() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    assert_eq!(deploy(dir, ""), Some(0));
    let app = format!("app --version 1 .*{}", dir.display());
    assert!(Command::new("pkill").args(["-KILL", "-f", &app]).status().unwrap().success());
    let said = found(dir, 0);
    assert!(said.contains(&advises("agent-service-down")), "{said:?}");
}

#[test]
fn a_release_that_is_stuck_stands_in_the_way() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    assert_eq!(deploy(dir, ""), Some(0));
    version(dir, 2);
    assert_eq!(deploy(dir, "after:1,undo-fails:1"), Some(4));
    let said = found(dir, 3);
    assert!(said.contains(&("prevents".to_owned(), "agent-still-stuck".to_owned())), "{said:?}");
    assert!(check(dir, &[], 3).contains("stands in the way of a release"));
}

#[test]
fn what_is_not_committed_stands_in_the_way() {
    let dir = project();
    let dir = dir.path();
    assert!(Command::new("git").args(["init", "--quiet"]).current_dir(dir.join("project")).status().unwrap().success());
    let git = ["-c", "user.name=tester", "-c", "user.email=tester@shop.example", "commit", "--quiet", "--allow-empty"];
    let done = Command::new("git").args(git).args(["-m", "first"]).current_dir(dir.join("project")).status();
    assert!(done.unwrap().success());
    assert_eq!(found(dir, 3)[0], ("prevents".to_owned(), "cli-uncommitted".to_owned()));
}

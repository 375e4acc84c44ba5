//! `stapel logs --follow`, over a release, a reader that goes and a session that is cut.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Stop, answers, project, stapel, text, version};

const SOON: Duration = Duration::from_secs(20);

fn follow(at: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(["logs", "--follow", "--lang", "en"]).args(args).current_dir(at);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Agents that serve a session of this test's binary.
fn agents(child: &Child) -> bool {
    let found = Command::new("pgrep").args(["-P", &child.id().to_string(), "-f", "agent serve"]).output().unwrap();
    found.status.success()
}

#[test]
fn a_log_is_followed_over_a_release() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let mut child = follow(&at, &["-n", "1"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(!first.is_empty());
    version(dir.path(), 2);
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let replaced = lines.by_ref().find(|line| line.starts_with('—')).unwrap();
    assert!(replaced.contains("app: from here on the log of app"), "{replaced}");
    // The new one's log, from its beginning.
    assert!(lines.next().unwrap().contains("version 2"));
    assert!(agents(&child));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_goes_ends_it_quietly_though_nothing_is_said() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let mut child = follow(&at, &["--json"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(said["service"], "app");
    drop(out);
    testkit::until_true("it ends by itself", SOON, || child.try_wait().unwrap().is_some()).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_session_that_is_cut_leaves_no_agent() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let mut child = follow(&at, &[]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    let found = Command::new("pgrep").args(["-P", &child.id().to_string(), "-f", "agent serve"]).output().unwrap();
    let agent = text(&found.stdout).trim().to_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    let gone = || !Path::new(&format!("/proc/{agent}")).exists();
    assert!(!agent.is_empty());
    testkit::until_true("the agent has ended", SOON, gone).unwrap();
    assert!(answers(dir.path()).is_some());
}

#[test]
fn what_cannot_be_followed_is_named() {
    let dir = project();
    let at = dir.path().join("project");
    let out = stapel(&at, &["logs", "web", "--follow"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no service \"web\"; it has: app"), "{}", text(&out.stderr));
    assert_eq!(stapel(&at, &["logs", "--since", "yesterday"]).status.code(), Some(2));
    assert_eq!(stapel(&at, &["logs", "--since", "10m", "--lines", "3"]).status.code(), Some(0));
}

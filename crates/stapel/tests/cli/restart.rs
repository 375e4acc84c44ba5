//! `stapel restart`: what a person at night types.

use std::process::Command;

use super::{Stop, answers, project, stapel, text, version};

/// The process that serves.
fn serving(root: &std::path::Path) -> String {
    let line = format!("app --version .*{}", root.display());
    text(&Command::new("pgrep").args(["-f", &line]).output().unwrap().stdout).trim().to_owned()
}

#[test]
fn a_restart_is_another_process_of_the_same_version_and_a_release_on_record() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    // Nothing is there that could be started as it is.
    let out = stapel(&at, &["restart", "--hard", "--yes"]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("There is no container of app"), "{}", text(&out.stderr));
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    // What is not released yet is not released by a restart.
    version(dir.path(), 2);
    for args in [&["restart", "--yes"][..], &["restart", "app", "--hard", "--yes"]] {
        let (before, answered) = (serving(dir.path()), answers(dir.path()));
        let out = stapel(&at, args);
        let said = text(&out.stdout);
        assert_eq!(out.status.code(), Some(0), "{said}{}", text(&out.stderr));
        assert!(said.contains("Restarted ("), "{said}");
        assert_eq!(said.contains("app was away for"), args.contains(&"--hard"), "{said}");
        assert_ne!(serving(dir.path()), before);
        assert_eq!(answers(dir.path()), answered);
    }
    let history = text(&stapel(&at, &["history"]).stdout);
    assert_eq!(history.lines().filter(|line| line.contains("restart app")).count(), 2, "{history}");
    // It put nothing in service: the way back leads past it, and there is none to it.
    let status = text(&stapel(&at, &["status"]).stdout);
    assert!(status.contains("  deploy"), "{status}");
    assert_eq!(stapel(&at, &["rollback", "--yes"]).status.code(), Some(3));
    assert_eq!(stapel(&at, &["rollback", "2", "--yes"]).status.code(), Some(3));
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let out = stapel(&at, &["restart", "web", "--yes"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no service \"web\"; it has: app"), "{}", text(&out.stderr));
}

#[test]
fn nobody_is_restarted_without_being_asked() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    assert_eq!(stapel(&at, &["deploy", "--yes"]).status.code(), Some(0));
    let before = serving(dir.path());
    assert_eq!(stapel(&at, &["restart"]).status.code(), Some(2));
    assert_eq!(serving(dir.path()), before);
}

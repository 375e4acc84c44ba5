//! `stapel init` as a stranger meets it, without a server.

use std::path::Path;
use std::process::Command;

use super::{stapel, text};

fn project(dir: &Path) {
    std::fs::write(dir.join("compose.yaml"), "services:\n  web:\n    build: .\n    ports: [\"8000:8000\"]\n").unwrap();
    std::fs::write(dir.join("Dockerfile"), "FROM scratch\n").unwrap();
}

#[test]
fn it_writes_once_and_shows_and_replaces_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let file = dir.path().join("stapel.toml");
    let shown = stapel(dir.path(), &["init", "--print"]);
    assert!(shown.status.success() && !file.exists(), "{}", text(&shown.stderr));
    assert!(stapel(dir.path(), &["init"]).status.success());
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text(&shown.stdout), written);

    std::fs::write(&file, "mine").unwrap();
    let again = stapel(dir.path(), &["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(stapel(dir.path(), &["init", "--force"]).status.success());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
}

/// Whatever a project looks like: what a person has written is replaced only where that is asked for.
#[test]
fn a_second_run_replaces_nothing_unless_it_is_forced_to() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../stapel-init/tests/corpus");
    let mut written = 0;
    for project in std::fs::read_dir(corpus).unwrap().flatten() {
        let dir = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-a").arg(project.path()).arg(dir.path().join("app")).status().unwrap();
        assert!(copied.success());
        let (at, name) = (dir.path().join("app"), project.file_name());
        let file = at.join("stapel.toml");
        // Compose 1.x cannot read each of them.
        if !stapel(&at, &["init"]).status.success() {
            assert!(!file.exists(), "{name:?}");
            continue;
        }
        written += 1;
        let first = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, "mine").unwrap();
        let again = stapel(&at, &["init"]);
        assert_eq!(again.status.code(), Some(2), "{name:?}");
        assert!(text(&again.stderr).contains("--force"), "{name:?}: {}", text(&again.stderr));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine", "{name:?}");
        assert!(stapel(&at, &["init", "--force"]).status.success(), "{name:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), first, "{name:?}");
    }
    assert!(written >= 20, "{written}");
}

#[test]
fn where_something_is_wrong_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stapel.toml");
    let refused = |args: &[&str], code: i32, said: &str| {
        let out = stapel(dir.path(), args);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains(said), "{args:?}: {}", text(&out.stderr));
        assert!(!file.exists());
    };
    refused(&["init"], 2, "no compose file");
    refused(&["init", "--config", "nowhere/stapel.toml"], 2, "nowhere");
    project(dir.path());
    refused(&["init", "--path", "opt"], 2, "absolute");
    refused(&["init", "--host=-oProxyCommand=x"], 2, "-oProxyCommand");
    refused(&["init", "--host", "nobody.invalid"], 3, "nobody.invalid");
    std::fs::write(dir.path().join("compose.yaml"), "services:\n  web: [\n").unwrap();
    refused(&["init"], 2, "compose.yaml");
}

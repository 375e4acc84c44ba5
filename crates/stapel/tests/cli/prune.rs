//! What the last step of a release lets go of, and that it says so.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Stop, answers, project_with, stapel, text, version};

/// What there is of this kind in the embedded engine.
fn names(dir: &Path, kind: &str) -> BTreeSet<String> {
    let state = std::fs::read_dir(dir.join("host/state")).unwrap().flatten().next().unwrap().path();
    let all = std::fs::read_dir(state.join("engine").join(kind)).unwrap().flatten();
    all.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// The releases under whose number an image is kept, and how many are kept by date.
fn kept(dir: &Path) -> (BTreeSet<u64>, usize) {
    let tags = names(dir, "tags");
    let last = |tag: &String| tag.rsplit('-').next().and_then(|end| end.strip_prefix('r')?.parse().ok());
    let (dated, numbered): (Vec<_>, Vec<_>) = tags.iter().partition(|tag| tag.contains("-kept-"));
    (numbered.into_iter().filter_map(last).collect(), dated.len())
}

#[test]
fn old_images_go_by_rule_and_what_a_way_back_leads_to_stays() {
    let dir = project_with("duration = \"200ms\"\nevery = \"100ms\"", "[images]\nkeep = 2\n");
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    let run = |args: &[&str]| {
        let out = stapel(&at, args);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    };
    assert!(run(&["plan"]).contains("of images of other than the last 2 releases"));
    let deploy = |number| {
        version(dir.path(), number);
        run(&["deploy", "--yes"])
    };
    let first = deploy(1);
    assert!(first.contains("images and build cache: 0 tags, "), "{first}");
    deploy(2);
    assert_eq!(kept(dir.path()), ([1, 2].into(), 1));
    let third = deploy(3);
    assert!(third.contains("images and build cache: one tag, ") && third.contains(" GB free, were "), "{third}");
    assert_eq!(kept(dir.path()), ([2, 3].into(), 2));
    // From there the way back leads to nothing; what it came from stays, and so does what it leads to in later releases.
    run(&["rollback", "--yes"]);
    assert_eq!(kept(dir.path()), ([2, 3, 4].into(), 2));
    // The way back leads to the second again, which was in service before, and not to what was gone back from.
    deploy(3);
    assert_eq!(kept(dir.path()), ([2, 4, 5].into(), 2));
    // The image of the first release went with its name.
    assert_eq!(names(dir.path(), "images").len(), 2);
    let before = answers(dir.path());
    run(&["rollback", "2", "--yes"]);
    assert_ne!(answers(dir.path()), before);

    let json = {
        version(dir.path(), 3);
        run(&["deploy", "--yes", "--json"])
    };
    let said = |line: &&str| line.contains("agent-prune-done");
    let event: serde_json::Value = serde_json::from_str(json.lines().find(said).unwrap()).unwrap();
    assert!(event.to_string().contains("\"tags\":"), "{event}");
}

//! There and back again on real directories.

use std::fs;

use crate::world::{World, file, link, snapshot};
use stapel_tree::{Applied, Drift, Entry, Hash, Manifest, Rules, carry_out, drift, plan_apply, revert, sweep};

fn plan(world: &World, before: Option<&Manifest>, goal: &Manifest) -> Applied {
    plan_apply(&world.root, &world.store, before, goal, &Rules::default(), &world.memory).unwrap()
}

fn refused(world: &World, before: Option<&Manifest>, goal: &Manifest) -> String {
    let seen = snapshot(&world.root);
    let problem = plan_apply(&world.root, &world.store, before, goal, &Rules::default(), &world.memory).unwrap_err();
    assert_eq!(snapshot(&world.root), seen, "a refusal touches nothing");
    problem.code().to_owned()
}

/// A first release is on the host, a second one is shipped: changed content, changed mode, a link elsewhere, a file
/// removed with its directory, a file that becomes a directory and one that was a directory.
fn second_release() -> (World, Manifest, Manifest) {
    let world = World::new();
    let s = &world.source;
    file(s, "app/main.py", "one", 0o644);
    file(s, "app/same.py", "same", 0o644);
    file(s, "run.sh", "run", 0o644);
    file(s, "old/deep/gone.py", "gone", 0o600);
    file(s, "turns", "a file", 0o644);
    file(s, "turned/inner/x", "in a directory", 0o640);
    link(s, "current", "app/main.py");
    fs::create_dir(s.join("logs")).unwrap();
    let first = world.ship();
    let applied = plan(&world, None, &first);
    carry_out(&world.root, &world.store, &applied).unwrap();

    fs::remove_dir_all(s).unwrap();
    file(s, "app/main.py", "two", 0o644);
    file(s, "app/same.py", "same", 0o644);
    file(s, "run.sh", "run", 0o755);
    file(s, "turns/into/x", "a directory", 0o644);
    file(s, "turned", "into a file", 0o644);
    link(s, "current", "app/same.py");
    file(s, "new/n", "new", 0o600);
    let second = world.ship();
    (world, first, second)
}

#[test]
fn a_release_goes_in_and_comes_out() {
    let (world, first, second) = second_release();
    file(&world.root, "app/uploads/photo", "theirs", 0o600);
    file(&world.root, "notes.txt", "theirs", 0o644);
    file(&world.root, ".env", "SECRET=1", 0o600);
    let (before, same) = (snapshot(&world.root), world.root.join("app/same.py"));
    let untouched = fs::metadata(&same).unwrap();

    let applied = plan(&world, Some(&first), &second);
    assert_eq!(applied.foreign, ["notes.txt", "app/uploads/"]);
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert!(drift(&world.root, &second, &world.memory).unwrap().is_empty());
    assert!(!world.root.join("old").exists());
    assert_eq!(fs::read_to_string(world.root.join("app/uploads/photo")).unwrap(), "theirs");
    assert!(plan(&world, Some(&second), &second).is_empty());
    use std::os::unix::fs::MetadataExt;
    assert_eq!(fs::metadata(&same).unwrap().ino(), untouched.ino(), "an unchanged file is not written");

    assert_eq!(revert(&world.root, &world.store, &applied).unwrap(), []);
    assert_eq!(snapshot(&world.root), before);
    assert_eq!(revert(&world.root, &world.store, &applied).unwrap(), []);
    assert_eq!(snapshot(&world.root), before);
}

#[test]
fn a_crash_at_any_change_is_carried_on_or_undone() {
    let (world, first, second) = second_release();
    let before = snapshot(&world.root);
    let applied = plan(&world, Some(&first), &second);
    carry_out(&world.root, &world.store, &applied).unwrap();
    let after = snapshot(&world.root);
    assert!(applied.changed.len() > 8, "{:?}", applied.changed);
    for crash in 0..=applied.changed.len() {
        let half = Applied { changed: applied.changed[..crash].to_vec(), ..applied.clone() };
        revert(&world.root, &world.store, &applied).unwrap();
        assert_eq!(snapshot(&world.root), before, "undone, after {crash}");
        carry_out(&world.root, &world.store, &half).unwrap();
        for change in &applied.changed[crash..] {
            // The next files were being written under their temporary names: many are, before the first takes its place.
            let name = format!(".stapel-{}.tmp", &Hash::of(change.path.as_bytes()).to_string()[..16]);
            let dir = world.root.join(&change.path).parent().unwrap().to_owned();
            if dir.is_dir() {
                fs::write(dir.join(name), "half").unwrap();
            }
        }
        if crash % 2 == 0 {
            revert(&world.root, &world.store, &applied).unwrap();
            assert_eq!(snapshot(&world.root), before, "undone half-way, after {crash}");
        }
        carry_out(&world.root, &world.store, &applied).unwrap();
        assert_eq!(snapshot(&world.root), after, "carried on, after {crash}");
    }
}

#[test]
fn more_files_than_are_written_at_once_go_in_and_come_out() {
    let world = World::new();
    for n in 0..1100 {
        file(&world.source, &format!("{}/{n}", n % 7), &format!("content {n}"), 0o640);
        if n % 3 == 0 {
            file(&world.root, &format!("{}/{n}", n % 7), "by hand", 0o600);
        }
    }
    let before = snapshot(&world.root);
    let goal = world.ship();
    let applied = plan(&world, None, &goal);
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert!(drift(&world.root, &goal, &world.memory).unwrap().is_empty());
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert!(revert(&world.root, &world.store, &applied).unwrap().is_empty());
    assert_eq!(snapshot(&world.root), before);
}

#[test]
fn the_first_release_makes_the_root_and_takes_it_away_again() {
    let world = World::new();
    file(&world.source, "a/b", "x", 0o644);
    let goal = world.ship();
    fs::remove_dir(&world.root).unwrap();
    let applied = plan(&world, None, &goal);
    assert!(revert(&world.root, &world.store, &applied).unwrap().is_empty(), "never happened");
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert!(drift(&world.root, &goal, &world.memory).unwrap().is_empty());
    revert(&world.root, &world.store, &applied).unwrap();
    assert!(!world.root.exists());
}

#[test]
fn without_a_last_release_nothing_is_removed_and_what_is_replaced_comes_back() {
    let world = World::new();
    file(&world.source, "app.py", "new", 0o644);
    let goal = world.ship();
    file(&world.root, "app.py", "by hand", 0o4750);
    file(&world.root, "gone-upstream.py", "by hand", 0o644);
    let before = snapshot(&world.root);
    let applied = plan(&world, None, &goal);
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert_eq!(applied.foreign, ["gone-upstream.py"]);
    assert!(world.root.join("gone-upstream.py").exists());
    revert(&world.root, &world.store, &applied).unwrap();
    assert_eq!(snapshot(&world.root), before);
}

#[test]
fn files_stay_with_whom_they_belong_to() {
    use std::os::unix::fs::{MetadataExt, chown};
    if !rustix::process::geteuid().is_root() {
        println!("left out: only root gives files away");
        return;
    }
    let (world, first, second) = second_release();
    let owner = |path: &str| fs::metadata(world.root.join(path)).unwrap().uid();
    chown(&world.root, Some(7001), Some(7001)).unwrap();
    chown(world.root.join("app/main.py"), Some(7002), None).unwrap();
    chown(world.root.join("old/deep"), Some(7003), None).unwrap();
    chown(world.root.join("old/deep/gone.py"), Some(7004), None).unwrap();
    let applied = plan(&world, Some(&first), &second);
    carry_out(&world.root, &world.store, &applied).unwrap();
    assert_eq!(owner("app/main.py"), 7002, "replaced");
    assert_eq!((owner("new"), owner("new/n")), (7001, 7001), "new: as the directory around");
    revert(&world.root, &world.store, &applied).unwrap();
    assert_eq!((owner("app/main.py"), owner("old/deep"), owner("old/deep/gone.py")), (7002, 7003, 7004));
}

#[test]
fn what_came_in_between_is_not_overrun() {
    let (world, first, second) = second_release();
    let applied = plan(&world, Some(&first), &second);
    file(&world.root, "app/main.py", "a hotfix in that second", 0o644);
    let problem = carry_out(&world.root, &world.store, &applied).unwrap_err();
    assert_eq!(problem.code(), "tree-changed-meanwhile");
    let displaced = revert(&world.root, &world.store, &applied).unwrap();
    assert_eq!(displaced.len(), 1);
    let kept = world.store.read(&displaced[0].entry.hash().unwrap()).unwrap();
    assert_eq!(kept, b"a hotfix in that second");
    assert!(drift(&world.root, &first, &world.memory).unwrap().is_empty());
}

#[test]
fn an_undo_keeps_what_the_app_wrote_beside_its_code() {
    let (world, first, second) = second_release();
    let applied = plan(&world, Some(&first), &second);
    carry_out(&world.root, &world.store, &applied).unwrap();
    file(&world.root, "new/__pycache__/n.pyc", "cache", 0o644);
    revert(&world.root, &world.store, &applied).unwrap();
    assert!(world.root.join("new/__pycache__/n.pyc").exists());
    assert!(!world.root.join("new/n").exists());
    assert!(drift(&world.root, &first, &world.memory).unwrap().is_empty());
}

#[test]
fn links_and_strangers_in_the_way_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    let world = World::new();
    file(&world.source, "dir/inner/x", "x", 0o644);
    file(&world.source, "plain", "x", 0o644);
    let goal = world.ship();

    link(&world.root, "dir", outside.path().to_str().unwrap());
    assert_eq!(refused(&world, None, &goal), "tree-way-blocked");
    fs::remove_file(world.root.join("dir")).unwrap();

    file(&world.root, "plain/theirs", "x", 0o644);
    assert_eq!(refused(&world, None, &goal), "tree-in-the-way");
    fs::remove_dir_all(world.root.join("plain")).unwrap();

    let _socket = std::os::unix::net::UnixListener::bind(world.root.join("plain")).unwrap();
    assert_eq!(refused(&world, None, &goal), "tree-in-the-way");
    fs::remove_file(world.root.join("plain")).unwrap();

    // The link comes between the plan and the deed.
    let applied = plan(&world, None, &goal);
    link(&world.root, "dir", outside.path().to_str().unwrap());
    assert!(carry_out(&world.root, &world.store, &applied).is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_journal_that_was_tampered_with_leads_nowhere() {
    let world = World::new();
    file(&world.source, "x", "x", 0o644);
    let goal = world.ship();
    let mut applied = plan(&world, None, &goal);
    for path in ["../x", "/tmp/x", "a/../../x"] {
        applied.changed[0].path = path.to_owned();
        assert_eq!(carry_out(&world.root, &world.store, &applied).unwrap_err().code(), "tree-path-unsafe");
        assert_eq!(revert(&world.root, &world.store, &applied).unwrap_err().code(), "tree-path-unsafe");
    }
    let mut goal = Manifest::default();
    goal.entries.insert("../x".into(), Entry::Directory);
    assert_eq!(refused(&world, None, &goal), "tree-path-unsafe");
    assert_eq!(drift(&world.root, &goal, &world.memory).unwrap_err().code(), "tree-path-unsafe");
}

#[test]
fn what_was_not_brought_is_missed_before_anything_is_touched() {
    let world = World::new();
    file(&world.source, "x", "x", 0o644);
    let goal = stapel_tree::scan(&world.source, &Rules::default(), &world.memory).unwrap();
    assert_eq!(refused(&world, None, &goal), "tree-object-missing");
}

#[test]
fn drift_names_what_changed_and_what_is_gone() {
    let (world, first, _) = second_release();
    file(&world.root, "run.sh", "run", 0o755);
    fs::remove_file(world.root.join("current")).unwrap();
    fs::remove_dir(world.root.join("logs")).unwrap();
    file(&world.root, "foreign", "x", 0o644);
    let found = drift(&world.root, &first, &world.memory).unwrap();
    let found: Vec<_> = found.iter().map(|d| (d.path(), matches!(d, Drift::Missing { .. }))).collect();
    assert_eq!(found, [("current", true), ("logs", true), ("run.sh", false)]);
}

#[test]
fn only_our_own_temporary_names_are_swept() {
    let world = World::new();
    for name in ["a/.stapel-0123456789abcdef.tmp", ".stapel-notes.tmp", "a/x.tmp"] {
        file(&world.root, name, "x", 0o600);
    }
    assert_eq!(sweep(&world.root).unwrap(), ["a/.stapel-0123456789abcdef.tmp"]);
    assert!(world.root.join(".stapel-notes.tmp").exists() && world.root.join("a/x.tmp").exists());
    assert!(sweep(&world.root.join("nowhere")).unwrap().is_empty());
}

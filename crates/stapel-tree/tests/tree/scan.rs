//! What a directory is seen as, and what of it is refused.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;

use crate::world::{World, file, link};
use stapel_tree::{Entry, Hash, Rules, scan};

fn refusal(world: &World) -> (String, String) {
    let problem = scan(&world.source, &Rules::default(), &world.memory).unwrap_err();
    (problem.code().to_owned(), problem.to_string())
}

#[test]
fn everything_is_seen_but_for_what_is_left_out() {
    let world = World::new();
    let s = &world.source;
    file(s, "app/main.py", "print()", 0o755);
    file(s, "app/__pycache__/main.pyc", "x", 0o644);
    file(s, ".gitignore", "app\n", 0o644);
    file(s, ".git/config", "x", 0o644);
    file(s, ".env", "SECRET", 0o600);
    file(s, "deep/down/debug.log", "x", 0o644);
    fs::create_dir(s.join("empty")).unwrap();
    link(s, "dangling", "app/not-yet");
    let manifest = scan(s, &Rules::default(), &world.memory).unwrap();
    let paths: Vec<_> = manifest.entries.keys().map(String::as_str).collect();
    assert_eq!(paths, [".gitignore", "app/main.py", "dangling", "deep/down", "empty"]);
    assert_eq!(manifest.entries["app/main.py"], Entry::File { hash: Hash::of(b"print()"), size: 7, mode: 0o755 });
    assert_eq!(manifest.entries["dangling"], Entry::Symlink { target: "app/not-yet".into() });
    assert_eq!(manifest.entries["empty"], Entry::Directory);
    assert_eq!(scan(s, &Rules::everything(), &world.memory).unwrap().entries.len(), 8);
}

#[test]
fn names_that_are_not_utf8_are_refused() {
    let world = World::new();
    fs::write(world.source.as_std_path().join(OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    let (code, message) = refusal(&world);
    assert_eq!(code, "tree-name-not-utf8");
    assert!(message.contains("caf"), "{message}");
}

#[test]
fn sockets_are_refused_unless_left_out() {
    let world = World::new();
    let _socket = UnixListener::bind(world.source.join("app.sock")).unwrap();
    let (code, message) = refusal(&world);
    assert_eq!(code, "tree-special-file");
    assert!(message.contains("app.sock"), "{message}");
    assert!(scan(&world.source, &Rules { exclude: vec!["*.sock".into()] }, &world.memory).unwrap().entries.is_empty());
}

#[test]
fn links_that_lead_out_are_refused_also_by_way_of_other_links() {
    for (path, target) in [("a", "/etc/passwd"), ("a", "../x"), ("d/a", "../../x")] {
        let world = World::new();
        link(&world.source, path, target);
        let (code, message) = refusal(&world);
        assert_eq!(code, "tree-symlink-out", "{path} -> {target}");
        assert!(message.contains(target), "{message}");
    }
    // `d/here` is `d` itself, so `d/here/../../source` leaves the tree though its words do not.
    let world = World::new();
    link(&world.source, "d/here", ".");
    link(&world.source, "out", "d/here/../../root");
    fs::create_dir(world.source.join("root")).unwrap();
    assert_eq!(refusal(&world).0, "tree-symlink-out");
}

#[test]
fn paths_that_differ_only_by_case_are_refused() {
    let world = World::new();
    file(&world.source, "app/Readme.md", "x", 0o644);
    file(&world.source, "app/README.md", "x", 0o644);
    let (code, message) = refusal(&world);
    assert_eq!(code, "tree-case-clash");
    assert!(message.contains("app/README.md") && message.contains("app/Readme.md"), "{message}");
}

#[test]
fn directories_clash_like_files() {
    let world = World::new();
    file(&world.source, "A/x", "x", 0o644);
    file(&world.source, "a/y", "x", 0o644);
    let (code, message) = refusal(&world);
    assert_eq!(code, "tree-case-clash");
    assert!(message.contains("A = a"), "{message}");
    // Neither what lies together nor what begins alike does.
    let world = World::new();
    ["a/b", "a/c", "ab"].iter().for_each(|path| file(&world.source, path, "x", 0o644));
    assert_eq!(scan(&world.source, &Rules::default(), &world.memory).unwrap().entries.len(), 3);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let world = World::new();
    let problem = scan(&world.source.join("nowhere"), &Rules::default(), &world.memory).unwrap_err();
    assert!(problem.to_string().contains("nowhere"), "{problem}");
}

//! What a plan says before anything is changed, and that it is what is done.

use std::path::Path;
use std::process::Command;

use super::{Stop, project, project_with, stapel, text, version};

fn run(dir: &Path, args: &[&str], code: i32) -> String {
    let out = stapel(&dir.join("project"), args);
    let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn git(dir: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=tester", "-c", "user.email=tester@shop.example"]).args(args);
    let out = command.current_dir(dir.join("project")).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", text(&out.stderr));
}

fn commit(dir: &Path, subject: &str) {
    git(dir, &["add", "--all"]);
    git(dir, &["commit", "--quiet", "--message", subject]);
}

#[test]
fn a_plan_says_what_changes_and_changes_nothing() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    git(dir, &["init", "--quiet"]);
    commit(dir, "The first");
    let first = run(dir, &["plan"], 0);
    assert!(first.contains("+ app.toml") && first.contains("Expected duration: not known"), "{first}");
    assert!(!dir.join("host/app").exists(), "nothing was changed");
    run(dir, &["deploy", "--yes"], 0);
    assert!(run(dir, &["plan"], 0).contains("Nothing to do"));

    version(dir, 2);
    commit(dir, "Orders have notes");
    std::fs::write(dir.join("host/app/upload.bin"), "theirs").unwrap();
    let second = run(dir, &["plan"], 0);
    for said in
        ["One commit since", "Orders have notes", "~ app.toml", "upload.bin", "could be lost", "way back reaches"]
    {
        assert!(second.contains(said), "{said}: {second}");
    }
    assert!(run(dir, &["plan", "--lang", "ru"], 0).contains("1 коммит после"));
    let json = run(dir, &["plan", "--json"], 0);
    let plan: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(plan["commits"]["new"]["newest"][0]["subject"], "Orders have notes");
    assert_eq!(plan["observation"]["files"][0]["becomes"], "changed");
    assert_eq!(run(dir, &["history"], 0).lines().count(), 1);
    run(dir, &["deploy", "--yes"], 0);

    // The third one does what the second did: how long that took is known. The branch went back meanwhile.
    git(dir, &["checkout", "--quiet", "HEAD~1"]);
    std::fs::write(dir.join("project/notes.txt"), "new").unwrap();
    commit(dir, "On another branch");
    let third = run(dir, &["plan"], 0);
    assert!(third.contains("by earlier releases: "), "{third}");
    assert!(third.contains("On another branch") && third.contains("does not have; it goes"), "{third}");
}

/// Only what the app is made of has it replaced (RUNBOOKS.md, C10).
#[test]
fn what_the_app_is_not_made_of_changes_without_replacing_it() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], 0);
    std::fs::write(dir.join("project/README"), "new").unwrap();
    let said = run(dir, &["deploy", "--yes"], 0);
    assert!(said.contains("nothing changes for it") && !said.contains("candidate"), "{said}");
    assert!(run(dir, &["deploy", "--yes"], 0).contains("Nothing to do"));
    version(dir, 2);
    assert!(run(dir, &["deploy", "--yes"], 0).contains("one file that it is built from changes"));
    // A release that left the image alone can be gone back to like any other.
    run(dir, &["rollback", "2", "--down", "--yes"], 0);
    assert!(super::answers(dir).unwrap().contains('1'));
}

#[test]
fn what_is_not_committed_is_not_released_unless_asked() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    git(dir, &["init", "--quiet"]);
    std::fs::write(dir.join("project/.gitignore"), "ignored.txt\n").unwrap();
    std::fs::write(dir.join("project/stays.txt"), "1").unwrap();
    commit(dir, "The first");
    run(dir, &["deploy", "--yes"], 0);

    // None of these is shipped, or git is told to ignore it.
    std::fs::write(dir.join("project/some.log"), "x").unwrap();
    std::fs::write(dir.join("project/ignored.txt"), "x").unwrap();
    std::fs::write(dir.join("project/stapel.toml"), {
        std::fs::read_to_string(dir.join("project/stapel.toml")).unwrap() + "\n# more\n"
    })
    .unwrap();
    std::fs::remove_file(dir.join("project/ignored.txt")).unwrap();
    assert!(run(dir, &["deploy", "--yes"], 0).contains("Nothing to do"));

    version(dir, 2);
    std::fs::remove_file(dir.join("project/stays.txt")).unwrap();
    std::fs::write(dir.join("project/new file.txt"), "x").unwrap();
    let refused = run(dir, &["deploy", "--yes"], 3);
    for file in ["app.toml", "stays.txt", "new file.txt"] {
        assert!(refused.contains(file), "{file}: {refused}");
    }
    assert!(refused.contains("3 files") && refused.contains("--allow-dirty"), "{refused}");
    assert!(!refused.contains("some.log") && !refused.contains("stapel.toml"), "{refused}");
    assert!(run(dir, &["plan", "--out", "../plan.json"], 0).contains("needs `--allow-dirty`"));
    assert!(run(dir, &["deploy", "../plan.json"], 3).contains("--allow-dirty"));
    run(dir, &["deploy", "--yes", "--allow-dirty"], 0);
    assert!(run(dir, &["show"], 0).contains("-dirty"));
    // The commit it came from is known all the same.
    commit(dir, "All of it");
    version(dir, 1);
    assert!(run(dir, &["plan"], 0).contains("All of it"));
}

#[test]
fn what_git_or_docker_ignores_is_told_of_and_left_out_where_asked() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    let write = |path: &str, text: &str| {
        let path = dir.join("project").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    git(dir, &["init", "--quiet"]);
    for (path, text) in [
        (".gitignore", "dist/\nlocal*.txt\nsecrets.env\n.env\n"),
        ("dist/a.js", "1"),
        ("dist/deep/b.js", "1"),
        ("local [1].txt", "1"),
        ("secrets.env", "A=1"),
        (".env", "B=1"),
        ("docs/page", "1"),
        ("docs/keep", "1"),
        (".dockerignore", "docs\n!docs/keep\n"),
    ] {
        write(path, text);
    }
    let config = std::fs::read_to_string(dir.join("project/stapel.toml")).unwrap();
    let source = |lines: &str| {
        let source = format!("[source]\nenv = [\"secrets.env\"]\n{lines}\n");
        write("stapel.toml", &config.replacen("[target", &format!("{source}[target"), 1));
    };
    source("");
    commit(dir, "The first");
    let said = "3 files are shipped though git ignores them: dist/a.js, dist/deep/b.js, local [1].txt";
    for command in [&["plan"][..], &["check"], &["deploy", "--yes"]] {
        let out = run(dir, command, 0);
        assert!(out.contains(said), "{command:?}: {out}");
    }
    let on_host = |path: &str| dir.join("host/app").join(path).exists();
    assert!(on_host("dist/deep/b.js") && on_host("secrets.env") && !on_host(".env"));

    // Left out is also left alone on the host: it may be all that there is of it.
    source("ignore = [\"git\", \"docker\"]");
    write("dist/new.js", "1");
    write("more", "1");
    commit(dir, "More");
    assert!(run(dir, &["check"], 0).contains("✓ git ignores nothing that is shipped"));
    let out = run(dir, &["deploy", "--yes"], 0);
    assert!(!out.contains("- dist") && !out.contains("ignores"), "{out}");
    assert!(on_host("dist/a.js") && on_host("local [1].txt") && on_host("more") && !on_host("dist/new.js"));
    assert!(on_host("docs/page") && on_host("secrets.env"));
    assert!(run(dir, &["deploy", "--yes"], 0).contains("Nothing to do"));

    // A host that never had them gets none; what is taken back is shipped.
    source("ignore = [\"git\", \"docker\"]\nexclude = [\"!dist\"]");
    std::fs::remove_dir_all(dir.join("host/app/docs")).unwrap();
    std::fs::remove_file(dir.join("host/app/local [1].txt")).unwrap();
    commit(dir, "With dist");
    run(dir, &["deploy", "--yes"], 0);
    assert!(on_host("dist/new.js") && on_host("docs/keep") && !on_host("docs/page") && !on_host("local [1].txt"));

    // Without git nobody knows what it would ignore.
    std::fs::rename(dir.join("project/.git"), dir.join("git")).unwrap();
    assert!(run(dir, &["plan"], 3).contains("in no git repository"));
}

#[test]
fn a_repository_is_looked_at_wherever_the_project_lies_in_it() {
    let dir = project();
    let dir = dir.path();
    // One without a commit: all of it is uncommitted.
    git(dir, &["init", "--quiet"]);
    assert!(run(dir, &["deploy", "--yes"], 3).contains("app.toml"));
    std::fs::write(dir.join("project/with space.txt"), "some words that are enough for git\n").unwrap();
    commit(dir, "The first");
    std::fs::rename(dir.join("project/with space.txt"), dir.join("project/ж.txt")).unwrap();
    git(dir, &["add", "--all"]);
    let renamed = run(dir, &["deploy", "--yes"], 3);
    assert!(renamed.contains("with space.txt") && renamed.contains("ж.txt"), "{renamed}");
    commit(dir, "Renamed");
    // What a repository inside of it holds is shipped, too.
    std::fs::create_dir(dir.join("project/inner")).unwrap();
    std::fs::write(dir.join("project/inner/f"), "x").unwrap();
    let inner = Command::new("git").args(["init", "--quiet"]).current_dir(dir.join("project/inner")).status();
    assert!(inner.unwrap().success());
    assert!(run(dir, &["deploy", "--yes"], 3).contains("inner"));
    std::fs::remove_dir_all(dir.join("project/inner")).unwrap();
    // One that git does not let us look at is not passed over.
    std::fs::write(dir.join("project/.git/HEAD"), "nonsense").unwrap();
    let refused = run(dir, &["plan"], 3);
    assert!(refused.contains("git does not let us look"), "{refused}");
}

#[test]
fn other_build_arguments_are_a_reason_to_build() {
    let dir = project();
    let _stop = Stop(dir.path());
    let at = dir.path().join("project");
    let run = |args: &[&str]| {
        let out = stapel(&at, args);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    };
    run(&["deploy", "--yes"]);
    assert!(run(&["plan"]).contains("Nothing to do"));
    let with = ["--build-arg", "COLOR=blue", "--build-arg", "SIZE=1=2"];
    let plan = run(&[&["plan"][..], &with].concat());
    assert!(plan.contains("built with other build arguments than before: COLOR, SIZE"), "{plan}");
    let deployed = run(&[&["deploy", "--yes", "--json"][..], &with].concat());
    assert!(deployed.contains("app: COLOR=blue") && deployed.contains("app: SIZE=1=2"), "{deployed}");
    assert!(run(&[&["deploy", "--yes"][..], &with].concat()).contains("Nothing to do"));
    // What is in service was built with them, and is not what the file says.
    assert!(run(&["deploy", "--yes"]).contains("other build arguments than before: COLOR, SIZE"));
    assert!(run(&["plan"]).contains("Nothing to do"));
    // A way back leads to what that release was built with, whatever the file says now.
    run(&["rollback", "2", "--yes"]);
    assert!(run(&["plan"]).contains("other build arguments than before: COLOR, SIZE"));
    assert!(run(&[&["plan"][..], &with].concat()).contains("Nothing to do"));

    let out = stapel(&at, &["deploy", "--yes", "--build-arg", "COLOR"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("NAME=VALUE"), "{}", text(&out.stderr));
}

#[test]
fn a_kept_plan_is_carried_out_or_refused() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], 0);
    version(dir, 2);
    assert!(run(dir, &["plan", "--out", "plan.json"], 0).contains("stapel deploy plan.json"));
    // What is here now does not matter any more.
    version(dir, 1);
    let done = run(dir, &["deploy", "plan.json"], 0);
    assert!(done.contains("Release 2 is in service"), "{done}");
    assert!(run(dir, &["deploy", "plan.json"], 3).contains("another plan"));
    assert!(run(dir, &["history"], 0).lines().count() == 2);

    std::fs::write(dir.join("project/broken.json"), "{\"format\": 1}").unwrap();
    assert!(run(dir, &["deploy", "broken.json"], 2).contains("broken.json is no plan"));
    assert!(run(dir, &["deploy", "none.json"], 2).contains("none.json"));
    assert!(run(dir, &["deploy", "plan.json", "--no-cache"], 2).contains("--no-cache"));
    // It is carried out with the configuration that it was made with.
    version(dir, 3);
    run(dir, &["plan", "--out", "plan.json"], 0);
    let file = dir.join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("path = \"/health\"", "path = \"/no/such/page\"")).unwrap();
    run(dir, &["deploy", "plan.json"], 0);
    std::fs::write(dir.join("project/newer.json"), "{\"format\": 2}").unwrap();
    assert!(run(dir, &["deploy", "newer.json"], 2).contains("format 2"));
    let other = std::fs::read_to_string(dir.join("project/plan.json")).unwrap();
    std::fs::write(dir.join("project/other.json"), other.replace("\"app\": \"shop\"", "\"app\": \"bank\"")).unwrap();
    assert!(run(dir, &["deploy", "other.json"], 2).contains("of bank"));
}

#[test]
fn variables_are_shown_by_their_names_only() {
    let dir = project_with("duration = \"1s\"\nevery = \"200ms\"", "[source]\nenv = [\".env.production\"]\n");
    let dir = dir.path();
    let _stop = Stop(dir);
    let env = |content: &str| std::fs::write(dir.join("project/.env.production"), content).unwrap();
    env("# ours\nSAME=hunter1\nPASSWORD=hunter2\nOLD=hunter3\n");
    assert!(run(dir, &["deploy", "--yes"], 0).contains("+ OLD, + PASSWORD, + SAME"));
    env("SAME=hunter1\nPASSWORD=hunter4\nNEW=hunter5\n");
    let plan = run(dir, &["plan"], 0);
    assert!(plan.contains("Variables in .env.production: + NEW, - OLD, ~ PASSWORD"), "{plan}");
    let json = run(dir, &["plan", "--json", "--out", "plan.json"], 0);
    let kept = std::fs::read_to_string(dir.join("project/plan.json")).unwrap();
    assert!(![plan, json, kept].iter().any(|said| said.contains("hunter")), "a value is shown");
}

#[test]
fn a_check_may_be_given_for_one_release() {
    let dir = project();
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes", "--check", "/health=200", "--check", "app:/no/such/page=404"], 0);
    version(dir, 2);
    let failed = run(dir, &["deploy", "--yes", "--check", "/no/such/page"], 1);
    assert!(failed.contains("The check \"/no/such/page\" fails") && failed.contains("was undone"), "{failed}");
    // The next one does not have it any more.
    run(dir, &["deploy", "--yes"], 0);
    assert!(run(dir, &["deploy", "--yes", "--check", "page"], 2).contains("\"page\" is no check"));
    assert!(run(dir, &["deploy", "--yes", "--check", "web:/page"], 2).contains("web"));
}

#[test]
fn no_release_begins_in_quiet_hours_unless_asked() {
    let quiet = "[quiet]\nzone = \"Europe/Moscow\"\nhours = [\"00:00-24:00\"]\n";
    let dir = project_with("duration = \"1s\"\nevery = \"200ms\"", quiet);
    let dir = dir.path();
    let _stop = Stop(dir);
    let refused = run(dir, &["deploy", "--yes"], 3);
    assert!(refused.contains("quiet hours") && refused.contains("--in-quiet-hours"), "{refused}");
    assert!(!dir.join("host/app").exists());
    assert!(run(dir, &["plan"], 0).contains("quiet hours of the app, until"));
    assert!(run(dir, &["check"], 3).contains("[core-quiet]"));
    run(dir, &["deploy", "--yes", "--in-quiet-hours"], 0);
    version(dir, 2);
    run(dir, &["deploy", "--yes", "--in-quiet-hours"], 0);
    // The way back is never barred.
    run(dir, &["rollback", "--yes"], 0);
}

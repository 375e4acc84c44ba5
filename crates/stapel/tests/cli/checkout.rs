//! Releases from a git checkout that the app's directory on the host is: what is fetched is what is released, and whatever
//! may be wrong with a checkout or its remote has an answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Stop, answers, project_with, stapel, text};

/// Runs git in a directory, as nobody in particular.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args([
        "-c",
        "user.name=tester",
        "-c",
        "user.email=tester@shop.example",
        "-c",
        "protocol.file.allow=always",
    ]);
    let out = command.args(args).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", text(&out.stderr));
    text(&out.stdout)
}

/// A remote repository, and a developer's clone of it that lies beside.
pub(crate) struct Remote<'a>(&'a Path);

impl<'a> Remote<'a> {
    /// With version 1 of the app.
    pub(crate) fn new(dir: &'a Path) -> Self {
        git(dir, &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
        git(dir, &["clone", "--quiet", "remote.git", "work"]);
        let remote = Self(dir);
        git(&remote.work(), &["checkout", "--quiet", "-B", "main"]);
        remote.push_version(1);
        remote
    }

    fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    fn host(&self) -> PathBuf {
        self.0.join("host/app")
    }

    pub(crate) fn clone_to_host(&self) {
        std::fs::create_dir_all(self.0.join("host")).unwrap();
        git(self.0, &["clone", "--quiet", "remote.git", "host/app"]);
    }

    pub(crate) fn push_version(&self, version: u32) {
        self.push("app.toml", &format!("version = {version}\n"), &format!("Version {version}"));
    }

    pub(crate) fn push(&self, file: &str, content: &str, subject: &str) {
        self.commit(file, content, subject);
        git(&self.work(), &["push", "--quiet", "origin", "HEAD:main"]);
    }

    fn commit(&self, file: &str, content: &str, subject: &str) {
        let path = self.work().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        git(&self.work(), &["add", "--all"]);
        git(&self.work(), &["commit", "--quiet", "--message", subject]);
    }
}

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        Self(project_with("duration = \"200ms\"\nevery = \"100ms\"", "[source]\nfrom = \"checkout\"\n"))
    }

    fn run(&self, args: &[&str], code: i32) -> String {
        let out = stapel(&self.0.path().join("project"), args);
        let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
        said
    }

    fn deploy(&self, code: i32) -> String {
        self.run(&["deploy", "--yes"], code)
    }
}

#[test]
fn a_lock_that_a_killed_git_has_left_does_not_hold_up_the_way_back() {
    let hooks = "[[hook]]\nafter = \"checkout\"\nrun = [\"touch\", \".git/index.lock\", \".git/HEAD.lock\"]\nundo = [\"true\"]\n\
                 [[hook]]\nafter = \"checkout\"\nrun = [\"false\"]\nundo = [\"true\"]\n";
    let more = format!("[source]\nfrom = \"checkout\"\n{hooks}");
    let world = World(project_with("duration = \"200ms\"\nevery = \"100ms\"", &more));
    let _stop = Stop(world.0.path());
    let remote = Remote::new(world.0.path());
    remote.clone_to_host();
    world.deploy(0);
    let before = git(&remote.host(), &["rev-parse", "HEAD"]);
    remote.push_version(2);
    let said = world.deploy(1);
    assert!(said.contains("was undone"), "{said}");
    assert!(!remote.host().join(".git/index.lock").exists() && !remote.host().join(".git/HEAD.lock").exists());
    assert_eq!(git(&remote.host(), &["rev-parse", "HEAD"]), before);
    assert_eq!(git(&remote.host(), &["status", "--porcelain", "--untracked-files=no"]), "");
}

#[test]
fn what_the_checkout_fetches_is_released_and_the_way_back_is_the_commit_before() {
    let world = World::new();
    let _stop = Stop(world.0.path());
    let remote = Remote::new(world.0.path());
    assert!(world.deploy(3).contains("git clone"), "there is no checkout yet");
    remote.push("old.txt", "1", "Something old");
    remote.clone_to_host();
    let host = remote.host();
    std::fs::write(host.join("upload.bin"), "theirs").unwrap();
    let head = |dir: &Path| git(dir, &["rev-parse", "HEAD"]);
    let first = head(&host);
    world.deploy(0);
    assert!(world.deploy(0).contains("Nothing to do"));

    git(&remote.work(), &["rm", "--quiet", "old.txt"]);
    remote.push("bin/run", "#!/bin/sh\n", "A script");
    let script = head(&remote.work());
    remote.push_version(2);
    let plan = world.run(&["plan"], 0);
    for said in ["2 commits since", "A script", "- old.txt", "+ bin/run", "upload.bin", "set the checkout to commit"] {
        assert!(plan.contains(said), "{said}: {plan}");
    }
    assert_eq!(head(&host), first, "nothing was changed");
    world.deploy(0);
    assert!(answers(world.0.path()).unwrap().contains('2'));
    assert_eq!(head(&host), head(&remote.work()));
    assert_eq!(git(&host, &["status", "--porcelain"]).trim(), "?? data/\n?? upload.bin", "as after a pull");
    assert_eq!(git(&host, &["rev-parse", "--abbrev-ref", "HEAD"]).trim(), "main");
    assert!(!host.join("old.txt").exists() && host.join("upload.bin").exists());

    world.run(&["rollback", "--down", "--yes"], 0);
    assert_eq!(head(&host), first);
    assert!(host.join("old.txt").exists() && !host.join("bin/run").exists());
    // A commit by its name, and a tag.
    world.run(&["deploy", "--yes", "--ref", &script[..12]], 0);
    assert_eq!(head(&host), script);
    git(&remote.work(), &["tag", "v2"]);
    git(&remote.work(), &["push", "--quiet", "origin", "v2"]);
    world.run(&["deploy", "--yes", "--ref", "v2"], 0);
    assert_eq!(head(&host), head(&remote.work()));
    assert!(world.run(&["deploy", "--yes", "--ref", "v3"], 3).contains("has no \"v3\""));
}

#[test]
fn what_was_edited_or_committed_on_the_host_is_not_lost_unasked() {
    let world = World::new();
    let _stop = Stop(world.0.path());
    let remote = Remote::new(world.0.path());
    remote.clone_to_host();
    let host = remote.host();
    world.deploy(0);
    remote.push_version(2);
    std::fs::write(host.join("app.toml"), "version = 1 # by hand\n").unwrap();
    let refused = world.deploy(3);
    assert!(refused.contains("+version = 1 # by hand") && refused.contains("--allow-dirty"), "{refused}");
    assert!(world.run(&["check"], 3).contains("app.toml"));
    world.run(&["deploy", "--yes", "--allow-dirty"], 0);
    assert_eq!(git(&host, &["status", "--porcelain", "--untracked=no"]), "");
    world.run(&["rollback", "--down", "--yes"], 0);

    // Committed there, and then the branch goes on elsewhere.
    std::fs::write(host.join("hand.txt"), "by hand").unwrap();
    git(&host, &["add", "hand.txt"]);
    git(&host, &["commit", "--quiet", "--message", "Made on the host"]);
    let refused = world.deploy(3);
    assert!(refused.contains("Made on the host") && refused.contains("git push origin"), "{refused}");
    git(&host, &["push", "--quiet", "--force", "origin", "HEAD:main"]);
    world.deploy(0);

    // The branch is rewritten.
    git(&remote.work(), &["push", "--quiet", "--force", "origin", "HEAD:main"]);
    let refused = world.deploy(3);
    assert!(refused.contains("force-pushed") && refused.contains("Made on the host"), "{refused}");
    assert!(world.deploy(3).contains("force-pushed"), "the first try has fetched it");
    world.run(&["deploy", "--yes", "--allow-rewritten"], 0);
    assert!(!host.join("hand.txt").exists());
    assert_eq!(git(&host, &["rev-parse", "HEAD"]), git(&remote.work(), &["rev-parse", "HEAD"]));
}

#[test]
fn submodules_come_along() {
    let world = World::new();
    let _stop = Stop(world.0.path());
    let remote = Remote::new(world.0.path());
    let dir = world.0.path();
    git(dir, &["init", "--quiet", "--bare", "--initial-branch=main", "lib.git"]);
    git(dir, &["clone", "--quiet", "lib.git", "lib"]);
    let lib = |content: &str| {
        std::fs::write(dir.join("lib/lib.txt"), content).unwrap();
        git(&dir.join("lib"), &["add", "--all"]);
        git(&dir.join("lib"), &["commit", "--quiet", "--message", content]);
        git(&dir.join("lib"), &["push", "--quiet", "origin", "HEAD:main"]);
    };
    lib("one");
    remote.clone_to_host();
    world.deploy(0);
    let url = dir.join("lib.git");
    git(&remote.work(), &["submodule", "--quiet", "add", url.to_str().unwrap(), "lib"]);
    remote.push("with.txt", "x", "With a library");
    assert!(world.deploy(3).contains("git submodule update --init lib"));
    git(&remote.host(), &["pull", "--quiet"]);
    git(&remote.host(), &["submodule", "--quiet", "update", "--init", "lib"]);
    world.deploy(0);
    lib("two");
    git(&remote.work().join("lib"), &["pull", "--quiet", "origin", "main"]);
    remote.push("with.txt", "y", "A newer library");
    world.deploy(0);
    assert_eq!(std::fs::read_to_string(remote.host().join("lib/lib.txt")).unwrap(), "two");
    assert_eq!(git(&remote.host(), &["status", "--porcelain", "--untracked=no"]), "");
    world.run(&["rollback", "--yes"], 0);
    assert_eq!(std::fs::read_to_string(remote.host().join("lib/lib.txt")).unwrap(), "one");
    assert_eq!(git(&remote.host(), &["status", "--porcelain", "--untracked=no"]), "");
}

#[test]
fn whatever_is_wrong_with_the_remote_has_an_answer() {
    let world = World::new();
    let _stop = Stop(world.0.path());
    let remote = Remote::new(world.0.path());
    remote.clone_to_host();
    let host = remote.host();
    world.deploy(0);
    // A content that git-lfs keeps.
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    remote.push("big.bin", pointer, "A large file");
    let refused = world.deploy(3);
    assert!(refused.contains("big.bin") && refused.contains("git lfs install"), "{refused}");
    // The remote is gone.
    git(&host, &["remote", "set-url", "origin", "/nowhere/at/all.git"]);
    assert!(world.deploy(3).contains("git fetch"));
    // Nobody there knows our key, and then not even the machine is known. `ssh` is what git is told to use.
    let ssh = |says: &str| {
        let script = world.0.path().join("ssh");
        std::fs::write(&script, format!("#!/bin/sh\necho '{says}' >&2\nexit 255\n")).unwrap();
        Command::new("chmod").args(["+x", script.to_str().unwrap()]).status().unwrap();
        git(&host, &["config", "core.sshCommand", script.to_str().unwrap()]);
        git(&host, &["remote", "set-url", "origin", "git@git.example:shop.git"]);
    };
    ssh("git@git.example: Permission denied (publickey).");
    assert!(world.deploy(3).contains("deploy key"));
    ssh("Host key verification failed.");
    assert!(world.run(&["deploy", "--yes", "--lang", "ru"], 3).contains("сверьте отпечаток"));
    // It follows nothing.
    git(&host, &["checkout", "--quiet", "--detach"]);
    assert!(world.deploy(3).contains("`branch` in [source]"));
    assert_eq!(git(&host, &["status", "--porcelain", "--untracked=no"]), "", "nothing was changed");
}

#[test]
fn a_commit_is_only_named_where_the_host_fetches() {
    let dir = super::project();
    let out = stapel(&dir.path().join("project"), &["deploy", "--yes", "--ref", "main"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("from = \"checkout\""), "{}", text(&out.stderr));
}

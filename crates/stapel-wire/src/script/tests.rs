use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::*;

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "tcsh", "busybox"];

/// No agent is there.
const ABSENT: i32 = 97;

/// A home, the two directories besides, and programs that go before those of the machine.
struct World {
    dir: tempfile::TempDir,
    home: PathBuf,
    agent: AgentBinary,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        for made in ["home", "var", "lib", "bin"] {
            fs::create_dir(dir.path().join(made)).unwrap();
        }
        let path = dir.path().join("program");
        fs::write(&path, "#!/bin/sh\necho \"I am $0 $*\"\n").unwrap();
        Self { agent: AgentBinary::at(path).unwrap(), home, dir }
    }

    fn agents(&self) -> PathBuf {
        self.home.join(".stapel/agents")
    }

    /// The place for those whose home will not do: below `var`, then below `lib`.
    fn shared(&self, below: &str) -> PathBuf {
        let user = fs::metadata(self.dir.path()).unwrap().uid();
        self.dir.path().join(format!("{below}/stapel-agents-{user}"))
    }

    fn installed(&self) -> PathBuf {
        self.below(&self.agents())
    }

    fn below(&self, place: &Path) -> PathBuf {
        place.join(self.agent.directory()).join("stapel")
    }

    /// As sshd does it: the login shell gets the command as one word. `None` where that shell is not installed.
    fn run(&self, shell: &str, command: &str, input: &Path) -> Option<Output> {
        let dir = self.dir.path().display();
        let command = command.replace("v=\"/var/tmp/", &format!("v=\"{dir}/var/"));
        let command = command.replace("w=\"/var/lib/", &format!("w=\"{dir}/lib/"));
        let mut login = Command::new(shell);
        if shell == "busybox" {
            login.arg("sh");
        }
        let path = format!("{dir}/bin:{}", std::env::var("PATH").unwrap());
        login.arg("-c").arg(command).env("HOME", &self.home).env("PATH", path);
        login.stdin(Stdio::from(fs::File::open(input).unwrap())).output().ok()
    }

    fn bring(&self) -> Output {
        self.run("sh", &bring(&self.agent).unwrap(), self.agent.path()).unwrap()
    }

    fn start(&self, account: Account) -> (Option<i32>, String, String) {
        let output = self.run("sh", &start(&self.agent, account), Path::new("/dev/null")).unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// The agent starts, and from there.
    fn starts_from(&self, place: &Path) {
        let (_, said, stderr) = self.start(Account::Own);
        assert_eq!(said, format!("I am {} agent serve", self.below(place).display()), "{stderr}");
    }

    /// Puts a program before those of the machine. Another process writes it: what this one holds open for writing while
    /// another test forks is busy and cannot run.
    fn program(&self, name: &str, text: &str) {
        let path = self.dir.path().join("bin").join(name);
        let script = "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"";
        assert!(Command::new("sh").args(["-c", script, "sh"]).arg(path).arg(text).status().unwrap().success());
    }
}

/// The lines about places that will not do.
fn places(output: &Output) -> Vec<String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    stderr.lines().filter_map(|line| line.strip_prefix(PLACE)).map(str::to_owned).collect()
}

#[test]
fn nothing_is_in_them_that_shells_disagree_about() {
    // Its files are there as long as it is.
    let world = World::new();
    let agent = &world.agent;
    for command in [start(agent, Account::Own), start(agent, Account::Sudo), bring(agent).unwrap()] {
        let inner = command.strip_prefix("sh -c '").and_then(|c| c.strip_suffix('\'')).unwrap();
        assert!(!inner.contains(['\'', '\\', '!', '\n']), "{inner}");
        assert!(!["NAME", "HASH", "SIZE", "RUN"].iter().any(|blank| inner.contains(blank)), "{inner}");
    }
    assert!(START.contains(MACHINE) && RUN_BY_SUDO.contains(USER) && BRING.contains(PLACE));
}

#[test]
fn every_login_shell_here_runs_them() {
    for shell in SHELLS {
        let world = World::new();
        let null = Path::new("/dev/null");
        let Some(absent) = world.run(shell, &start(&world.agent, Account::Own), null) else {
            println!("left out: {shell} is not installed");
            continue;
        };
        assert_eq!(absent.status.code(), Some(ABSENT), "{shell}: {absent:?}");
        assert!(String::from_utf8_lossy(&absent.stderr).contains(MACHINE), "{shell}");
        let brought = world.run(shell, &bring(&world.agent).unwrap(), world.agent.path()).unwrap();
        assert_eq!(brought.status.code(), Some(0), "{shell}: {brought:?}");
        assert!(brought.stderr.is_empty(), "{shell}: {brought:?}");
        let started = world.run(shell, &start(&world.agent, Account::Own), null).unwrap();
        let said = String::from_utf8_lossy(&started.stdout).into_owned();
        assert_eq!(said.trim(), format!("I am {} agent serve", world.installed().display()), "{shell}");
    }
}

/// The inner shell is the host's `sh`, whichever that is.
#[test]
fn every_shell_that_may_be_sh_runs_them() {
    for shell in ["dash", "bash", "ksh", "zsh", "busybox"] {
        let world = World::new();
        fs::write(world.home.join(".stapel"), "a file").unwrap();
        let as_sh = |command: String| {
            let name = if shell == "busybox" { "busybox sh" } else { shell };
            command.replacen("sh -c", &format!("{name} -c"), 1)
        };
        let Some(there) = world.run("sh", &format!("command -v {shell}"), Path::new("/dev/null")) else { continue };
        if !there.status.success() {
            println!("left out: {shell} is not installed");
            continue;
        }
        let brought = world.run("sh", &as_sh(bring(&world.agent).unwrap()), world.agent.path()).unwrap();
        assert_eq!(brought.status.code(), Some(0), "{shell}: {brought:?}");
        assert!(world.below(&world.shared("var")).exists(), "{shell}");
        let started = world.run("sh", &as_sh(start(&world.agent, Account::Own)), Path::new("/dev/null")).unwrap();
        assert!(String::from_utf8_lossy(&started.stdout).contains("agent serve"), "{shell}: {started:?}");
    }
}

#[test]
fn a_broken_line_leaves_nothing() {
    let world = World::new();
    let half = world.dir.path().join("half");
    fs::write(&half, "#!/bin/sh\nec").unwrap();
    let output = world.run("sh", &bring(&world.agent).unwrap(), &half).unwrap();
    assert_eq!(output.status.code(), Some(WRONG_HASH));
    assert_eq!(fs::read_dir(world.installed().parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn where_the_home_will_not_do_there_are_other_places() {
    let mut world = World::new();
    fs::write(world.home.join(".stapel"), "a file").unwrap();
    let brought = world.bring();
    assert_eq!(brought.status.code(), Some(0), "{brought:?}");
    assert!(places(&brought)[0].starts_with(&format!("write|{}|mkdir: ", world.agents().display())));
    world.starts_from(&world.shared("var"));
    assert_eq!(fs::metadata(world.shared("var")).unwrap().mode() & 0o777, 0o700);

    world.home = world.dir.path().join("nowhere");
    world.starts_from(&world.shared("var"));
    fs::remove_dir_all(world.shared("var")).unwrap();
    fs::write(world.shared("var"), "in the way").unwrap();
    let brought = world.bring();
    assert_eq!(brought.status.code(), Some(0), "{brought:?}");
    assert!(places(&brought)[0].starts_with("missing|"), "{brought:?}");
    world.starts_from(&world.shared("lib"));
    assert!(!world.home.exists(), "a home is nothing for us to make");
}

#[test]
fn a_place_that_others_could_have_prepared_is_refused() {
    let world = World::new();
    fs::write(world.home.join(".stapel"), "a file").unwrap();
    // A link to a directory of the user's own, and a directory that others may enter.
    let own = world.dir.path().join("own");
    fs::create_dir(&own).unwrap();
    symlink(&own, world.shared("var")).unwrap();
    fs::create_dir(world.shared("lib")).unwrap();
    fs::set_permissions(world.shared("lib"), fs::Permissions::from_mode(0o755)).unwrap();
    let brought = world.bring();
    assert_eq!(brought.status.code(), Some(NO_PLACE), "{brought:?}");
    let reasons: Vec<_> = places(&brought).iter().map(|p| p.split('|').next().unwrap().to_owned()).collect();
    assert_eq!(reasons, ["write", "foreign", "foreign"]);
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0);

    // What lies there is not started either.
    for place in [&own, &world.shared("lib")] {
        fs::create_dir_all(world.below(place).parent().unwrap()).unwrap();
        let copied = Command::new("cp").arg(world.agent.path()).arg(world.below(place)).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(world.below(place), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(world.start(Account::Own).0, Some(ABSENT));
    if fs::metadata(&own).unwrap().uid() != 0 {
        println!("left out: only root can give a directory to somebody else");
        return;
    }
    fs::set_permissions(world.shared("lib"), fs::Permissions::from_mode(0o700)).unwrap();
    world.starts_from(&world.shared("lib"));
    std::os::unix::fs::chown(world.shared("lib"), Some(12345), None).unwrap();
    assert_eq!(world.start(Account::Own).0, Some(ABSENT));
    assert_eq!(world.bring().status.code(), Some(NO_PLACE));
}

#[test]
fn one_that_is_not_whole_is_not_started_and_is_made_good() {
    let world = World::new();
    assert_eq!(world.bring().status.code(), Some(0));
    let whole = fs::read(world.agent.path()).unwrap();
    // The size tells; where it does not, what it does tells, and the hash.
    for (damaged, code) in [(&whole[..whole.len() / 2], ABSENT), (&b""[..], ABSENT), (&b"\0".repeat(whole.len()), 0)] {
        fs::write(world.installed(), damaged).unwrap();
        let (found, said, _) = world.start(Account::Own);
        assert!(found == Some(code) || code == 0, "{found:?}");
        assert_eq!(said, "");
        assert_eq!(world.bring().status.code(), Some(0));
        assert_eq!(fs::read(world.installed()).unwrap(), whole);
        world.starts_from(&world.agents());
    }
    // Nor one that cannot be run.
    fs::set_permissions(world.installed(), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, stderr) = world.start(Account::Own);
    assert_eq!(code, Some(126));
    assert!(stderr.contains(&world.installed().display().to_string()), "{stderr}");
    assert_eq!(world.bring().status.code(), Some(0));
    world.starts_from(&world.agents());
}

#[test]
fn one_that_is_whole_is_left_alone() {
    let world = World::new();
    assert_eq!(world.bring().status.code(), Some(0));
    let before = fs::metadata(world.installed()).unwrap();
    // Nothing comes, and nothing is missed.
    let output = world.run("sh", &bring(&world.agent).unwrap(), Path::new("/dev/null")).unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(fs::metadata(world.installed()).unwrap().ino(), before.ino());
}

#[test]
fn sudo_starts_it_or_says_why_not() {
    let world = World::new();
    assert_eq!(world.bring().status.code(), Some(0));
    world.program("id", "#!/bin/sh\ncase $1 in -u) echo 4242;; -un) echo anna;; esac\n");
    world.program("sudo", "#!/bin/sh\ntest \"$1\" = -n && shift && echo \"by sudo\" && exec \"$@\"\n");
    let (code, said, _) = world.start(Account::Sudo);
    assert_eq!(code, Some(0));
    assert_eq!(said, format!("by sudo\nI am {} agent serve", world.installed().display()));

    world.program("sudo", "#!/bin/sh\necho \"sudo: a password is required in $LC_ALL\" >&2\nexit 1\n");
    let (code, said, stderr) = world.start(Account::Sudo);
    assert_eq!((code, said.as_str()), (Some(SUDO_REFUSES), ""));
    assert!(stderr.contains("stapel-user: anna") && stderr.contains("a password is required in C"), "{stderr}");

    // Root is root already.
    world.program("id", "#!/bin/sh\necho 0\n");
    assert_eq!(world.start(Account::Sudo).1, format!("I am {} agent serve", world.installed().display()));
}

#[test]
fn old_builds_go_but_for_the_newest_three_and_those_that_run() {
    let world = World::new();
    let old = |n: u64| {
        let dir = world.agents().join(format!("0.0.{n}-00"));
        fs::create_dir_all(&dir).unwrap();
        // By another process: what this one holds open for writing while another test forks is busy and cannot run.
        assert!(Command::new("cp").arg("/bin/sleep").arg(dir.join("stapel")).status().unwrap().success());
        let age = std::time::SystemTime::now() - std::time::Duration::from_secs(1000 - n);
        fs::File::open(&dir).unwrap().set_modified(age).unwrap();
        dir
    };
    let dirs: Vec<_> = (1..=5).map(old).collect();
    let stray = world.agents().join("0.0.0-notes");
    fs::create_dir(&stray).unwrap();
    let mut running = Command::new(dirs[0].join("stapel")).arg("1000").spawn().unwrap();
    assert_eq!(world.bring().status.code(), Some(0));
    running.kill().unwrap();
    running.wait().unwrap();
    // The one brought is the newest, then the stray directory that is not ours.
    let left: Vec<_> = dirs.iter().map(|d| d.exists()).collect();
    assert_eq!(left, [true, false, false, false, true]);
    assert!(stray.exists());
    assert!(world.installed().exists());
}

//! The agent comes up on real servers whatever the login shell, the home and the rights of the one who logs in are like, or
//! Stapel says what to do. The app is embedded, but for one release by sudo: it is the way there that matters.

use std::path::Path;
use std::process::{Command, Output};

use testkit::{Convertik, Flavour, Operator, Server};

use super::{in_service, nothing_is_left};

/// A server, and a project on this machine.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) dir: tempfile::TempDir,
}

/// Puts a file system of its own over the home of $1, with what is in it, mounted with the options $2.
const MOUNT_HOME: &str = "home=$(getent passwd \"$1\" | cut -d: -f6); mkdir -p /root/kept && cp -a \"$home\" /root/kept/ && \
                          mount -t tmpfs tmpfs \"$home\" && cp -a \"/root/kept/${home##*/}/.\" \"$home/\" && \
                          chown \"$1:\" \"$home\" && chmod 700 \"$home\" && mount -o \"remount,$2\" \"$home\"";

impl World {
    /// `None`, and it is said, where this machine cannot have servers.
    pub(super) fn new(flavour: Flavour, name: &str) -> Option<Self> {
        if !testkit::ready().unwrap() {
            eprintln!("left out: {name}");
            return None;
        }
        let server = Server::start(flavour, name).unwrap();
        Some(Self { server, dir: tempfile::tempdir().unwrap() })
    }

    /// As root of the server.
    pub(super) fn root(&self, script: &str, args: &[&str]) -> String {
        let out = self.server.docker_exec(&[&["sh", "-c", script, "sh"], args].concat()).unwrap();
        assert!(out.ok(), "{script}: {out:?}");
        out.stdout.trim().to_owned()
    }

    /// The project's configuration for that host, with these further keys of the target.
    fn config(&self, host: &str, keys: &str) {
        let text = format!(
            "app = \"shop\"\nengine = \"embedded\"\n[service.app]\n[target.there]\nhost = \"{host}\"\npath = \"/srv/shop\"\n{keys}\n"
        );
        std::fs::write(self.dir.path().join("stapel.toml"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(args).current_dir(self.dir.path()).env("STAPEL_SSH_CONFIG", self.server.ssh_config());
        command.env_remove("STAPEL_AGENT").stdin(std::process::Stdio::null());
        command
    }

    pub(super) fn stapel(&self, args: &[&str]) -> (Option<i32>, String) {
        said(args, &self.command(args).output().unwrap())
    }

    /// The status by way of that host, which must come.
    fn comes_up(&self, host: &str, keys: &str) {
        self.config(host, keys);
        let (code, said) = self.stapel(&["status", "--lang", "en"]);
        assert_eq!(code, Some(0), "{said}");
    }

    /// Its refusal.
    fn is_refused(&self, host: &str, keys: &str, lang: &str) -> String {
        self.config(host, keys);
        let (code, said) = self.stapel(&["status", "--lang", lang]);
        assert_eq!(code, Some(3), "{said}");
        said
    }

    /// The agents below a place, each with its size.
    fn agents(&self, place: &str) -> Vec<String> {
        let script = "test ! -d \"$1\" || find \"$1\" -name stapel -printf '%p %s\\n' | sort";
        self.root(script, &[place]).lines().map(str::to_owned).collect()
    }
}

fn said(args: &[&str], output: &Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    println!("$ stapel {}\n{said}", args.join(" "));
    (output.status.code(), said)
}

/// State that a user without rights may write.
fn state(user: &str) -> String {
    format!("state = \"/tmp/state-{user}\"")
}

fn homes(flavour: Flavour) {
    let Some(world) = World::new(flavour, &format!("homes-{flavour}")) else { return };
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_stapel")).unwrap().len().to_string();

    // A home that is read-only.
    let anna = world.server.add_user("anna", &[]).unwrap();
    let elsewhere = |user: &str| format!("/var/tmp/stapel-agents-{}", world.root("id -u \"$1\"", &[user]));
    world.root(MOUNT_HOME, &["anna", "ro"]);
    world.comes_up(&anna, &state("anna"));
    let there = world.agents(&elsewhere("anna"));
    assert!(there.len() == 1 && there[0].ends_with(&size), "{there:?}");
    assert_eq!(world.root("stat -c '%a %U' \"$1\"", &[&elsewhere("anna")]), "700 anna");
    world.comes_up(&anna, &state("anna"));

    // A home that programs can no longer be run from, after one was.
    let bert = world.server.add_user("bert", &[]).unwrap();
    world.root(MOUNT_HOME, &["bert", "rw"]);
    world.comes_up(&bert, &state("bert"));
    assert_eq!(world.agents("/home/bert/.stapel").len(), 1);
    assert!(world.agents(&elsewhere("bert")).is_empty());
    world.root("mount -o remount,noexec /home/bert", &[]);
    world.comes_up(&bert, &state("bert"));
    assert_eq!(world.agents(&elsewhere("bert")).len(), 1);

    // The other places are somebody else's: all are named, and nothing of theirs is run.
    world.root("rm -rf \"$1\" && mkdir \"$1\" && chmod 777 \"$1\"", &[&elsewhere("bert")]);
    let said = world.is_refused(&bert, &state("bert"), "en");
    for words in
        ["/home/bert/.stapel/agents", "noexec", &elsewhere("bert"), "somebody else", "/var/lib/stapel-agents-", "0700"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = world.is_refused(&bert, &state("bert"), "ru");
    assert!(said.contains("принадлежит другому") && said.contains("/home/bert/.stapel/agents"), "{said}");
    // What the remedy says is what helps.
    let script = "install -d -m 700 -o bert \"/var/lib/${1##*/}\"";
    world.root(script, &[&elsewhere("bert")]);
    world.comes_up(&bert, &state("bert"));

    // A home that is not there; sshd finds the key elsewhere.
    let cleo = world.server.add_user("cleo", &[]).unwrap();
    let script = "cp /home/cleo/.ssh/authorized_keys /etc/ssh/keys-cleo && chmod 644 /etc/ssh/keys-cleo && rm -r /home/cleo && \
                  printf 'Match User cleo\\nAuthorizedKeysFile /etc/ssh/keys-cleo\\n' >> /etc/ssh/sshd_config && \
                  kill -HUP \"$(cat /run/sshd.pid)\"";
    world.root(script, &[]);
    let comes_in = || world.server.exec_as(&cleo, &["true"]).is_ok_and(|o| o.ok());
    testkit::until_true("sshd has read its configuration", std::time::Duration::from_secs(30), comes_in).unwrap();
    world.comes_up(&cleo, &state("cleo"));
    assert_eq!(world.agents(&elsewhere("cleo")).len(), 1);
}

fn shells_and_damage(flavour: Flavour) {
    let Some(world) = World::new(flavour, &format!("shells-{flavour}")) else { return };
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_stapel")).unwrap().len().to_string();
    let dora = world.server.add_user("dora", &[]).unwrap();

    // What sshd runs before any shell, and what each shell reads: a line, half a line, and something on stderr.
    let greet = "for f in .ssh/rc .bashrc .config/fish/config.fish; do mkdir -p \"/home/dora/$(dirname $f)\" && \
                 printf 'echo Welcome to \"{\"; echo oops >&2; printf \"no end\"\\n' > /home/dora/$f; done; \
                 chown -R dora: /home/dora";
    world.root(greet, &[]);
    if let Err(e) = world.server.install(&["fish"]) {
        println!("no fish can be had: {e:#}");
    }
    for shell in ["bash", "dash", "fish"] {
        let found = world.server.docker_exec(&["sh", "-c", "command -v \"$1\"", "sh", shell]).unwrap();
        if !found.ok() {
            println!("left out: the server has no {shell}");
            continue;
        }
        world.root("usermod --shell \"$1\" dora && rm -rf /home/dora/.stapel", &[found.stdout.trim()]);
        assert!(world.server.exec_as(&dora, &["true"]).unwrap().stdout.contains("Welcome"));
        world.comes_up(&dora, &state("dora"));
        world.comes_up(&dora, &state("dora"));
    }

    // A half-copied agent is made good, and of others the newest two are kept.
    let olds = "cd /home/dora/.stapel/agents && for n in 1 2 3 4 5; do mkdir 0.0.$n-00 && cp /bin/true 0.0.$n-00/stapel && \
                touch -d \"2020-01-0$n\" 0.0.$n-00; done; chown -R dora: .";
    world.root(olds, &[]);
    assert_eq!(world.agents("/home/dora/.stapel").len(), 6);
    world.root("truncate -s 1000000 /home/dora/.stapel/agents/0.1*/stapel", &[]);
    world.comes_up(&dora, &state("dora"));
    let left = world.agents("/home/dora/.stapel");
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left[0].contains("/0.0.4-00/") && left[1].contains("/0.0.5-00/") && left[2].ends_with(&size), "{left:?}");
    // One that was whole in size only.
    let script = "f=$(echo /home/dora/.stapel/agents/0.1*/stapel); dd if=/dev/zero of=\"$f\" bs=4096 conv=notrunc \
                  count=$(($(stat -c %s \"$f\") / 4096)) 2> /dev/null";
    world.root(script, &[]);
    world.comes_up(&dora, &state("dora"));
}

fn sudo(flavour: Flavour) {
    let Some(world) = World::new(flavour, &format!("sudo-{flavour}")) else { return };
    let become_root = "become = \"sudo\"";
    let erik = world.server.add_user("erik", &["sudo"]).unwrap();

    // Without it the state that belongs to the app cannot be had; with it it is root's.
    assert!(world.is_refused(&erik, "", "en").contains("/var/lib/stapel"));
    world.comes_up(&erik, become_root);
    assert_eq!(world.root("stat -c %U /var/lib/stapel/*/journal.db", &[]), "root");
    assert_eq!(world.agents("/home/erik/.stapel").len(), 1);
    // Root needs none.
    world.comes_up(world.server.name(), become_root);

    // One who is asked for a password, and one who may nothing at all.
    let fred = world.server.add_user("fred", &[]).unwrap();
    for rule in ["fred ALL=(ALL) ALL", "# nothing"] {
        world.root("echo \"$1\" > /etc/sudoers.d/fred && chmod 440 /etc/sudoers.d/fred", &[rule]);
        let said = world.is_refused(&fred, become_root, "en");
        assert!(said.contains("password") && said.contains("fred ALL=(root) NOPASSWD: ALL"), "{said}");
        let said = world.is_refused(&fred, become_root, "ru");
        assert!(said.contains("пароль") && said.contains("fred ALL=(root) NOPASSWD: ALL"), "{said}");
    }
    world.root("echo 'fred ALL=(root) NOPASSWD: /bin/true' > /etc/sudoers.d/fred", &[]);
    assert!(world.is_refused(&fred, become_root, "en").contains("NOPASSWD: ALL"));
    // What the remedy says is what helps.
    world.root("echo 'fred ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/fred", &[]);
    world.comes_up(&fred, become_root);

    // The command on the server itself.
    world.config("local", become_root);
    let bin = Path::new(env!("CARGO_BIN_EXE_stapel"));
    std::fs::copy(bin, world.dir.path().join("program")).unwrap();
    world.server.copy_dir(world.dir.path(), "/srv/project").unwrap();
    world.root("chmod 755 /srv/project", &[]);
    let locally = |host: &str| {
        let args = ["env", "-C", "/srv/project", "STAPEL_LANG=en", "./program", "status"];
        world.server.exec_as(host, &args).unwrap()
    };
    let out = locally(&fred);
    assert!(out.ok(), "{out:?}");
    world.root("rm /etc/sudoers.d/fred", &[]);
    let out = locally(&fred);
    assert!(out.code == 3 && out.stderr.contains("NOPASSWD: ALL"), "{out:?}");

    world.root("mv /usr/bin/sudo /usr/bin/sudo.gone", &[]);
    assert!(world.is_refused(&erik, become_root, "en").contains("no sudo"));
}

/// Two people of a group and root come to the same app, each as himself: there is one lock, and one record.
#[test]
fn a_group_and_root_meet_at_one_lock() {
    let Some(world) = World::new(Flavour::Trixie, "group") else { return };
    world.root("groupadd team && for d in /srv/stapel /srv/shop; do install -d -m 2770 -g team $d; done", &[]);
    let [gina, hans] = ["gina", "hans"].map(|user| world.server.add_user(user, &["team"]).unwrap());
    let root = world.server.name().to_owned();
    let keys = "state = \"/srv/stapel\"\n[migration]\ntool = \"embedded\"\nservice = \"app\"";
    std::fs::write(world.dir.path().join("app.toml"), "version = 1\n").unwrap();
    let as_person = |host: &str, args: &[&str], fault: &str| {
        world.config(host, keys);
        let mut command = world.command(args);
        command.env("USER", host).env("STAPEL_FAULT", fault);
        command
    };
    let mut first = as_person(&gina, &["deploy", "--yes"], "stop:3").spawn().unwrap();
    testkit::until_true("gina's release stands", std::time::Duration::from_secs(60), || {
        world.server.exec(&["pgrep", "-r", "T", "-f", "agent release"]).is_ok_and(|found| found.ok())
    })
    .unwrap();
    for host in [&hans, &root] {
        let (code, text) = said(&["deploy"], &as_person(host, &["deploy", "--yes"], "").output().unwrap());
        assert!(code == Some(5) && text.contains("group-gina@"), "{text}");
        let (code, text) = said(&["status"], &as_person(host, &["status"], "").output().unwrap());
        assert!(code == Some(0) && text.contains("group-gina@"), "{text}");
    }
    world.server.run(&["pkill", "-CONT", "-f", "agent release"]).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(0));
    let (_, text) = said(&["history"], &as_person(&hans, &["history"], "").output().unwrap());
    assert!(text.contains("group-gina@"), "{text}");
    assert_eq!(world.root("stat -c '%a %G' /srv/stapel/*/journal.db", &[]), "660 team");
}

#[test]
fn homes_of_all_kinds_on_bookworm() {
    homes(Flavour::Bookworm);
}

#[test]
fn login_shells_and_damage_on_trixie() {
    shells_and_damage(Flavour::Trixie);
}

#[test]
fn sudo_on_bookworm() {
    sudo(Flavour::Bookworm);
}

#[test]
fn sudo_on_trixie() {
    sudo(Flavour::Trixie);
}

/// A whole release by one who logs in as himself, may not use Docker, and becomes root.
#[test]
fn a_release_by_sudo() {
    let Some(World { server, .. }) = World::new(Flavour::Trixie, "by-sudo") else { return };
    Convertik::of_this_repository().run_by_hand(&server, "1").unwrap();
    let deploy = server.add_user("deploy", &["sudo"]).unwrap();
    let operator = Operator::new(server, env!("CARGO_BIN_EXE_stapel")).unwrap();
    operator.has("2").unwrap();
    let own = format!("host = \"{}\"", operator.server().name());
    operator.configure(&own, &format!("host = \"{deploy}\"\nbecome = \"sudo\"")).unwrap();
    operator.releases(&["deploy", "--yes"], 0).unwrap();
    assert_eq!(in_service(&operator).0, "2");
    nothing_is_left(&operator);
    operator.releases(&["rollback", "--yes"], 0).unwrap();
    assert_eq!(in_service(&operator).0, "1");
    let owner = operator.server().run(&["sh", "-c", "stat -c %U /var/lib/stapel/*/journal.db"]).unwrap();
    assert_eq!(owner, "root");
    nothing_is_left(&operator);
}

//! The recipes of `docs/pipelines.md`: every command line of them is taken out of the page and run as the pipeline would,
//! without a terminal, against a host behind a real `sshd`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::notify::{Manner, Server};
use super::{Stop, project_with, text};

const SSHD: &str = "/usr/sbin/sshd";

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The recipes of a page as they stand there.
fn recipes(page: &str) -> Vec<&str> {
    page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn recipe(index: usize) -> Value {
    serde_saphyr::from_str(recipes(&page("pipelines.md"))[index]).unwrap()
}

#[test]
fn both_languages_have_the_same_recipes() {
    let (en, ru) = (page("pipelines.md"), page("pipelines.ru.md"));
    assert_eq!(recipes(&en).len(), 2);
    assert_eq!(recipes(&en), recipes(&ru));
}

/// A checkout, and the host that its target names, behind an `sshd` of its own.
struct World {
    dir: tempfile::TempDir,
    sshd: Child,
    notices: Server,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

impl World {
    /// `None`, and a line that says so, where there is no `sshd`.
    fn new() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            println!("left out: {SSHD} is not installed");
            return None;
        }
        if rustix::process::geteuid().is_root() {
            // sshd wants it, and only the service of the distribution makes it.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let notices = Server::start(Manner::Answers(200));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let more = format!(
            "[source]\nenv = [\".env.production\"]\n[[notify]]\nkind = \"telegram\"\ntoken = \"${{TELEGRAM_TOKEN}}\"\nchat = \"1\"\n\
             api = \"http://{}\"\n[relay]\n",
            notices.at
        );
        let dir = project_with("duration = \"200ms\"\nevery = \"100ms\"", &more);
        let root = dir.path();
        let me = text(&Command::new("id").arg("-un").output().unwrap().stdout);
        let file = root.join("project/stapel.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        let host = format!("host = \"ssh://{}@127.0.0.1:{port}\"", me.trim());
        std::fs::write(&file, config.replace("host = \"local\"", &host)).unwrap();
        std::fs::write(root.join("project/.gitignore"), ".env.production\n").unwrap();
        for key in ["host_key", "user_key"] {
            let mut make = Command::new("ssh-keygen");
            make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(root.join(key));
            assert!(make.status().unwrap().success());
        }
        for home in ["home", "runner", "project.tmp"] {
            std::fs::create_dir(root.join(home)).unwrap();
        }
        let at = root.display();
        let sshd = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host_key\nAuthorizedKeysFile {at}/user_key.pub\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
             SetEnv HOME={at}/home\n"
        );
        std::fs::write(root.join("sshd_config"), sshd).unwrap();
        let mut sshd = Command::new(SSHD);
        sshd.args(["-D", "-f"]).arg(root.join("sshd_config")).stdin(Stdio::null()).stderr(Stdio::null());
        let sshd = sshd.spawn().unwrap();
        let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        testkit::until_true("sshd listens", std::time::Duration::from_secs(20), listens).unwrap();
        let host_key = std::fs::read_to_string(root.join("host_key.pub")).unwrap();
        std::fs::write(root.join("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        std::fs::write(root.join("env"), "KEY=value\n").unwrap();
        let world = Self { dir, sshd, notices };
        for line in ["git init --quiet", "git add .", "git commit --quiet -m First"] {
            world.run("sh", line, &BTreeMap::new(), 0);
        }
        Some(world)
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    fn content(&self, name: &str) -> String {
        // A secret has no line end at its end.
        std::fs::read_to_string(self.path(name)).unwrap().trim_end().to_owned()
    }

    /// Runs lines of a recipe in the checkout, with nothing in the environment but what a pipeline has.
    fn run(&self, shell: &str, lines: &str, variables: &BTreeMap<String, String>, code: i32) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_stapel")).parent().unwrap().display();
        let path = format!("{program}:{}", std::env::var("PATH").unwrap());
        let mut command = Command::new("setsid");
        command.args(["--wait", shell, "-ec", lines]).current_dir(self.path("project"));
        command.env_clear().env("PATH", path).env("HOME", self.path("runner")).env("LC_ALL", "C");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "tester").env(format!("GIT_{role}_EMAIL"), "tester@shop.example");
        }
        let out = command.envs(variables).stdin(Stdio::null()).output().unwrap();
        let said = text(&out.stdout) + &text(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{lines}\n{said}");
        said
    }

    fn released(&self) {
        let told = self.notices.texts(2);
        assert!(told[0].contains("release 1 begins") && told[0].contains("First"), "{told:?}");
        assert!(told[1].contains("release 1 is in service"), "{told:?}");
        assert_eq!(std::fs::read_to_string(self.path("host/app/.env.production")).unwrap(), "KEY=value\n");
    }
}

/// The variables of a table of a recipe, with `fill` for what the pipeline puts in.
fn variables(table: &Value, fill: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let table = table.as_object().into_iter().flatten();
    table.map(|(name, value)| (name.clone(), fill(value.as_str().unwrap()))).collect()
}

#[test]
fn github_actions() {
    let Some(world) = World::new() else { return };
    let _stop = Stop(world.dir.path());
    let recipe = recipe(0);
    let fill = |value: &str| match value.trim_start_matches("${{ ").trim_end_matches(" }}") {
        "secrets.TELEGRAM_TOKEN" => "1:token".to_owned(),
        "secrets.SSH_KEY" => world.content("user_key"),
        "vars.SSH_KNOWN_HOSTS" => world.content("known_hosts"),
        "secrets.ENV_PRODUCTION" => world.content("env"),
        other => panic!("the test has no {other}"),
    };
    let job = &recipe["jobs"]["release"];
    let mut all: BTreeMap<_, _> = variables(&job["env"], fill).into_iter().collect();
    all.insert("RUNNER_TEMP".into(), world.path("runner"));
    all.insert("GITHUB_ENV".into(), world.path("runner/github_env"));
    std::fs::write(world.path("runner/github_env"), "").unwrap();
    let mut said = String::new();
    for step in job["steps"].as_array().unwrap() {
        let Some(lines) = step["run"].as_str() else {
            assert!(step["uses"].as_str().unwrap().starts_with("actions/checkout@"));
            continue;
        };
        let mut here = all.clone();
        here.extend(variables(&step["env"], fill));
        said += &world.run("bash", lines, &here, 0);
        for line in world.content("runner/github_env").lines() {
            let (name, value) = line.split_once('=').unwrap();
            all.insert(name.to_owned(), value.to_owned());
        }
    }
    world.released();
    assert!(said.contains("✓ what is shipped is committed") && said.contains("Release 1 is in service"), "{said}");
    assert!(!said.contains("1:token") && !said.contains("OPENSSH PRIVATE KEY"), "{said}");
    // A plan that was carried out is no longer the one that was shown.
    world.run("bash", "stapel deploy \"$RUNNER_TEMP/plan.json\"", &all, 3);
}

#[test]
fn gitlab_ci() {
    let Some(world) = World::new() else { return };
    let _stop = Stop(world.dir.path());
    let job = &recipe(1)["release"];
    let project = world.path("project");
    let mut all: BTreeMap<_, _> =
        variables(&job["variables"], |value| value.replace("$CI_PROJECT_DIR", &project)).into_iter().collect();
    for (name, value) in [
        ("CI_PROJECT_DIR", project),
        ("SSH_KEY", world.path("user_key")),
        ("SSH_KNOWN_HOSTS", world.path("known_hosts")),
        ("ENV_PRODUCTION", world.path("env")),
        ("TELEGRAM_TOKEN", "1:token".to_owned()),
    ] {
        all.insert(name.to_owned(), value);
    }
    let lines = |names: &[&str]| {
        let items = names.iter().flat_map(|name| job[name].as_array().unwrap());
        items.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    };
    let script = lines(&["before_script", "script"]);
    let said = world.run("sh", &script, &all, 0);
    assert!(said.contains(r#""outcome":"done""#), "{said}");
    world.released();
    assert!(world.run("sh", &lines(&["after_script"]), &all, 0).contains(" done "));
    // What fails, fails the job with its code: here without anything to ask, for want of a secret.
    all.remove("TELEGRAM_TOKEN");
    world.run("sh", &script, &all, 2);
}

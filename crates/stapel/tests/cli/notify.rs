//! Who is told of releases: over real sockets, by servers that answer, refuse, hang; and that nothing secret is left anywhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::steps::{Story, World};
use super::{Stop, project_with, text, version};

/// For a notice that is tried for its whole time, and some more.
const SOON: Duration = Duration::from_secs(30);

/// What a server does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Answers(u16),
    /// It takes the request and never answers.
    Hangs,
}

/// A server that people's notices go to.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, heard) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let all = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                all.lock().unwrap().push(request);
                match manner {
                    Manner::Answers(status) => {
                        let answer =
                            format!("HTTP/1.1 {status} X\r\ncontent-length: 5\r\nconnection: close\r\n\r\nsaid.");
                        let _ = stream.write_all(answer.as_bytes());
                    }
                    Manner::Hangs => open.push(stream),
                }
            }
        });
        Self { at, heard }
    }

    /// Where nobody listens.
    fn nowhere() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    /// Waits for so many notices, and gives their words.
    pub(crate) fn texts(&self, count: usize) -> Vec<String> {
        testkit::until_true("the notices have come", SOON, || self.heard.lock().unwrap().len() >= count).unwrap();
        self.heard.lock().unwrap().iter().map(|(_, body)| body["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// The path of a request, and its body.
fn read(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    let length =
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok())?;
    let mut body = vec![0_u8; length];
    reader.read_exact(&mut body).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    Some((path, serde_json::from_slice(&body).ok()?))
}

fn webhook(at: SocketAddr) -> String {
    format!("[[notify]]\nkind = \"webhook\"\nurl = \"http://{at}/hook\"\nlang = \"en\"\n")
}

/// A project whose releases are told by these tables.
fn told_by(tables: &str) -> tempfile::TempDir {
    let dir = project_with("duration = \"200ms\"\nevery = \"100ms\"", &format!("{tables}[relay]\n"));
    let file = dir.path().join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("call = \"Anna, extension 7\"\n{config}")).unwrap();
    dir
}

fn run(dir: &Path, args: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    let out = output(dir, args, variables);
    let said = text(&out.stdout) + &text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn output(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir.join("project")).env("LC_ALL", "C").env_remove("STAPEL_LANG");
    command.envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

/// The notices of the newest release: of what, and the code of what went wrong.
fn notices(dir: &Path) -> Vec<(String, Option<String>)> {
    let said = run(dir, &["show", "--json"], &[], 0);
    let details: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let events = details["events"].as_array().unwrap().iter().filter(|e| e["event"] == "notice");
    events.map(|e| (e["of"].as_str().unwrap().into(), e["problem"]["what"]["id"].as_str().map(str::to_owned))).collect()
}

fn commit(dir: &Path, message: &str) {
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=tester", "-c", "user.email=tester@shop.example"];
        let done = Command::new("git").args(who).args(args).current_dir(dir.join("project")).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", message]);
}

#[test]
fn people_are_told_what_happened_by_whom_and_what_to_do() {
    let server = Server::start(Manner::Answers(200));
    let dir = told_by(&webhook(server.at));
    let dir = dir.path();
    let _stop = Stop(dir);
    let user = [("USER", "bo")];
    commit(dir, "First <version>");
    run(dir, &["deploy", "--yes"], &user, 0);
    let [start, end] = &server.texts(2)[..] else { panic!("too many") };
    assert!(start.starts_with("▶ shop (here): release 1 begins\ndeploy by bo@"), "{start}");
    assert!(start.contains("First &lt;version&gt;"), "{start}");
    assert!(end.starts_with("✓ shop (here): release 1 is in service after "), "{end}");
    assert!(!end.contains("Anna"), "{end}");
    // Its migration fails half way.
    version(dir, 4);
    commit(dir, "Fourth");
    run(dir, &["deploy", "--yes"], &user, 1);
    let [_, _, start, back, end] = &server.texts(5)[..] else { panic!("too many") };
    assert!(start.contains("release 2 begins") && start.contains("Fourth"), "{start}");
    assert!(back.starts_with("↩ shop (here): release 2 goes back\n") && back.contains("migrat"), "{back}");
    assert!(end.contains("release 2 was undone after") && end.contains("as before"), "{end}");
    version(dir, 2);
    commit(dir, "Second");
    run(dir, &["deploy", "--yes"], &[("USER", "bo"), ("STAPEL_FAULT", "undo-fails:1")], 4);
    let stuck = server.texts(8).pop().unwrap();
    for expected in ["‼ shop (here): release 3 is stuck after", "What to do: ", "stapel show 3", "Whom to call: Anna"]
    {
        assert!(stuck.contains(expected), "{expected}: {stuck}");
    }
    // A person puts it right: the way back was told already, the end was not.
    run(dir, &["undo"], &user, 0);
    let all = server.texts(9);
    assert!(all[8].contains("release 3 was undone"), "{all:?}");
    testkit::until_true("the last notice is on record", SOON, || notices(dir).len() == 4).unwrap();
    let of: Vec<_> = notices(dir).into_iter().map(|(of, _)| of).collect();
    assert_eq!(of, ["start", "back", "stuck", "end"]);
    let said = run(dir, &["show"], &user, 0);
    assert!(said.contains("✉ webhook (notify 1) was told of the start"), "{said}");
    run(dir, &["deploy", "--yes"], &user, 0);
    run(dir, &["rollback", "--yes"], &user, 0);
    assert!(server.texts(13)[11].contains("rollback to release 1 by bo@"));
}

#[test]
fn each_is_told_what_they_want_to_know_in_their_language() {
    let (one, other) = (Server::start(Manner::Answers(200)), Server::start(Manner::Answers(200)));
    let tables = [
        format!("{}on = [\"end\"]\n", webhook(one.at).replace("\"en\"", "\"ru\"")),
        webhook(other.at).replace("lang = \"en\"\n", ""),
    ];
    let dir = told_by(&tables.concat());
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], &[("STAPEL_LANG", "ru")], 0);
    assert!(one.texts(1)[0].contains("релиз 1 в работе"));
    // Without a word about it, in the operator's.
    assert!(other.texts(2)[0].contains("релиз 1 начался"));
    assert_eq!(one.heard.lock().unwrap().len(), 1);
}

#[test]
fn a_notice_that_fails_neither_fails_nor_delays_a_release() {
    let (busy, broken) = (Server::start(Manner::Answers(429)), Server::start(Manner::Answers(500)));
    let (hangs, wrong) = (Server::start(Manner::Hangs), Server::start(Manner::Answers(404)));
    let servers = [busy.at, broken.at, hangs.at, Server::nowhere(), wrong.at];
    let dir = told_by(&servers.map(webhook).concat());
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], &[], 0);
    // The lock is free at once: the next one does not wait for what the first is still trying to tell.
    version(dir, 2);
    run(dir, &["deploy", "--yes"], &[], 0);
    testkit::until_true("each has been tried", SOON, || notices(dir).len() == 10).unwrap();
    let mut codes: Vec<_> = notices(dir).into_iter().map(|(_, code)| code.unwrap()).collect();
    codes.sort();
    let expected = [["agent-notice-refused"; 6].as_slice(), ["agent-notice-unreached"; 4].as_slice()].concat();
    assert_eq!(codes, expected);
    let said = run(dir, &["show", "--json"], &[], 0);
    let details: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let events = details["events"].as_array().unwrap();
    let ended = events.iter().position(|e| e["event"] == "ended").unwrap();
    let of_the_end = events.iter().position(|e| e["event"] == "notice" && e["of"] == "end").unwrap();
    assert!(ended < of_the_end, "it ended before anybody could not be told of it");
    // What passes is tried again, what is wrong or may have arrived is not.
    let tries = |server: &Server| server.heard.lock().unwrap().len();
    assert!(tries(&busy) > 4 && tries(&broken) > 4, "{} {}", tries(&busy), tries(&broken));
    assert_eq!((tries(&hangs), tries(&wrong)), (4, 4));
    let said = run(dir, &["show"], &[], 0);
    assert!(said.contains("⚠ webhook (notify 5) could not be told of the start: It was refused: 404 said."), "{said}");
}

#[test]
fn whoever_takes_a_release_up_tells_of_it_too() {
    let server = Server::start(Manner::Answers(200));
    let world = World::new(Story::Deploy);
    let dir = world.dir.path();
    let _stop = Stop(dir);
    let file = dir.join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config + &webhook(server.at)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(["deploy", "--yes"]).current_dir(dir.join("project")).env("STAPEL_FAULT", "stop:15");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let runner = format!("agent release {}", dir.display());
    let stands = || Command::new("pgrep").args(["-r", "T", "-f", &runner]).output().unwrap().status.success();
    testkit::until_true("the release has stopped", SOON, stands).unwrap();
    assert!(Command::new("pkill").args(["-KILL", "-f", &runner]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let all = server.texts(3);
    assert!(all[1].contains("release 2 goes back") && all[1].contains("ended in the middle of it"), "{all:?}");
    assert!(all[2].contains("release 2 was undone"), "{all:?}");
    world.settled();
    assert_eq!(server.heard.lock().unwrap().len(), 3);
}

const TELEGRAM: &str = "[[notify]]\nkind = \"telegram\"\ntoken = \"${BOT_TOKEN}\"\nchat = \"-100555\"\nlang = \"en\"\n";

#[test]
fn a_test_says_of_each_how_it_went() {
    let (good, wrong) = (Server::start(Manner::Answers(200)), Server::start(Manner::Answers(401)));
    let at = |at: SocketAddr| format!("{TELEGRAM}api = \"http://{at}/\"\n");
    let dir = told_by(&(at(good.at) + &at(wrong.at)));
    let dir = dir.path();
    let token = [("BOT_TOKEN", "42:s3cret")];
    let said = run(dir, &["notify", "test"], &token, 1);
    assert!(said.contains("telegram (notify 1) was told\n"), "{said}");
    assert!(said.contains("telegram (notify 2) could not be told: It was refused: 401 said."), "{said}");
    assert!(said.contains("stapel notify test") && !said.contains("s3cret"), "{said}");
    let (path, body) = good.heard.lock().unwrap()[0].clone();
    assert_eq!((path.as_str(), body["chat_id"].as_str()), ("/bot42:s3cret/sendMessage", Some("-100555")));
    assert!(body["text"].as_str().unwrap().contains("shop (here): a test by "), "{body}");
    let json = run(dir, &["notify", "test", "--json"], &token, 1);
    let problems: Vec<_> =
        json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["problem"].is_null()).collect();
    assert_eq!(problems, [true, false]);
    let none = project_with("duration = \"1s\"", "");
    assert!(run(none.path(), &["notify", "test"], &[], 2).contains("[[notify]]"));
}

#[test]
fn a_name_that_is_not_set_is_an_error_of_the_file() {
    let dir = told_by(TELEGRAM);
    for value in [None, Some("")] {
        let set: Vec<_> = value.iter().map(|value| ("BOT_TOKEN", *value)).collect();
        // Who only looks needs it not.
        run(dir.path(), &["status"], &set, 0);
        let said = run(dir.path(), &["plan"], &set, 2);
        assert!(said.contains("`BOT_TOKEN` is not set") && said.contains("export BOT_TOKEN=…"), "{said}");
        assert!(said.contains("stapel.toml:17:10"), "{said}");
    }
}

/// Every file below a directory that holds these bytes.
pub(crate) fn holds(dir: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holds(&path, secret));
        } else if std::fs::read(&path).is_ok_and(|all| all.windows(secret.len()).any(|w| w == secret.as_bytes())) {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}

/// Processes that work below this directory and have the secret in their arguments or environment.
fn processes_with(dir: &Path, secret: &str) -> Vec<String> {
    let found = Command::new("pgrep").args(["-f", dir.to_str().unwrap()]).output().unwrap();
    let has = |pid: &str, file: &str| {
        let all = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        all.windows(secret.len()).any(|w| w == secret.as_bytes())
    };
    let pids = text(&found.stdout);
    pids.lines().filter(|pid| has(pid, "cmdline") || has(pid, "environ")).map(str::to_owned).collect()
}

/// Whatever becomes of a release: done, undone, stuck, killed, taken up, planned in one job and carried out in another.
#[test]
fn nothing_secret_is_left_anywhere() {
    const SECRET: &str = "98765:planted-s3cret";
    let server = Server::start(Manner::Answers(403));
    let hook = "[[hook]]\nafter = \"ship\"\nrun = [\"env\"]\n";
    let dir = told_by(&format!("{TELEGRAM}api = \"http://{}\"\n{hook}", server.at));
    let dir = dir.path();
    let _stop = Stop(dir);
    let token = |fault| [("BOT_TOKEN", SECRET), ("STAPEL_LOG", "debug"), ("STAPEL_FAULT", fault)];
    let mut said = run(dir, &["plan", "--json", "--out", "plan.json"], &token(""), 0);
    assert_eq!(holds(&dir.join("project"), SECRET), [""; 0]);
    // The job that carries it out has to have the secret itself.
    said += &run(dir, &["deploy", "plan.json"], &[], 2);
    said += &run(dir, &["deploy", "plan.json", "--json"], &token(""), 0);
    version(dir, 2);
    said += &run(dir, &["deploy", "--yes", "--json"], &token("after:4"), 1);
    said += &run(dir, &["deploy", "--yes", "--json"], &token("undo-fails:2"), 4);
    said += &run(dir, &["undo", "--json"], &token(""), 0);

    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(["deploy", "--yes", "--json"]).current_dir(dir.join("project")).envs(token("stop:9"));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let runner = format!("agent release {}", dir.display());
    let stands = || Command::new("pgrep").args(["-r", "T", "-f", &runner]).output().unwrap().status.success();
    testkit::until_true("the release has stopped", SOON, stands).unwrap();
    assert_eq!(processes_with(dir, SECRET), [""; 0]);
    // For whoever takes it up there is one file, of its owner's only.
    let [kept] = &holds(&dir.join("host"), SECRET)[..] else { panic!("{:?}", holds(&dir.join("host"), SECRET)) };
    assert!(kept.contains("/runs/") && kept.ends_with(".secrets"), "{kept}");
    assert_eq!(std::fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);
    let before = server.heard.lock().unwrap().len();
    assert!(Command::new("pkill").args(["-KILL", "-f", &runner]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    said += &(text(&out.stdout) + &text(&out.stderr));
    // The guardian has told of it, with the secret.
    server.texts(before + 2);
    assert!(server.heard.lock().unwrap().iter().all(|(path, _)| path == &format!("/bot{SECRET}/sendMessage")));

    said += &run(dir, &["deploy", "--yes"], &token(""), 0);
    testkit::until_true("the last notice is on record", SOON, || holds_notice_of_the_end(dir, SECRET)).unwrap();
    for args in [&["show"][..], &["show", "--json"], &["history", "--json"], &["status", "--json"], &["notify", "test"]]
    {
        said += &text(&output(dir, args, &token("")).stdout);
    }
    assert!(said.contains("could not be told") && said.contains("${BOT_TOKEN}"), "{said}");
    assert!(!said.contains(SECRET) && !said.contains("planted"), "{said}");
    assert_eq!(holds(dir, SECRET), [""; 0]);
    assert_eq!(holds(dir, "planted-s3cret"), [""; 0]);
    // The chat, which stands in the file itself, is nowhere else.
    let file = dir.join("project/stapel.toml").to_string_lossy().into_owned();
    assert_eq!(holds(dir, "-100555"), [file]);
}

fn holds_notice_of_the_end(dir: &Path, secret: &str) -> bool {
    let said = run(dir, &["show", "--json"], &[("BOT_TOKEN", secret)], 0);
    let details: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    details["events"].as_array().unwrap().iter().any(|e| e["event"] == "notice" && e["of"] == "end")
}

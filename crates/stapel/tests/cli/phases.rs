//! A deploy in phases, each with its gate (RUNBOOKS.md, D1 and D12), and checks that a person answers (C14).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Stop, answers, project_with, text, version};

/// For recovery by itself; it looks for what it waits for.
const SOON: Duration = Duration::from_secs(60);

const WATCH: &str = "duration = \"200ms\"\nevery = \"100ms\"";

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir.join("project")).env("LC_ALL", "C").env_remove("STAPEL_LANG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(dir: &Path, args: &[&str], code: i32) -> String {
    let out = command(dir, args).output().unwrap();
    let said = text(&out.stdout) + &text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn git(dir: &Path, args: &[&str]) {
    let out = Command::new("git").args(args).current_dir(dir.join("project")).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", text(&out.stderr));
}

/// A repository with a tag for each of these versions of the app; the last one is checked out. The phases are these.
fn in_phases(versions: &[u32], tables: &str) -> tempfile::TempDir {
    let dir = project_with(WATCH, tables);
    git(dir.path(), &["init", "-q"]);
    for (name, value) in [("user.name", "bo"), ("user.email", "bo@shop.example")] {
        git(dir.path(), &["config", name, value]);
    }
    for number in versions {
        version(dir.path(), *number);
        git(dir.path(), &["add", "-A"]);
        git(dir.path(), &["commit", "-q", "--allow-empty", "-m", &format!("version {number}")]);
        git(dir.path(), &["tag", "-f", &format!("v{number}")]);
    }
    dir
}

fn phase(name: &str, more: &str) -> String {
    format!("[[phase]]\nname = \"{name}\"\n{more}\n")
}

fn json(said: &str) -> Vec<Value> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn show(dir: &Path, release: &str) -> Value {
    json(&run(dir, &["show", release, "--json"], 0)).remove(0)
}

fn outcomes(dir: &Path, release: &str) -> Vec<(u64, Option<String>)> {
    let of = |phase: &Value| (phase["phase"]["number"].as_u64().unwrap(), phase["outcome"].as_str().map(str::to_owned));
    show(dir, release)["phases"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn each_phase_is_a_release_and_all_of_them_go_back_at_once() {
    let tables = phase("site", "ref = \"v2\"\ngate = [\"health\"]") + &phase("models", "");
    let dir = in_phases(&[1, 2, 3], &tables);
    let dir = dir.path();
    let _stop = Stop(dir);
    // What was before them.
    std::fs::write(dir.join("project/one.toml"), without_phases(dir)).unwrap();
    git(dir, &["checkout", "-q", "v1"]);
    run(dir, &["deploy", "--yes", "--allow-dirty", "--config", "one.toml"], 0);
    git(dir, &["checkout", "-q", "v3"]);

    let plan = run(dir, &["plan"], 0);
    assert!(plan.contains("phase 1 of 2: site") && plan.contains(" 2. models"), "{plan}");
    let said = run(dir, &["deploy", "--yes", "--allow-dirty"], 0);
    for expected in ["Phase 1 of 2, site: its gate is passed", "Phase 2 of 2, models", "Release 3 is in service"] {
        assert!(said.contains(expected), "{said}");
    }
    assert!(run(dir, &["deploy", "--yes", "--allow-dirty"], 0).contains("Nothing to do: release 3"));
    // What comes after them is the last phase's: no earlier version is put in service again on the way there.
    std::fs::write(dir.join("project/notes.txt"), "new\n").unwrap();
    let said = run(dir, &["deploy", "--yes", "--allow-dirty"], 0);
    assert!(said.contains("phase 2 of 2: models") && !said.contains("Phase 1 of 2"), "{said}");
    let history = run(dir, &["history"], 0);
    assert!(history.contains("1/2 site") && history.contains("2/2 models"), "{history}");
    let done = Some("done".to_owned());
    for release in ["2", "3"] {
        assert_eq!(outcomes(dir, release), [(1, done.clone()), (2, done.clone())], "{release}");
    }
    for version in [3, 1] {
        run(dir, &["rollback", "--yes"], 0);
        assert!(answers(dir).unwrap().contains(&format!("\"version\":{version}")), "{:?}", answers(dir));
    }
}

/// The configuration of the project, but in one go.
fn without_phases(dir: &Path) -> String {
    let config = std::fs::read_to_string(dir.join("project/stapel.toml")).unwrap();
    let (before, rest) = config.split_once("[[phase]]").unwrap();
    format!("{before}{}", &rest[rest.find("[watch]").unwrap()..])
}

#[test]
fn whoever_asks_for_it_in_quiet_hours_gets_all_phases() {
    let quiet = "[quiet]\nzone = \"UTC\"\nhours = [\"00:00-24:00\"]\n";
    let dir = in_phases(&[1, 2], &(quiet.to_owned() + &phase("site", "ref = \"v1\"") + &phase("models", "")));
    let dir = dir.path();
    let _stop = Stop(dir);
    assert!(run(dir, &["deploy", "--yes"], 3).contains("quiet hours"));
    run(dir, &["deploy", "--yes", "--in-quiet-hours"], 0);
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned())), (2, Some("done".to_owned()))]);
}

#[test]
fn what_has_passed_its_gate_stays_and_the_next_deploy_goes_on_from_there() {
    // Version 4 has a migration that fails half way.
    let dir = in_phases(&[2, 4], &(phase("site", "ref = \"v2\"") + &phase("models", "")));
    let dir = dir.path();
    let _stop = Stop(dir);
    let said = run(dir, &["deploy", "--yes"], 1);
    assert!(said.contains("stay in service; `stapel rollback`"), "{said}");
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned())), (2, Some("undone".to_owned()))]);
    assert!(answers(dir).unwrap().contains("\"version\":2"));
    version(dir, 3);
    let said = run(dir, &["deploy", "--yes", "--allow-dirty"], 0);
    assert!(said.contains("phase 2 of 2: models") && !said.contains("Phase 1 of 2"), "{said}");
    assert!(answers(dir).unwrap().contains("\"version\":3"));
}

#[test]
fn a_gate_demands_what_was_broken_before_and_no_other_check_does() {
    let broken = "[[check]]\nname = \"broken\"\npath = \"/nowhere\"\n";
    let tables = format!(
        "{broken}{}{}",
        phase("site", "ref = \"v2\"\ngate = [\"health\"]"),
        phase("models", "gate = [\"broken\"]")
    );
    let dir = in_phases(&[2, 3], &tables);
    let dir = dir.path();
    let _stop = Stop(dir);
    let said = run(dir, &["deploy", "--yes"], 1);
    assert!(said.contains("Phase 1 of 2, site: its gate is passed"), "{said}");
    assert!(said.contains("broken: ") || said.contains("broken"), "{said}");
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned())), (2, Some("undone".to_owned()))]);
    // Without phases every check is a gate.
    std::fs::write(dir.join("project/one.toml"), without_phases(dir)).unwrap();
    run(dir, &["deploy", "--yes", "--allow-dirty", "--config", "one.toml"], 1);
}

#[test]
fn a_schema_that_a_phase_has_left_is_migrated_by_a_later_one_of_the_same_tree() {
    let tables = phase("site", "migrates = false") + &phase("schema", "");
    let dir = in_phases(&[2, 3], &tables);
    let dir = dir.path();
    let _stop = Stop(dir);
    std::fs::write(dir.join("project/one.toml"), without_phases(dir)).unwrap();
    git(dir, &["checkout", "-q", "v2"]);
    run(dir, &["deploy", "--yes", "--allow-dirty", "--config", "one.toml"], 0);
    git(dir, &["checkout", "-q", "v3"]);
    // The tool of this engine does not tell what is pending: it has to be run.
    let said = run(dir, &["deploy", "--yes", "--allow-dirty"], 0);
    let (site, schema) = said.split_once("Phase 1 of 2, site: its gate is passed").unwrap();
    assert!(!site.contains("✓ migrate the schema") && schema.contains("✓ migrate the schema"), "{said}");
    assert!(run(dir, &["deploy", "--yes", "--allow-dirty"], 0).contains("Nothing to do"));
}

#[test]
fn what_is_asked_on_the_command_line_is_asked_of_the_last_phase_whatever_its_gate() {
    let dir = in_phases(&[2], &phase("site", "gate = [\"health\"]"));
    let dir = dir.path();
    let _stop = Stop(dir);
    let said = run(dir, &["deploy", "--yes", "--check", "/nowhere"], 1);
    assert!(said.contains("/nowhere"), "{said}");
    assert!(run(dir, &["deploy", "--yes", "--check", "/a", "--check", "/a"], 2).contains("/a"));
    let mut failing = command(dir, &["deploy", "--yes", "--ask", "Does it show?"]);
    let said = text(&failing.env("STAPEL_FAULT", "before:0").output().unwrap().stdout);
    assert!(said.contains("ask a person: Does it show?"), "{said}");
}

#[test]
fn a_way_back_past_a_check_that_came_later_does_not_ask_it() {
    let dir = project_with(WATCH, "");
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], 0);
    let file = dir.join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let more = "[[check]]\nname = \"more\"\npath = \"/health\"\ncontains = \"\\\"version\\\":2\"\n[watch]";
    std::fs::write(&file, config.replace("[watch]", more)).unwrap();
    version(dir, 2);
    run(dir, &["deploy", "--yes"], 0);
    run(dir, &["rollback", "--yes"], 0);
    assert!(answers(dir).unwrap().contains("\"version\":1"));
}

/// A deploy whose process has stopped itself when the first phase had ended, and the words of its command line.
fn stopped_behind_the_first(dir: &Path) -> (std::process::Child, String) {
    let plan = json(&run(dir, &["plan", "--json"], 0)).remove(0);
    let steps = plan["plan"]["steps"].as_array().unwrap().len();
    // An intent and an outcome of each step, and the end.
    let fault = format!("stop:{}", 2 * steps + 1);
    let deploy = command(dir, &["deploy", "--yes"]).env("STAPEL_FAULT", fault).spawn().unwrap();
    let runner = format!("agent release {}", dir.display());
    let stands = || Command::new("pgrep").args(["-r", "T", "-f", &runner]).output().unwrap().status.success();
    testkit::until_true("the first phase has ended", SOON, stands).unwrap();
    (deploy, runner)
}

#[test]
fn a_rollback_leads_to_what_was_in_service_before_and_not_to_what_was_gone_back_from() {
    let dir = project_with(WATCH, "");
    let dir = dir.path();
    let _stop = Stop(dir);
    let serves = |number: u32| assert!(answers(dir).unwrap().contains(&format!("\"version\":{number}")), "{number}");
    run(dir, &["deploy", "--yes"], 0);
    version(dir, 2);
    run(dir, &["deploy", "--yes"], 0);
    run(dir, &["rollback", "--yes"], 0);
    serves(1);
    version(dir, 3);
    run(dir, &["deploy", "--yes"], 0);
    run(dir, &["rollback", "--yes"], 0);
    serves(1);
    run(dir, &["rollback", "--yes"], 3);
}

#[test]
fn a_process_that_dies_between_two_phases_is_followed_by_one_that_goes_on() {
    let dir = in_phases(&[2, 3], &(phase("site", "ref = \"v2\"") + &phase("models", "")));
    let dir = dir.path();
    let _stop = Stop(dir);
    let (mut deploy, runner) = stopped_behind_the_first(dir);
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned())), (2, None)]);
    assert!(Command::new("pkill").args(["-KILL", "-f", &runner]).status().unwrap().success());
    // The screen sees it all.
    assert_eq!(deploy.wait().unwrap().code(), Some(0));
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned())), (2, Some("done".to_owned()))]);
    assert!(answers(dir).unwrap().contains("\"version\":3"));
}

#[test]
fn what_is_left_of_a_deploy_can_be_given_up_between_two_phases() {
    let dir = in_phases(&[2, 3], &(phase("site", "ref = \"v2\"") + &phase("models", "")));
    let dir = dir.path();
    let _stop = Stop(dir);
    let (mut deploy, runner) = stopped_behind_the_first(dir);
    let said = run(dir, &["cancel"], 3);
    assert!(said.contains("in service"), "{said}");
    assert!(Command::new("pkill").args(["-CONT", "-f", &runner]).status().unwrap().success());
    assert_eq!(deploy.wait().unwrap().code(), Some(1));
    assert_eq!(outcomes(dir, "1"), [(1, Some("done".to_owned()))]);
    assert!(answers(dir).unwrap().contains("\"version\":2"));
}

/// A release that asks, and what it ends with once that was answered so; `None`: by nobody.
fn asked(answer: Option<&str>, code: i32) -> (tempfile::TempDir, String) {
    let dir = project_with(WATCH, "[[check]]\nname = \"seen\"\nask = \"Does it show?\"\ntimeout = \"3s\"\n");
    let mut deploy = command(dir.path(), &["deploy", "--yes"]).spawn().unwrap();
    let mut lines = BufReader::new(deploy.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = String::new();
    for line in lines.by_ref() {
        said = said + &line + "\n";
        if line.contains("? Does it show?") {
            break;
        }
    }
    assert!(said.contains("`stapel answer yes 1`"), "{said}");
    if let Some(answer) = answer {
        run(dir.path(), &["answer", "yes", "--check", "other"], 3);
        let answered = run(dir.path(), &["answer", answer], 0);
        assert!(answered.contains("Does it show?"), "{answered}");
    }
    lines.for_each(|line| said = said.clone() + &line + "\n");
    assert_eq!(deploy.wait().unwrap().code(), Some(code), "{said}");
    run(dir.path(), &["answer", "yes"], 3);
    (dir, said)
}

#[test]
fn a_person_is_asked_and_a_no_takes_the_release_back() {
    for (answer, code, expected) in
        [(Some("yes"), 0, "yes, says"), (Some("no"), 1, "\"seen\" with no"), (None, 0, "nobody has answered")]
    {
        let (dir, said) = asked(answer, code);
        let _stop = Stop(dir.path());
        assert!(said.contains(expected), "{said}");
        // And it is on record.
        assert!(run(dir.path(), &["show"], 0).contains(expected));
    }
}

#[test]
fn a_question_may_come_with_the_command_and_the_answer_from_its_terminal() {
    let dir = project_with(WATCH, "");
    let dir = dir.path();
    let _stop = Stop(dir);
    assert!(run(dir, &["deploy", "--yes", "--ask", " "], 2).contains("--ask"));
    let stapel = env!("CARGO_BIN_EXE_stapel");
    // `script` gives it a terminal.
    let words = format!("{stapel} deploy --yes --lang en --ask 'Does it show?'");
    let mut deploy = Command::new("script")
        .args(["-qec", &words, "/dev/null"])
        .current_dir(dir.join("project"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keys, mut screen) = (deploy.stdin.take().unwrap(), deploy.stdout.take().unwrap());
    let (mut said, mut answered) = (String::new(), 0);
    let mut part = [0_u8; 4096];
    loop {
        match std::io::Read::read(&mut screen, &mut part) {
            Ok(0) | Err(_) => break,
            Ok(n) => said += &String::from_utf8_lossy(&part[..n]),
        }
        // What is no answer is asked for again.
        for (asked, answer) in [(1, "perhaps\r"), (2, "yes\r")] {
            if answered < asked && said.matches("[yes/no]").count() == asked {
                keys.write_all(answer.as_bytes()).unwrap();
                answered = asked;
            }
        }
    }
    assert!(deploy.wait().unwrap().success(), "{said}");
    assert!(said.contains("yes, says") && said.contains("is in service"), "{said}");
}

#[test]
fn a_check_may_send_a_header_and_what_is_secret_in_it_is_on_no_record() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let known =
                lines.by_ref().take_while(|line| !line.is_empty()).any(|l| l == "authorization: Bearer t0psecret");
            let status = if known { "200 OK" } else { "401 Unauthorized" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let tables = format!(
        "[[check]]\nname = \"me\"\nurl = \"http://{at}/me\"\nheaders = {{ Authorization = \"Bearer ${{API_TOKEN}}\" }}\n"
    );
    let dir = project_with(WATCH, &tables);
    let dir = dir.path();
    let _stop = Stop(dir);
    let deploy = |token: &str| command(dir, &["deploy", "--yes"]).env("API_TOKEN", token).output().unwrap();
    assert!(text(&deploy("").stderr).contains("`API_TOKEN` is not set"));
    let out = deploy("wr0ngsecret");
    assert!(text(&out.stdout).contains("401"), "{}", text(&out.stdout));
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(deploy("t0psecret").status.code(), Some(0));
    // Who only looks needs none.
    run(dir, &["history"], 0);
    run(dir, &["status"], 0);
    let found = Command::new("grep").args(["-rlE", "t0psecret|wr0ngsecret"]).arg(dir).output().unwrap();
    assert_eq!(text(&found.stdout), "");
}

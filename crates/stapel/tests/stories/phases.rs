use std::process::Command;
use std::time::Duration;

use testkit::Operator;

/// For two releases before the one that asks has come to ask.
const ASKS_WITHIN: Duration = Duration::from_secs(300);

fn git(operator: &Operator, args: &[&str]) {
    let who = ["-c", "user.name=bo", "-c", "user.email=bo@convertik.example"];
    let out = Command::new("git").args(who).args(args).current_dir(operator.checkout()).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Version 2 and then a commit after it, in two phases, each with its own way back; at the end a person is asked, who answers
/// from elsewhere (RUNBOOKS.md, C14, D1, D12). Then all of it goes back at once.
pub(crate) fn forth_and_back(operator: &Operator) {
    operator.has("2").unwrap();
    operator.configure("duration = \"15s\"", "duration = \"3s\"").unwrap();
    let phases = std::fs::read_to_string(operator.checkout().join("phases.toml")).unwrap();
    operator.append("stapel.toml", &format!("\n{phases}")).unwrap();
    git(operator, &["init", "-q"]);
    git(operator, &["add", "-A"]);
    git(operator, &["commit", "-qm", "Version 2"]);
    git(operator, &["tag", "two"]);
    operator.append("backend/NOTES.txt", "built into the image\n").unwrap();
    git(operator, &["add", "-A"]);
    git(operator, &["commit", "-qm", "Notes"]);
    let said = std::thread::scope(|scope| {
        let answers = scope.spawn(|| {
            testkit::until_true("it asks", ASKS_WITHIN, || {
                operator.quietly(&["answer", "yes"]).is_ok_and(|answered| answered.code == 0)
            })
        });
        let said = operator.releases(&["deploy", "--yes", "--ask", "Does it show the notes?"], 0).unwrap();
        answers.join().unwrap().unwrap();
        said
    });
    for expected in [
        "Phase 1 of 2, the site: its gate is passed",
        "Phase 2 of 2, the notes",
        "? Does it show the notes?",
        "yes, says",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(said.matches("proven").count() == 2, "{said}");
    assert_eq!(super::in_service(operator), ("2".to_owned(), "0004".to_owned()));
    super::nothing_is_left(operator);
    operator.releases(&["rollback", "--yes"], 0).unwrap();
}

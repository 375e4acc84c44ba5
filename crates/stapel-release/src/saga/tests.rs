use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use camino::Utf8Path;
use stapel_core::config::Config;
use stapel_core::plan::{Goal, Plan, Planned, StepSpec};
use stapel_text::{Text, text};

use super::*;
use crate::{Begin, Kind};

type Said = Arc<Mutex<Vec<String>>>;

#[derive(Clone, Copy, PartialEq)]
enum Fails {
    Never,
    Perform,
    Undo,
    Panic,
}

struct Toy {
    name: &'static str,
    fails: Fails,
    said: Said,
}

#[async_trait]
impl Step for Toy {
    fn does(&self) -> Text {
        text!("command-missing", command = self.name)
    }

    fn undoes(&self) -> Option<Text> {
        None
    }

    fn kind(&self) -> Kind {
        Kind::Definition
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        self.said.lock().unwrap().push(format!("+{}", self.name));
        cx.set_fact_once("first", &self.name)?;
        match self.fails {
            Fails::Perform | Fails::Undo => Err(problem!(Failed, "command-missing", command = self.name)),
            Fails::Panic => panic!("a bug"),
            Fails::Never => Ok(()),
        }
    }

    async fn undo(&self, _: &StepContext<'_>) -> Result<(), Problem> {
        self.said.lock().unwrap().push(format!("-{}", self.name));
        if self.fails == Fails::Undo { Err(problem!(Failed, "command-missing", command = "x")) } else { Ok(()) }
    }
}

fn config() -> Config {
    Config::parse("stapel.toml", "app = \"a\"\n[target.t]\nhost = \"local\"\npath = \"/a\"\n[service.s]\n").unwrap()
}

async fn run(fails: [Fails; 3]) -> (Journal, Outcome, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(&Utf8Path::from_path(dir.path()).unwrap().join("journal.db")).unwrap();
    let said = Said::default();
    let steps: Vec<Box<dyn Step>> = ["a", "b", "c"]
        .into_iter()
        .zip(fails)
        .map(|(name, fails)| Box::new(Toy { name, fails, said: Arc::clone(&said) }) as Box<dyn Step>)
        .collect();
    let goal = Goal::Deploy { manifest: "m".into(), fingerprint: "f".into(), commit: None, phase: None };
    let planned =
        Planned { spec: StepSpec::Verify, why: None, does: None, undoes: None, takes_s: None, leaves: Vec::new() };
    let plan = Plan { steps: vec![planned; 3], ..Plan::none(goal) };
    let begin = Begin {
        doing: "deploy".into(),
        who: "anna".into(),
        origin: "desk".into(),
        target: "t".into(),
        config: config(),
        plan,
        found: false,
        runner: None,
    };
    let release = journal.begin(&begin).unwrap();
    assert_eq!(release, 1);
    let outcome = Saga { journal: &journal, release, steps: &steps, faults: &[], turns: &|_| {} }.run().await.unwrap();
    let said = said.lock().unwrap().clone();
    (journal, outcome, said)
}

#[tokio::test]
async fn all_well() {
    let (journal, outcome, said) = run([Fails::Never; 3]).await;
    assert_eq!((outcome, said), (Outcome::Done, vec!["+a".into(), "+b".into(), "+c".to_owned()]));
    let release = journal.release(1).unwrap().unwrap();
    assert_eq!(release.outcome, Some(Outcome::Done));
    assert_eq!(journal.in_service().unwrap().unwrap().id, 1);
    assert_eq!(journal.fact::<String>(1, "first").unwrap().as_deref(), Some("a"));
    assert!(journal.events(1, 0, 100).unwrap().len() >= 7);
}

#[tokio::test]
async fn the_failing_step_is_undone_too() {
    let (journal, outcome, said) = run([Fails::Never, Fails::Perform, Fails::Never]).await;
    assert_eq!((outcome, said.join("")), (Outcome::Undone, "+a+b-b-a".to_owned()));
    assert_eq!(journal.release(1).unwrap().unwrap().problem.unwrap().code(), "command-missing");
    assert!(journal.in_service().unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_goes_on_failing_is_stuck_and_stops() {
    let (journal, outcome, said) = run([Fails::Never, Fails::Undo, Fails::Never]).await;
    let said = said.join("");
    // Tried for a while, because a database may just be starting.
    assert!(outcome == Outcome::Stuck && said.starts_with("+a+b-b-b-b") && !said.contains("-a"), "{said}");
    assert_eq!(journal.steps(1).unwrap(), [StepState::Done, StepState::Stuck, StepState::Planned]);
}

#[tokio::test]
async fn a_panic_is_undone_like_any_failure() {
    let (_, outcome, said) = run([Fails::Never, Fails::Never, Fails::Panic]).await;
    assert_eq!((outcome, said.join("")), (Outcome::Undone, "+a+b+c-c-b-a".to_owned()));
}

#[tokio::test]
async fn an_illegal_transition_is_refused() {
    let (journal, ..) = run([Fails::Never; 3]).await;
    let problem = journal.step(1, 0, StepState::Doing, None).unwrap_err();
    assert_eq!(problem.code(), "release-transition");
}

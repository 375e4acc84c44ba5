use camino::Utf8PathBuf;
use stapel_text::Class;

use super::*;
use crate::{Boundary, Kind};

/// A journal as a Stapel of this format left it; each of them holds three releases that were done and a last one whose
/// process died while it recreated the app.
fn fixture(format: usize) -> (tempfile::TempDir, Utf8PathBuf) {
    let sql = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/journal-{format}.sql"));
    let sql = std::fs::read_to_string(&sql).unwrap_or_else(|e| panic!("every format has a fixture; {sql}: {e}"));
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(dir.path()).unwrap().join("journal.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(&sql).unwrap();
    db.pragma_update(None, "user_version", format).unwrap();
    (dir, path)
}

#[test]
fn every_format_there_ever_was_is_read() {
    for format in 1..=schema::FORMAT {
        let (_dir, path) = fixture(format);
        let journal = Journal::open(&path).unwrap();
        let releases = journal.history(100).unwrap();
        assert_eq!(journal.in_service().unwrap().unwrap().id, 3, "format {format}");
        let [dead] = &journal.unfinished().unwrap()[..] else { panic!("format {format}") };
        assert_eq!((dead.id, dead.dead()), (releases[0].id, true), "format {format}");
        // What recovery needs: where it stood, and what the steps wrote down for the way back.
        let states = journal.steps(dead.id).unwrap();
        let kinds: Vec<Kind> =
            (0..states.len()).map(|i| if (7..11).contains(&i) { Kind::Traffic } else { Kind::Data }).collect();
        assert_eq!(Boundary::of(&kinds, &states, false), Boundary::InSwitch, "format {format}: {states:?}");
        assert!(journal.fact::<serde_json::Value>(dead.id, "applied").unwrap().is_some());
        assert!(journal.events(dead.id, 0, 1000).unwrap().len() > 10);
        assert!(journal.records(dead.id).unwrap() > 10);
        // And it can be written on.
        journal.step(dead.id, 9, StepState::Undoing, None).unwrap();
    }
}

#[test]
fn a_newer_journal_is_refused_with_the_version_that_can_read_it() {
    let (_dir, path) = fixture(schema::FORMAT);
    let db = Connection::open(&path).unwrap();
    db.execute("INSERT INTO formats VALUES (?1, '9.8.7')", [schema::FORMAT + 1]).unwrap();
    db.pragma_update(None, "user_version", schema::FORMAT + 1).unwrap();
    let Err(problem) = Journal::open(&path) else { panic!("it was opened") };
    assert_eq!((problem.class, problem.code()), (Class::Refused, "release-journal-newer"));
    assert!(format!("{:?}", problem.what).contains("9.8.7"), "{problem:?}");
}

#[test]
fn a_plan_of_another_version_is_refused_with_that_version() {
    let (_dir, path) = fixture(schema::FORMAT);
    let db = Connection::open(&path).unwrap();
    db.execute("UPDATE releases SET stapel = '9.8.7', plan = replace(plan, '\"baseline\"', '\"levitate\"')", [])
        .unwrap();
    let problem = Journal::open(&path).unwrap().history(1).unwrap_err();
    assert_eq!(problem.code(), "release-foreign");
    assert!(problem.to_string().contains("9.8.7"), "{problem}");
}

/// A file system of its own would need root: the limit is SQLite's own, which fails as a full disk does.
#[test]
fn on_a_full_disk_the_reserve_makes_room_for_the_record() {
    let (_dir, path) = fixture(schema::FORMAT);
    let journal = Journal::open(&path).unwrap();
    journal.keep_reserve().unwrap();
    let reserve = path.with_file_name("reserve");
    assert!(reserve.metadata().unwrap().len() > 1_000_000);
    let full = || problem!(Failed, "release-journal-full");
    // Full until the reserve is gone, as a disk is.
    let done = journal.write(|_| if reserve.exists() { Err(full()) } else { Ok(1) });
    assert_eq!((done.unwrap(), reserve.exists()), (1, false));
    let still = journal.write(|_| Err::<(), _>(full()));
    assert_eq!(still.unwrap_err().code(), "release-journal-full");
    journal.keep_reserve().unwrap();
    assert!(reserve.exists());
}

#[test]
fn what_sqlite_calls_full_is_a_full_disk() {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (a)").unwrap();
    let full = db.execute("INSERT INTO t VALUES (zeroblob(100000))", []).unwrap_err();
    assert_eq!(failed(&full).code(), "release-journal-full");
}

#[test]
fn a_release_is_cancelled_only_while_it_runs() {
    let (_dir, path) = fixture(schema::FORMAT);
    let journal = Journal::open(&path).unwrap();
    let dead = journal.unfinished().unwrap()[0].id;
    assert!(journal.cancel(dead, "anna").unwrap());
    assert_eq!(journal.cancelled(dead).unwrap().as_deref(), Some("anna"));
    assert!(!journal.cancel(1, "anna").unwrap());
    assert_eq!(journal.cancelled(1).unwrap(), None);
}

#[test]
fn the_output_of_old_releases_goes_and_what_they_did_stays() {
    let (_dir, path) = fixture(schema::FORMAT);
    let journal = Journal::open(&path).unwrap();
    let newest = journal.history(1).unwrap()[0].id;
    for release in [1, newest] {
        journal.tell(release, &Event::Line { index: 0, line: "Step 1/9 : FROM python".into() });
    }
    let count = |release| journal.events(release, 0, 1000).unwrap().len();
    let before = (count(1), count(newest));
    journal.thin(1).unwrap();
    assert_eq!((count(1), count(newest)), (before.0 - 1, before.1));
}

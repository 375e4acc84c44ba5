//! Convertik released over ssh onto real servers of both flavours, under load on every way in: nothing is lost, and each
//! acknowledged write is stored once. RUNBOOKS.md rows C1, C3–C8, G1. And the fixed part of the crash matrix.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test is to fail it")]

mod agent;
mod init;
mod matrix;
mod phases;
mod prepare;
mod registry;
mod ways;

use std::net::Ipv6Addr;

use stapel_load::verify_stored;
use testkit::{Convertik, Flavour, Operator, Server, Ways, convertik, residue};

/// The version that answers on every way in, and the schema's revision.
fn in_service(operator: &Operator) -> (String, String) {
    let versions = convertik::versions(operator.server()).map(|(_, version)| version.unwrap());
    assert!(versions.iter().all(|version| *version == versions[0]), "{versions:?}");
    (versions[0].clone(), convertik::revision(operator.server()).unwrap())
}

fn nothing_is_left(operator: &Operator) {
    residue::none(operator.server(), None).unwrap();
}

fn story(flavour: Flavour) {
    if !testkit::ready().unwrap() {
        eprintln!("left out: convertik's story on {flavour}");
        return;
    }
    let server = Server::start(flavour, &format!("story-{flavour}")).unwrap();
    Convertik::of_this_repository().run_by_hand(&server, "1").unwrap();
    let operator = Operator::new(server, env!("CARGO_BIN_EXE_stapel")).unwrap();
    testkit::nginx::start(operator.server()).unwrap();
    let mut ways = Ways::start(operator.server(), 1.0).unwrap();
    ways.and("nginx", operator.server(), testkit::nginx::IN_CONTAINER, 6.0).unwrap();
    ways.and("nginx on the host", operator.server(), testkit::nginx::ON_HOST, 4.0).unwrap();
    ways.within("localhost over IPv6", operator.server(), Ipv6Addr::LOCALHOST.into(), 4.0).unwrap();
    let releases = |args: &[&str], exit_code| operator.releases(args, exit_code).unwrap();
    let is_now = |version: &str, revision: &str| {
        assert_eq!(in_service(&operator), (version.to_owned(), revision.to_owned()));
        nothing_is_left(&operator);
    };

    // A short watch where nothing is to be seen in it.
    let has = |version: &str| {
        operator.has(version).unwrap();
        operator.configure("duration = \"15s\"", "duration = \"5s\"").unwrap();
    };

    // The first release finds an app that was released by hand until today, and a file that is nobody's.
    operator.server().run(&["touch", "/opt/convertik/uploads.db"]).unwrap();
    has("1");
    let said = releases(&["deploy", "--yes"], 0);
    assert!(said.contains("proven") && said.contains("-kept-"), "{said}");
    is_now("1", "0003");

    // The same again is nothing to do.
    assert!(releases(&["deploy", "--yes"], 0).contains("Nothing to do"));

    // Only the environment: the image stays, and the database that reads the same file is left alone. Only a page of words:
    // nothing is replaced (RUNBOOKS.md, C9 and C10).
    let started =
        |name: &str| operator.server().run(&["docker", "inspect", "--format", "{{.State.StartedAt}}", name]).unwrap();
    let (api, database) = (started("convertik-api"), started("convertik-db"));
    operator.append(".env.production", "\nFEATURE_NOTES=on\n").unwrap();
    let said = releases(&["deploy", "--yes"], 0);
    assert!(
        said.contains("only its environment changes: .env.production") && !said.contains("build the new"),
        "{said}"
    );
    is_now("1", "0003");
    let environment = operator.server().run(&["docker", "exec", "convertik-api", "printenv", "FEATURE_NOTES"]);
    assert_eq!(environment.unwrap(), "on");
    assert!(started("convertik-api") != api && started("convertik-db") == database);
    let api = started("convertik-api");
    operator.append("NOTES.txt", "for people\n").unwrap();
    assert!(releases(&["deploy", "--yes"], 0).contains("it is not replaced"));
    assert_eq!(started("convertik-api"), api);

    // A new version with a migration, which the plan names beforehand.
    has("2");
    let said = releases(&["check"], 0);
    assert!(said.contains("✓ traffic can be led") && said.contains("stands in the way"), "{said}");
    assert!(said.contains("✓ proxies that keep a service's address"), "{said}");
    let plan = releases(&["plan"], 0);
    assert!(plan.contains("The database is at 0003") && plan.contains("0004 where an event comes from"), "{plan}");
    is_now("1", "0003");
    releases(&["deploy", "--yes"], 0);
    is_now("2", "0004");

    // One that is broken from the start is found before any request reaches it.
    has("3-broken");
    let said = releases(&["deploy", "--yes"], 1);
    assert!(said.contains("summary") && !said.contains("✓ let the candidate take the traffic"), "{said}");
    is_now("2", "0004");

    // One that turns bad after a while is found after the switch, and the former one that stands by takes over at once.
    operator.has("3-late").unwrap();
    let said = releases(&["deploy", "--yes"], 1);
    assert!(said.contains("✓ let the candidate take the traffic"), "{said}");
    assert!(said.contains("the former convertik-api serves again"), "{said}");
    assert!(said.contains("↩ let a candidate of the former version take the traffic"), "{said}");
    is_now("2", "0004");

    // Back to the first: the code goes, the schema stays.
    releases(&["rollback", "--yes"], 0);
    is_now("1", "0004");
    operator.server().run(&["test", "-e", "/opt/convertik/uploads.db"]).unwrap();

    // Started again under load: the files are as the rollback left them.
    assert!(releases(&["restart", "--yes"], 0).contains("Restarted ("));
    is_now("1", "0004");
    assert!(releases(&["history"], 0).contains("found"));
    assert!(releases(&["status"], 0).contains("healthy"));
    assert!(releases(&["logs", "-n", "5"], 0).contains("HTTP/1.1"));

    phases::forth_and_back(&operator);
    is_now("1", "0004");

    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    for way in ways.stop() {
        way.none_lost(500).unwrap();
        acknowledged.extend(way.report.acknowledged());
        unknown.extend(way.report.unknown());
    }
    let stored = convertik::stored(operator.server()).unwrap();
    let checked = verify_stored(&acknowledged, &unknown, |id| stored.get(id).copied().unwrap_or(0));
    assert!(checked.is_ok(), "missing {:?}, twice {:?}", checked.missing, checked.duplicated);

    // What was changed since is not put in service by a restart; as it is, it can be started again, and so can a service
    // that releases do not replace.
    let add = "echo STAPEL_STORY=1 >> /opt/convertik/.env.production";
    operator.server().run(&["sh", "-c", add]).unwrap();
    let refused = operator.stapel(&["restart", "--yes"]).unwrap();
    assert!(refused.code == 3 && refused.stderr.contains(".env.production"), "{}", refused.stderr);
    let said = releases(&["restart", "--hard", "--yes", "convertik-api", "convertik-redis"], 0);
    assert!(said.contains("convertik-api was away for") && said.contains("convertik-redis was away for"), "{said}");
    assert!(said.contains("not put in service by this"), "{said}");
    let env = ["docker", "exec", "convertik-api", "printenv", "STAPEL_STORY"];
    assert!(!operator.server().exec(&env).unwrap().ok());
    is_now("1", "0004");
}

#[test]
fn convertik_on_bookworm() {
    story(Flavour::Bookworm);
}

#[test]
fn convertik_on_trixie() {
    story(Flavour::Trixie);
}

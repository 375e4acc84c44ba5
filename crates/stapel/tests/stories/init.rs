//! A stranger's project and the server that it runs on: what `stapel init` writes plans without an edit. Issue 4.

use testkit::{Convertik, Flavour, Operator, Server};

#[test]
fn what_init_writes_for_a_running_app_plans_without_an_edit() {
    if !testkit::ready().unwrap() {
        eprintln!("left out: init on a server");
        return;
    }
    let server = Server::start(Flavour::Trixie, "story-init").unwrap();
    Convertik::of_this_repository().run_by_hand(&server, "1").unwrap();
    let operator = Operator::new(server, env!("CARGO_BIN_EXE_stapel")).unwrap();
    operator.has("1").unwrap();
    let host = operator.server().name().to_owned();
    let file = operator.checkout().join("stapel.toml");
    std::fs::remove_file(&file).unwrap();

    let said = operator.run(&["init", "--host", &host], 0).unwrap();
    assert!(said.contains("convertik-api: yes") && said.contains("Caddy brings requests to it"), "{said}");
    let written = std::fs::read_to_string(&file).unwrap();
    for seen in ["path = \"/opt/convertik\"", "where the project convertik runs", "via = \"127.0.0.1:80\"", "Docker 26"]
    {
        assert!(written.contains(seen), "{seen} is not in\n{written}");
    }

    let plan = operator.run(&["plan"], 0).unwrap();
    assert!(plan.contains("let the candidate take the traffic"), "{plan}");
    assert!(operator.run(&["init", "--host", &host], 2).is_ok(), "a second run refuses");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);

    // Compose on the server reads what this machine's may not be able to.
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../stapel-init/tests/corpus/reset/stapel.toml");
    let said = operator.run(&["init", "--host", &host, "--print", "--config", corpus.to_str().unwrap()], 0).unwrap();
    assert!(said.contains("files = [\"compose.yaml\", \"compose.prod.yaml\"]"), "{said}");
    assert!(said.contains("it is on proxy, a network of others"), "{said}");
}

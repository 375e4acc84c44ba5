//! What is broken is named, with what to do; nothing panics.

use camino::Utf8PathBuf;
use stapel_init::{Asked, Project};
use stapel_text::{Catalogue, Class, Lang, Problem};

fn directory(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let path = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
    (dir, path)
}

fn refused(files: &[(&str, &[u8])]) -> Problem {
    let (_dir, path) = directory(files);
    Project::read(&path, Asked::default(), None)
        .and_then(|p| {
            let made = p.as_written()?;
            stapel_init::decide(&p.facts(made)).map(drop)
        })
        .expect_err("must be refused")
}

#[test]
fn each_has_its_message_and_its_remedy() {
    let bad_yaml = b"services:\n  web:\n    image: [x\n    ports: y\n";
    for (files, code, says) in [
        (&[][..], "init-nothing-here", ""),
        (&[("README.md", &b"# x"[..])][..], "init-nothing-here", ""),
        (&[("compose.yaml", &bad_yaml[..])], "init-yaml", "compose.yaml"),
        (&[("docker-compose.yml", b"services:\n  w\xff\xfe: 1\n")], "init-not-utf8", "docker-compose.yml"),
        (
            &[("compose.yaml", b"services:\n  db:\n    image: postgres:16\n  q:\n    image: redis\n")],
            "init-nothing-to-release",
            "db, q",
        ),
        (&[("compose.yaml", b"")], "init-nothing-to-release", "compose.yaml"),
        (&[("compose.yaml", b"- a\n- b\n")], "init-nothing-to-release", "compose.yaml"),
        (&[("compose.yaml", b"services: 7\n")], "init-nothing-to-release", "compose.yaml"),
        (&[("compose.yaml", b"services:\n  a: 3\n  b: [x]\n  c:\n")], "init-nothing-to-release", "a, b, c"),
    ] {
        let problem = refused(files);
        assert_eq!((problem.code(), problem.class), (code, Class::Usage));
        for lang in Lang::ALL {
            let said = Catalogue::new(lang).problem(&problem);
            assert!(said.message.contains(says) && !said.remedy.is_empty(), "{said:?}");
        }
    }
}

#[test]
fn what_is_odd_beside_a_good_compose_file_does_no_harm() {
    let good = b"services:\n  web:\n    build: .\n    ports: ['8000:8000', 'x', {}]\n    volumes: [3, {type: bind}]\n    healthcheck: 7\n    labels: 3\n    environment: 5\n    env_file: {path: 3}\n";
    let odd: &[(&str, &[u8])] = &[
        ("compose.yaml", good),
        ("Dockerfile", b"\xff\xfeFROM\nEXPOSE a b\nHEALTHCHECK\nCMD [\n"),
        ("deploy.sh", b"ssh\nrsync\nrsync -a\nscp x\nssh -i\ncurl http://\ndocker compose -f\n\xff\n\"\n'"),
        ("Makefile", b"A=$(A)\nB=${B}\n\tssh $(A)@$(B) 'cd'\n"),
        ("Caddyfile", b"}}}}\n{\nreverse_proxy\nx {\n reverse_proxy {\n"),
        ("nginx.conf", b"}; server { proxy_pass; server_name; listen; } upstream {\n"),
        (".env", b"=\nA\nDEPLOY_HOST=-oProxyCommand=x\nDEPLOY_PATH=\n"),
        ("alembic.ini", b""),
        ("\u{1f600} odd/\u{7f}.py", b"sqlite3.connect("),
    ];
    let (_dir, path) = directory(odd);
    let project = Project::read(&path, Asked::default(), None).unwrap();
    let made = project.as_written().unwrap();
    let draft = stapel_init::decide(&project.facts(made)).unwrap();
    let text = draft.render(&Catalogue::new(Lang::En));
    let config = stapel_core::config::Config::parse("stapel.toml", &text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    // What `ssh` would take for an option is no host.
    assert_eq!(config.targets["production"].host, "deploy-host.example");
}

#[tokio::test]
async fn what_compose_refuses_is_said_in_its_words() {
    let (_dir, path) = directory(&[("compose.yaml", b"services:\n  web:\n    image: x\n    prots: ['1:1']\n")]);
    let project = Project::read(&path, Asked::default(), None).unwrap();
    match project.resolve().await {
        Ok(None) => eprintln!("left out: there is no compose on this machine"),
        Ok(Some(made)) => panic!("accepted: {made:?}"),
        Err(problem) => {
            assert_eq!(problem.code(), "engine-config-invalid");
            assert!(problem.to_string().contains("prots"), "{problem}");
        }
    }
}

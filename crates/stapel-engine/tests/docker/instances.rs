//! Candidate and real instance, health, addresses, networks, exec and logs, with each compose of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use super::app::{App, composes};
use stapel_core::ports::{Exec, Health, Images, Instance, Instances, LogMark, Silent};
use stapel_engine::{Aliases, CANDIDATE_LABEL, Docker, Project, Protocol};
use stapel_host::{Command, until};
use stapel_text::Text;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn healthy(docker: &Docker, instance: &Instance) {
    let look = async || Ok((docker.health(instance).await? == Health::Healthy).then_some(()));
    until(Text::new("x"), Duration::from_millis(50), Duration::from_secs(120), look).await.unwrap();
}

/// `api`, built, made and healthy.
async fn in_service(docker: &Docker) -> Instance {
    docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
    let api = docker.recreate("api", &Silent).await.unwrap();
    healthy(docker, &api).await;
    api
}

async fn inspect(instance: &Instance, format: &str) -> String {
    let command = Command::new("docker").args(["inspect", "-f", format, instance.id.as_str()]);
    command.run().await.unwrap().stdout.trim().to_owned()
}

#[tokio::test]
async fn a_candidate_comes_is_let_in_and_goes_while_the_real_one_stays() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        let first = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        assert_eq!(docker.real("api").await.unwrap(), None);
        let real = docker.recreate("api", &Silent).await.unwrap();
        assert_eq!((real.name.as_str(), real.running), (format!("{}-api", docker.name()).as_str(), true));
        // Also where compose sees no difference: what is mounted into it may have changed.
        let before = real;
        let real = docker.recreate("api", &Silent).await.unwrap();
        assert_eq!((&real.name, &real.image), (&before.name, &before.image));
        assert_ne!(real.id, before.id);
        assert_eq!(docker.candidate("api").await.unwrap(), None);

        app.change("2");
        let second = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        docker.keep("api", &first, "first").await.unwrap();
        docker.keep("api", &second, "second").await.unwrap();
        let candidate = docker.start_candidate("api").await.unwrap();
        assert_eq!(
            (candidate.name.as_str(), &candidate.image),
            (docker.candidate_name("api").unwrap().as_str(), &second)
        );
        assert_eq!(docker.start_candidate("api").await.unwrap(), candidate);
        assert_eq!(docker.candidate("api").await.unwrap(), Some(candidate.clone()));
        assert_eq!(docker.real("api").await.unwrap(), Some(real.clone()));
        // It publishes nothing, a reboot does not start it, and nobody finds it under the service's name.
        assert_eq!(inspect(&candidate, "{{json .HostConfig.PortBindings}}").await, "{}");
        let restart = inspect(&candidate, "{{.HostConfig.RestartPolicy.Name}}").await;
        assert!(restart.is_empty() || restart == "no", "{restart}");
        assert_eq!(inspect(&candidate, &format!("{{{{index .Config.Labels {CANDIDATE_LABEL:?}}}}}")).await, "api");
        assert!(!docker.has_aliases(&candidate, &app.outside, &["api".into()]).await.unwrap());
        assert!(docker.has_aliases(&real, &app.outside, &["api".into()]).await.unwrap());
        healthy(docker, &candidate).await;

        let wanted = ["api".to_owned(), "other.name".to_owned()];
        docker.join_with_aliases(&candidate, &app.outside, &wanted).await.unwrap();
        assert!(docker.has_aliases(&candidate, &app.outside, &wanted).await.unwrap());
        let joined = docker.attachments(&candidate).await.unwrap();
        docker.join_with_aliases(&candidate, &app.outside, &wanted).await.unwrap();
        assert_eq!(docker.attachments(&candidate).await.unwrap(), joined);
        assert_eq!(joined.len(), 2);
        let inside = joined.iter().find(|a| a.network != app.outside).unwrap();
        assert!(!docker.has_aliases(&candidate, &inside.network, &["other.name".into()]).await.unwrap());

        let again = docker.recreate("api", &Silent).await.unwrap();
        assert_ne!(again.id, real.id);
        assert_eq!(again.image, second);
        assert_eq!(docker.candidate("api").await.unwrap(), Some(candidate.clone()));
        assert_eq!(docker.health(&real).await.unwrap(), Health::Gone);
        let volumes = inspect(&candidate, "{{range .Mounts}}{{.Name}}{{end}}").await;
        docker.remove(&candidate, Duration::from_secs(5)).await.unwrap();
        docker.remove(&candidate, Duration::from_secs(5)).await.unwrap();
        assert_eq!(docker.candidate("api").await.unwrap(), None);
        assert_eq!(docker.health(&candidate).await.unwrap(), Health::Gone);
        let left = Command::new("docker").args(["volume", "ls", "-q"]).run().await.unwrap().stdout;
        assert!(!volumes.is_empty() && !left.contains(&volumes), "{volumes}");

        // One of another image makes way, and one that is wanted with its names from the start has them everywhere.
        docker.start_candidate("api").await.unwrap();
        docker.point("api", &first).await.unwrap();
        let other = docker.start_candidate_with("api", Aliases::FromStart).await.unwrap();
        assert_eq!(other.image, first);
        for attachment in docker.attachments(&other).await.unwrap() {
            assert!(attachment.aliases.contains(&"api".to_owned()), "{attachment:?}");
        }
        docker.remove(&other, Duration::ZERO).await.unwrap();
        app.clear().await;
    }
}

#[tokio::test]
async fn the_host_reaches_an_instance_where_it_is_said_to() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        let api = in_service(docker).await;
        let address = docker.address(&api).await.unwrap().unwrap();
        assert_eq!(address.port(), 8000);
        let published = docker.published("api").await.unwrap();
        assert_eq!((published.len(), published[0].container_port, published[0].protocol), (1, 8000, Protocol::Tcp));
        assert!(published[0].host_ip.is_loopback());
        for address in [address, (published[0].host_ip, published[0].host_port).into()] {
            let get = async || {
                let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return Ok(None) };
                let (mut answer, asked) = (String::new(), stream.write_all(b"GET /page HTTP/1.0\r\n\r\n").await);
                let read = stream.read_to_string(&mut answer).await;
                Ok((asked.is_ok() && read.is_ok() && !answer.is_empty()).then_some(answer))
            };
            let answer = until(Text::new("x"), Duration::from_millis(50), Duration::from_secs(60), get).await.unwrap();
            assert!(answer.ends_with("\r\n1"), "{address} {answer}");
        }
        assert_eq!(docker.service_ports("api").await.unwrap(), [(8000, Protocol::Tcp)]);
        let bridges: Vec<_> = docker.attachments(&api).await.unwrap().into_iter().map(|a| a.bridge.unwrap()).collect();
        for bridge in &bridges {
            let here = std::path::Path::new("/sys/class/net").join(bridge).exists();
            let listed = Command::new("ip").args(["link", "show", bridge]).finish().await.unwrap().code == 0;
            assert!(here || listed, "{bridge}");
        }
        assert_eq!(bridges.len(), 2);
        let pid = docker.pid(&api).await.unwrap().unwrap();
        assert_eq!(inspect(&api, "{{.State.Pid}}").await, pid.to_string());
        let networks = docker.networks_of("api").unwrap();
        let outside: Vec<_> = networks.iter().filter(|n| n.external).map(|n| n.name.as_str()).collect();
        assert_eq!(outside, [app.outside.as_str()]);
        assert_eq!(docker.service("api").unwrap().env_files, [app.project.directory.join("backend/.env")]);

        // Without a health check: healthy once it accepts connections. Without a port: once it runs.
        let store = docker.recreate("store", &Silent).await.unwrap();
        healthy(docker, &store).await;
        assert_eq!(docker.address(&store).await.unwrap().unwrap().port(), 7000);
        Command::new("docker").args(["kill", store.id.as_str()]).run().await.unwrap();
        assert_eq!(docker.health(&store).await.unwrap(), Health::Exited(137));
        assert_eq!(docker.pid(&store).await.unwrap(), None);
        assert!(!docker.real("store").await.unwrap().unwrap().running);
        app.clear().await;
    }
}

#[tokio::test]
async fn env_files_of_what_is_extended_and_with_variables_are_known() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let dir = app.project.directory.join("more");
        std::fs::create_dir_all(dir.join("base")).unwrap();
        for (file, text) in [
            (
                "c.yml",
                "version: '2.4'\nservices:\n  api:\n    image: x\n    env_file: ['${NAME:-prod}.conf']\n    \
                 extends: {file: base/b.yml, service: base}\n",
            ),
            ("base/b.yml", "version: '2.4'\nservices:\n  base:\n    image: x\n    env_file: b.conf\n"),
            ("base/b.conf", "B=1\n"),
            ("prod.conf", "P=1\n"),
        ] {
            std::fs::write(dir.join(file), text).unwrap();
        }
        let docker = app.reopen(Project::new(&dir, ["c.yml"])).await;
        let parts = docker.parts("api").await.unwrap().unwrap();
        assert_eq!((parts.env, parts.unsure), (vec!["base/b.conf".to_owned()], vec!["*.conf".to_owned()]));
        app.clear().await;
    }
}

#[tokio::test]
async fn a_log_that_nobody_keeps_is_named_with_its_driver() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let store = app.docker.recreate("store", &Silent).await.unwrap();
        let name = format!("{}-unread", store.name);
        let run = ["run", "-d", "--log-driver", "none", "--name", &name, &store.image.0, "/bin/sleep", "100"];
        let id = Command::new("docker").args(run).run().await.unwrap().stdout.trim().to_owned();
        let unread = stapel_core::ports::Instance { id, name, ..store };
        let problem = app.docker.logs(&unread, 5, None).await.unwrap_err();
        assert_eq!(problem.code(), "engine-log-unreadable");
        assert!(problem.to_string().contains("\"none\""), "{problem}");
        let mut lines = app.docker.follow(&unread, 5, None, None).await.unwrap();
        let first = futures_util::StreamExt::next(&mut lines).await.unwrap();
        assert_eq!(first.unwrap_err().code(), "engine-log-unreadable");
        Command::new("docker").args(["rm", "-f", &unread.id]).run().await.unwrap();
        app.clear().await;
    }
}

#[tokio::test]
async fn commands_inside_get_bytes_and_give_bytes() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        let argv = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            docker.exec("api", &argv(&["/bin/true"]), &[], None, None).await.unwrap_err().code(),
            "engine-not-running"
        );
        docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        let api = docker.recreate("api", &Silent).await.unwrap();
        let env = [("EXTRA".to_owned(), "a b\n$c".to_owned())];
        let shell = argv(&["/bin/sh", "-c", "echo \"$EXTRA\"; echo no >&2; exit 3"]);
        let out = docker.exec("api", &shell, &env, None, None).await.unwrap();
        assert_eq!((out.code, out.stdout.as_str(), out.stderr.as_str()), (3, "a b\n$c\n", "no\n"));

        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let (mut source, target) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        std::io::Write::write_all(&mut source, &bytes).unwrap();
        std::io::Seek::rewind(&mut source).unwrap();
        let mut back = target.try_clone().unwrap();
        let out = docker.exec("api", &argv(&["/bin/cat"]), &[], Some(source), Some(target)).await.unwrap();
        assert_eq!((out.code, out.stdout.as_str()), (0, ""));
        let mut read = Vec::new();
        std::io::Seek::rewind(&mut back).unwrap();
        std::io::Read::read_to_end(&mut back, &mut read).unwrap();
        assert!(read == bytes, "{} bytes came back", read.len());

        let mut logs = docker.logs(&api, 100, None).await.unwrap();
        logs.sort();
        assert_eq!(logs, ["started", "wrong"]);
        assert_eq!(docker.logs(&api, 1, Some(3600)).await.unwrap().len(), 1);
        app.clear().await;
    }
}

#[tokio::test]
async fn a_project_that_the_team_calls_otherwise_is_found_by_its_containers() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let plain = app.docker.name().to_owned();
        let named = Project { name: Some(format!("{plain}x")), ..app.project.clone() };
        let theirs = app.reopen(named).await;
        let store = theirs.recreate("store", &Silent).await.unwrap();
        let found = app.reopen(app.project.clone()).await;
        assert_eq!(found.name(), format!("{plain}x"));
        assert_eq!(found.networks_of("store").unwrap()[0].name, format!("{plain}x_default"));
        assert_eq!(found.real("store").await.unwrap().map(|i| i.id), Some(store.id.clone()));
        assert_eq!(app.docker.real("store").await.unwrap(), None);
        theirs.remove(&store, Duration::ZERO).await.unwrap();
        Command::new("docker").args(["network", "rm", &format!("{plain}x_default")]).run().await.unwrap();
        assert_eq!(app.reopen(app.project.clone()).await.name(), plain);
        app.clear().await;
    }
}

#[tokio::test]
async fn a_broken_file_is_told_without_what_it_holds() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let file = app.project.directory.join("compose.production.yml");
        let good = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, good.replace("env_file: ./backend/.env", "environment: {A: 'hunter2${'}")).unwrap();
        let problem = app.project.config(&compose).await.unwrap_err();
        assert_eq!(problem.code(), "engine-config-invalid");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
        assert!(problem.to_string().contains("nterpolation"), "{problem}");
        app.clear().await;
    }
}

#[tokio::test]
async fn what_compose_made_of_the_files_is_known_until_they_change() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let notes = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(notes.path().to_owned()).unwrap();
        let noted = Project { notes: Some(path), ..app.project.clone() };
        let asked = app.project.config(&compose).await.unwrap();
        assert_eq!(noted.config(&compose).await.unwrap(), asked);
        // The note is what answers now: one that says something else is believed.
        let note = std::fs::read_dir(notes.path()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&note).unwrap();
        std::fs::write(&note, text.replace("unless-stopped", "on-failure")).unwrap();
        assert_eq!(noted.config(&compose).await.unwrap().services["api"].restart.as_deref(), Some("on-failure"));
        let file = app.project.directory.join("compose.production.yml");
        let written = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, written.replace("unless-stopped", "${POLICY:-always}")).unwrap();
        assert_eq!(noted.config(&compose).await.unwrap().services["api"].restart.as_deref(), Some("always"));
        std::fs::write(app.project.directory.join(".env"), "POLICY=no\n").unwrap();
        assert_eq!(noted.config(&compose).await.unwrap().services["api"].restart.as_deref(), Some("no"));
        assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 1);
        app.clear().await;
    }
}

#[tokio::test]
async fn a_copy_stands_by_whatever_becomes_of_the_definition() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        assert!(!docker.prepare_standby("api").await.unwrap());
        assert_eq!(docker.start_standby("api").await.unwrap(), None);
        docker.drop_standby("api").await.unwrap();
        let first = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        docker.keep("api", &first, "first").await.unwrap();
        let old = docker.recreate("api", &Silent).await.unwrap();
        let environment = inspect(&old, "{{json .Config.Env}}").await;
        for _ in 0..2 {
            assert!(docker.prepare_standby("api").await.unwrap());
        }
        // What does not run does not stand by, and is not taken for the real one.
        assert_eq!(docker.standby("api").await.unwrap(), None);
        assert_eq!(docker.real("api").await.unwrap(), Some(old.clone()));

        app.change("2");
        std::fs::write(app.project.directory.join("backend/.env"), "GREETING=other\n").unwrap();
        let second = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        let new = docker.recreate("api", &Silent).await.unwrap();
        assert_eq!((&new.image, docker.health(&old).await.unwrap()), (&second, Health::Gone));
        let standby = docker.start_standby("api").await.unwrap().unwrap();
        assert_eq!((&standby.image, standby.running), (&first, true));
        assert_eq!(docker.start_standby("api").await.unwrap(), Some(standby.clone()));
        assert_eq!(docker.standby("api").await.unwrap(), Some(standby.clone()));
        assert_eq!(docker.candidate("api").await.unwrap(), None);
        assert_eq!(docker.real("api").await.unwrap(), Some(new.clone()));
        healthy(docker, &standby).await;
        assert_eq!(inspect(&standby, "{{json .Config.Env}}").await, environment);
        assert_eq!(inspect(&standby, "{{json .HostConfig.PortBindings}}").await.replace("null", "{}"), "{}");
        assert_eq!(inspect(&standby, "{{.HostConfig.RestartPolicy.Name}}").await, "no");
        let on = docker.attachments(&standby).await.unwrap();
        assert_eq!(on.len(), 2);
        assert!(on.iter().all(|a| !a.aliases.contains(&"api".to_owned())), "{on:?}");
        assert_eq!(inspect(&standby, "{{index .Config.Labels \"traefik.enable\"}}").await, "");
        // Compose takes it for none of its own.
        let again = docker.recreate("api", &Silent).await.unwrap();
        assert_eq!(docker.health(&standby).await.unwrap(), Health::Healthy);
        assert_eq!(docker.real("api").await.unwrap(), Some(again));
        let vitals = docker.vitals(&standby).await.unwrap().unwrap();
        assert!(vitals.restarts == 0 && vitals.memory.is_some() && vitals.cpu.is_some(), "{vitals:?}");

        for _ in 0..2 {
            docker.drop_standby("api").await.unwrap();
            assert_eq!(docker.standby("api").await.unwrap(), None);
        }
        assert_eq!(docker.vitals(&standby).await.unwrap(), None);
        app.clear().await;
    }
}

#[tokio::test]
async fn a_log_is_read_on_from_where_it_ended() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        let api = in_service(docker).await;
        let (mut said, end) = docker.logs_from(&api, LogMark::BEGIN).await.unwrap();
        said.sort();
        assert_eq!(said, ["started", "wrong"]);
        assert_eq!(docker.logs_from(&api, end).await.unwrap(), (Vec::new(), end));
        // Started again it says the same again, and only that is new.
        docker.restart(&api, Duration::from_secs(5)).await.unwrap();
        healthy(docker, &api).await;
        let (mut again, later) = docker.logs_from(&api, end).await.unwrap();
        again.sort();
        assert_eq!(again, ["started", "wrong"]);
        assert!(later > end);
        let now = docker.log_end(&api).await.unwrap();
        assert_eq!(docker.logs_from(&api, now).await.unwrap().0, Vec::<String>::new());
        app.clear().await;
    }
}

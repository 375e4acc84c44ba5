//! Building, keeping, pointing and running once, with each compose of this machine and its own daemon.

use std::collections::BTreeMap;

use super::app::{App, Taken, composes};
use stapel_core::ports::{ImageId, Images, Instances, Silent};
use stapel_engine::{Generation, ONCE_LABEL, ONCE_PREFIX};
use stapel_host::Command;

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|w| (*w).to_owned()).collect()
}

#[tokio::test]
async fn an_image_is_built_kept_pointed_at_and_dropped() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        assert_eq!(docker.pointed("api").await.unwrap(), None);
        assert_eq!(docker.in_use("api").await.unwrap(), None);
        let lines = Taken::default();
        let first = docker.build("api", false, &BTreeMap::new(), &lines).await.unwrap();
        assert!(lines.all().iter().any(|l| l.contains("page")), "{:?}", lines.all());
        assert_eq!(docker.pointed("api").await.unwrap().as_ref(), Some(&first));
        let name = docker.keep("api", &first, "stapel-r1").await.unwrap();
        assert!(name.ends_with("-api:stapel-r1"), "{name}");
        docker.recreate("api", &Silent).await.unwrap();
        assert_eq!(docker.in_use("api").await.unwrap().as_ref(), Some(&first));

        app.change("2");
        let second = docker.build("api", true, &BTreeMap::new(), &Silent).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(docker.in_use("api").await.unwrap().as_ref(), Some(&first));
        docker.keep("api", &second, "stapel-r2").await.unwrap();
        assert_eq!(docker.tags("api", "stapel-r").await.unwrap(), ["stapel-r1", "stapel-r2"]);
        assert_eq!(docker.kept("api", "stapel-r1").await.unwrap().as_ref(), Some(&first));
        docker.point("api", &first).await.unwrap();
        assert_eq!(docker.pointed("api").await.unwrap().as_ref(), Some(&first));

        // The second has no other name now and nobody uses it: it goes. The first is pointed at and runs: it stays.
        docker.drop_tag("api", "stapel-r2").await.unwrap();
        assert_eq!(docker.kept("api", "stapel-r2").await.unwrap(), None);
        assert!(docker.point("api", &second).await.is_err());
        docker.drop_tag("api", "stapel-r1").await.unwrap();
        docker.drop_tag("api", "stapel-r1").await.unwrap();
        assert_eq!(docker.in_use("api").await.unwrap().as_ref(), Some(&first));
        // Even its last name can be taken off while it runs.
        docker.drop_tag("api", "latest").await.unwrap();
        assert_eq!(docker.pointed("api").await.unwrap(), None);
        assert_eq!(docker.recreate("api", &Silent).await.unwrap_err().code(), "engine-image-missing");
        docker.point("api", &first).await.unwrap();
        app.clear().await;
    }
}

#[tokio::test]
async fn build_arguments_reach_the_image() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let args = [("V".to_owned(), "two words = $HOME".to_owned())].into();
        let image = app.docker.build("api", false, &args, &Silent).await.unwrap();
        let lines = Taken::default();
        let argv = words(&["/bin/sh", "-c", "echo \"$V\""]);
        assert_eq!(app.docker.run_once("api", &image, &argv, &lines).await.unwrap(), 0);
        assert_eq!(lines.all(), ["two words = $HOME"]);
        assert_ne!(app.docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap(), image);
        app.clear().await;
    }
}

#[tokio::test]
async fn what_builds_have_left_without_a_name_goes_and_what_others_left_stays() {
    for compose in composes().await {
        let (Some(app), Some(other)) = (App::new(&compose).await, App::new(&compose).await) else { return };
        let docker = &app.docker;
        let mut all = Vec::new();
        for page in ["1", "2", "3"] {
            // One that nobody else's is equal to.
            app.change(&format!("{}{page}", docker.name()));
            all.push(docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap());
        }
        other.change(&format!("{}1", other.docker.name()));
        let foreign = other.docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        other.change(&format!("{}2", other.docker.name()));
        other.docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        let there = |image: &ImageId| {
            let command = Command::new("docker").args(["image", "inspect", &image.0]);
            async move { command.finish().await.unwrap().code == 0 }
        };
        // The second is needed; of the third the name is still there.
        let gone = docker.drop_unnamed("api", &all, &all[1..2]).await.unwrap();
        assert_eq!(gone, 1);
        assert!(!there(&all[0]).await && there(&all[1]).await && there(&all[2]).await);
        // Of whoever has not built it, it is not; compose 2 labels what it builds.
        let labels = compose.generation == Generation::V2;
        assert_eq!(docker.drop_unnamed("api", &[], &[]).await.unwrap(), usize::from(labels));
        assert_eq!(docker.drop_unnamed("api", &all, &[]).await.unwrap(), usize::from(!labels));
        assert!(!there(&all[1]).await && there(&all[2]).await && there(&foreign).await);
        assert_eq!(other.docker.drop_unnamed("api", &[foreign], &[]).await.unwrap(), 1);
        // Far below what any cache holds: the request is understood, and nothing is taken away.
        assert_eq!(docker.prune_cache(1 << 50).await.unwrap(), 0);
        app.clear().await;
        other.clear().await;
    }
}

#[tokio::test]
async fn an_image_without_a_name_in_the_file_has_the_one_compose_gives() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let built = app.docker.build("worker", false, &BTreeMap::new(), &Silent).await.unwrap();
        let name = app.docker.image_name("worker").unwrap();
        assert_eq!(name, format!("{}{}worker", app.docker.name(), app.separator()));
        let real = app.docker.recreate("worker", &Silent).await.unwrap();
        assert_eq!(real.image, built);
        app.clear().await;
    }
}

#[tokio::test]
async fn a_one_off_run_has_the_environment_and_leaves_nothing() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = &app.docker;
        let old = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        docker.keep("api", &old, "old").await.unwrap();
        app.change("2");
        let new = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();

        // What is asked for runs, not what the definition points at; arguments stay as they are; both outputs come.
        let argv = words(&[
            "/bin/sh",
            "-c",
            "cat /www/page; echo; echo \"$SECRET $1\"; echo to-stderr >&2; exit 7",
            "x",
            "a b '$HOME'",
        ]);
        for (image, page) in [(&old, "1"), (&new, "2")] {
            let lines = Taken::default();
            let code = docker.run_once("api", image, &argv, &lines).await.unwrap();
            let mut said = lines.all();
            said.sort();
            let mut expected = vec![page.to_owned(), "hunter2 a b '$HOME'".to_owned(), "to-stderr".to_owned()];
            expected.sort();
            assert_eq!((code, said), (7, expected));
        }
        assert_eq!(docker.run_once("api", &new, &words(&["/bin/true"]), &Silent).await.unwrap(), 0);
        let missing = ImageId("sha256:0000000000000000000000000000000000000000000000000000000000000000".into());
        assert_eq!(docker.run_once("api", &missing, &argv, &Silent).await.unwrap_err().code(), "engine-image-missing");
        let wrong = docker.run_once("api", &new, &words(&["/no/such program"]), &Silent).await.unwrap_err();
        assert_eq!(wrong.code(), "engine-compose-failed");
        let left = Command::new("docker").args(["ps", "-aq", "--filter"]).arg(format!("label={ONCE_LABEL}"));
        let left = left.arg("--filter").arg(format!("name={ONCE_PREFIX}{}", docker.name())).run().await.unwrap().stdout;
        assert_eq!(left, "");
        app.clear().await;
    }
}

#[tokio::test]
async fn a_one_off_run_whose_process_died_is_swept() {
    for compose in composes().await {
        let Some(app) = App::new(&compose).await else { return };
        let docker = app.docker.clone();
        let image = docker.build("api", false, &BTreeMap::new(), &Silent).await.unwrap();
        let lines = std::sync::Arc::new(Taken::default());
        let (inner, taken) = (docker.clone(), lines.clone());
        let argv = words(&["/bin/sh", "-c", "echo here; exec sleep 1000"]);
        let run = tokio::spawn(async move { inner.run_once("api", &image, &argv, taken.as_ref()).await });
        let every = std::time::Duration::from_millis(20);
        let limit = std::time::Duration::from_secs(120);
        let here = async || Ok((!lines.all().is_empty()).then_some(()));
        stapel_host::until(stapel_text::Text::new("x"), every, limit, here).await.unwrap();
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());
        assert_eq!(docker.sweep_once().await.unwrap(), 1);
        assert_eq!(docker.sweep_once().await.unwrap(), 0);
        assert_eq!(docker.real("api").await.unwrap(), None);
        app.clear().await;
    }
}

//! A world of its own for each test, with the real processes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use hyper::StatusCode;
use stapel_core::ports::{Health, ImageId, Images, Instance, Instances, Lines, Silent};
use stapel_embedded::runtime::Embedded;
use stapel_host::until;
use stapel_text::Text;
use tokio::task::{LocalSet, spawn_local};

use crate::requests::Requests;

pub(crate) const SERVICE: &str = "api";
pub(crate) const LONG: Duration = Duration::from_secs(120);
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// A runtime of its own in a directory of its own.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) dir: Utf8PathBuf,
    pub(crate) runtime: Embedded,
}

/// Runs a test in a world and leaves nothing of it, however the test ends.
pub(crate) async fn in_world<F: Future<Output = ()> + 'static>(test: impl FnOnce(World) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(dir.path()).unwrap().canonicalize_utf8().unwrap();
    let program = env!("CARGO_BIN_EXE_stapel-embedded");
    let runtime = Embedded::new(path.join("root"), path.join("app"), program, [""; 0]).unwrap();
    std::fs::create_dir(path.join("app")).unwrap();
    let world = World { dir: path, runtime };
    let inside = world.clone();
    let result = LocalSet::new().run_until(async { spawn_local(test(inside)).await }).await;
    world.runtime.stop_all().await.unwrap();
    assert_eq!(world.processes(), Vec::<String>::new(), "stop_all leaves nothing");
    result.unwrap();
}

impl World {
    pub(crate) async fn build(&self, version: u32) -> ImageId {
        std::fs::write(self.dir.join("app/app.toml"), format!("version = {version}\n")).unwrap();
        self.runtime.build(SERVICE, false, &BTreeMap::new(), &Silent).await.unwrap()
    }

    /// Builds, migrates and starts a version as the first one.
    pub(crate) async fn serve(&self, version: u32) -> Instance {
        let image = self.build(version).await;
        assert_eq!(self.migrate(&image, &["upgrade"]).await.0, 0);
        let real = self.runtime.recreate(SERVICE, &Silent).await.unwrap();
        self.healthy(&real).await;
        real
    }

    pub(crate) async fn migrate(&self, image: &ImageId, words: &[&str]) -> (i32, Vec<String>) {
        let argv: Vec<String> = ["migrate"].iter().chain(words).map(|w| (*w).to_owned()).collect();
        let lines = Collected::default();
        let code = self.runtime.run_once(SERVICE, image, &argv, &lines).await.unwrap();
        (code, lines.0.into_inner().unwrap())
    }

    pub(crate) async fn healthy(&self, instance: &Instance) {
        until(Text::new("healthy"), LOOK, LONG, async || {
            Ok((self.runtime.health(instance).await? == Health::Healthy).then_some(()))
        })
        .await
        .unwrap();
    }

    pub(crate) async fn proxy(&self) -> SocketAddr {
        self.runtime.proxy_address().await.unwrap().expect("the proxy runs")
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, serde_json::Value) {
        Requests::new(self.proxy().await, false).get(path).await.unwrap()
    }

    /// The command lines of all processes that have to do with this world.
    pub(crate) fn processes(&self) -> Vec<String> {
        let found = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(self.dir.as_str()).then_some(line)
        });
        found.collect()
    }
}

/// Kills the process that says that it is this instance's, the hard way.
pub(crate) fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// The process number in a record of the runtime.
pub(crate) fn recorded_pid(record: impl AsRef<Path>) -> i32 {
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    record["process"]["pid"].as_i64().unwrap().try_into().unwrap()
}

#[derive(Default)]
pub(crate) struct Collected(pub(crate) std::sync::Mutex<Vec<String>>);

impl Lines for Collected {
    fn line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

/// Waits until it is so.
pub(crate) async fn eventually(is_so: impl AsyncFn() -> bool) {
    let is_so = &is_so;
    until(Text::new("so"), LOOK, LONG, || async move { Ok(is_so().await.then_some(())) }).await.unwrap();
}

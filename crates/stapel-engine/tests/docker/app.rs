//! A small app of its own at the daemon of this machine, for each compose that is installed, taken away at the end.

use std::sync::Mutex;

use camino::Utf8PathBuf;
use stapel_core::ports::Lines;
use stapel_engine::{Compose, Docker, Engine, Generation, Project};
use stapel_host::Command;

/// Takes lines down.
#[derive(Default)]
pub(crate) struct Taken(Mutex<Vec<String>>);

impl Lines for Taken {
    fn line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

impl Taken {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The app: `api` (built, fixed name, published, two networks, health check), `worker` (built, no port),
/// `store` (no fixed name).
pub(crate) struct App {
    pub(crate) docker: Docker,
    pub(crate) project: Project,
    pub(crate) compose: Compose,
    pub(crate) outside: String,
    name: String,
    base: String,
    _dir: tempfile::TempDir,
}

async fn docker(args: &[&str]) -> String {
    Command::new("docker").args(args.iter().copied()).run().await.unwrap().stdout.trim().to_owned()
}

/// Each compose that suits the daemon; empty, with a line that says so, where there is no daemon.
pub(crate) async fn composes() -> Vec<Compose> {
    let facts = match Engine::connect().await {
        Ok(engine) => engine.ping().await.unwrap(),
        Err(problem) => {
            println!("left out: {problem}");
            return Vec::new();
        }
    };
    let all = Compose::all().await;
    if all.is_empty() {
        println!("left out: no compose on this machine");
    }
    all.into_iter().filter(|c| c.suits(&facts).inspect_err(|p| println!("left out: {p}")).is_ok()).collect()
}

impl App {
    /// A fresh one. `busybox` must be on the machine: it is all there is in its base image.
    pub(crate) async fn new(compose: &Compose) -> Option<Self> {
        let Some(base) = base_image().await else {
            println!("left out: no statically linked busybox on this machine (package busybox-static)");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let unique = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let (name, outside) = (format!("engtest{unique}"), format!("engtest{unique}-proxy"));
        let path = Utf8PathBuf::from_path_buf(dir.path().join(&name)).unwrap();
        docker(&["network", "create", &outside]).await;
        let files = [
            (
                "backend/Dockerfile",
                format!(
                    "FROM {base}\nARG V=1\nENV V=$V\nEXPOSE 8000\nCOPY page /www/page\nCMD [\"/bin/sh\", \"/www/run\"]\nCOPY run /www/run\n"
                ),
            ),
            ("backend/page", "1".to_owned()),
            (
                "backend/run",
                "echo started; echo wrong >&2; trap 'exit 0' TERM; httpd -f -p 8000 -h /www & wait\n".to_owned(),
            ),
            ("backend/.env", "SECRET=hunter2\n".to_owned()),
            (
                "compose.production.yml",
                format!(
                    "version: \"3.8\"\nservices:\n  api:\n    build: ./backend\n    image: {name}-api:latest\n    \
                     container_name: {name}-api\n    restart: unless-stopped\n    env_file: ./backend/.env\n    \
                     ports: ['127.0.0.1::8000']\n    networks: {{default: {{}}, outside: {{}}}}\n    \
                     volumes: [/anonymous]\n    healthcheck: {{test: [CMD, 'true'], interval: 1s}}\n  \
                     worker:\n    build: ./backend\n    command: [/bin/sh, -c, 'exec sleep 1000']\n  \
                     store:\n    image: {base}\n    command: [/bin/httpd, -f, -p, '7000']\n    expose: [7000]\n\
                     networks:\n  outside: {{external: true, name: {outside}}}\n"
                ),
            ),
        ];
        for (file, content) in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        let project = Project::new(&path, ["compose.production.yml"]);
        let engine = Engine::connect().await.unwrap();
        let opened = Docker::open(engine, compose.clone(), project.clone()).await.unwrap();
        Some(Self { docker: opened, project, compose: compose.clone(), outside, name, base, _dir: dir })
    }

    /// Changes what the image of `api` and `worker` holds.
    pub(crate) fn change(&self, page: &str) {
        std::fs::write(self.project.directory.join("backend/page"), page).unwrap();
    }

    /// The same app, opened anew.
    pub(crate) async fn reopen(&self, project: Project) -> Docker {
        Docker::open(Engine::connect().await.unwrap(), self.compose.clone(), project).await.unwrap()
    }

    pub(crate) fn separator(&self) -> &'static str {
        if self.compose.generation == Generation::V1 { "_" } else { "-" }
    }

    /// Takes away all that it made: containers, networks, images.
    pub(crate) async fn clear(self) {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        for id in docker(&["ps", "-aq", "--filter", &filter]).await.lines() {
            // Compose hands an anonymous volume on to the next container as if it had a name.
            let volumes = docker(&["inspect", "-f", "{{range .Mounts}}{{println .Name}}{{end}}", id]).await;
            docker(&["rm", "-fv", id]).await;
            for volume in volumes.split_whitespace() {
                docker(&["volume", "rm", "-f", volume]).await;
            }
        }
        for id in docker(&["network", "ls", "-q", "--filter", &filter]).await.lines() {
            docker(&["network", "rm", id]).await;
        }
        docker(&["network", "rm", &self.outside]).await;
        let ours = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).await;
        for image in ours.lines().filter(|i| i.starts_with(&self.name)) {
            docker(&["rmi", "-f", image]).await;
        }
        docker(&["rmi", &self.base]).await;
    }
}

/// Each app has its own name for it, so that one may take it away while another still uses it.
async fn base_image() -> Option<String> {
    let program = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|p| std::path::Path::new(p).exists());
    let program = std::env::var("STAPEL_TEST_BUSYBOX").ok().or(program.map(str::to_owned))?;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::copy(program, root.join("bin/busybox")).unwrap();
    for applet in ["sh", "cat", "echo", "env", "sleep", "httpd", "true", "false", "wc", "head"] {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    let tar = dir.path().join("root.tar");
    Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").run().await.unwrap();
    let name = format!("engtestbase{}:1", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    Command::new("docker").arg("import").arg(&tar).arg(&name).run().await.unwrap();
    Some(name)
}

//! A throw-away PostgreSQL, and an `Exec` that runs commands beside it the way an engine does inside a container:
//! bytes go through pipes, which nobody can seek in.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use async_trait::async_trait;
use stapel_core::ports::{Exec, ExecOutput};
use stapel_text::{Problem, problem};
use tempfile::TempDir;

/// The account that PostgreSQL runs as where the tests run as root, which it refuses.
const ACCOUNT: &str = "postgres";

pub(crate) struct Cluster {
    bin: PathBuf,
    dir: TempDir,
    /// Where it listens besides its socket.
    pub(crate) port: Option<u16>,
    /// Variables that the "container" has.
    pub(crate) env: Vec<(String, String)>,
}

impl Cluster {
    /// `None`, with a line that says so, where there is no PostgreSQL.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("", "local all all trust\n")
    }

    /// One that listens at a port of this machine as well, and lets in whoever these lines of `pg_hba.conf` do; its own
    /// administrator always.
    pub(crate) fn listening(hba: &str) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self::start_with(&format!("127.0.0.1 -p {port}"), &format!("local all app trust\n{hba}"))?;
        cluster.port = Some(port);
        Some(cluster)
    }

    fn start_with(listens: &str, hba: &str) -> Option<Self> {
        let Some(bin) = binaries() else {
            eprintln!("left out: no PostgreSQL server binaries on this machine");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        if nix::unistd::geteuid().is_root() {
            let Some(user) = nix::unistd::User::from_name(ACCOUNT).unwrap() else {
                eprintln!("left out: root cannot run PostgreSQL and there is no account {ACCOUNT}");
                return None;
            };
            chown(dir.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        // Whoever the system is to vouch for must come to the socket.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let socket = dir.path().to_str().unwrap().to_owned();
        let port = listens.split_once("-p ").map_or("5432", |(_, port)| port);
        let variables =
            [("PGHOST", socket.as_str()), ("PGPORT", port), ("POSTGRES_USER", "app"), ("POSTGRES_DB", "appdb")];
        let env = variables.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        let cluster = Self { bin, dir, env, port: None };
        let data = cluster.data();
        cluster.server("initdb", &["--no-sync", "--auth=trust", "--username=app", "--encoding=UTF8", "-D", &data]);
        std::fs::write(format!("{data}/pg_hba.conf"), hba).unwrap();
        let options = format!("-F -k {socket} -c listen_addresses={listens}");
        cluster.server("pg_ctl", &["-D", &data, "-w", "-l", &format!("{socket}/log"), "-o", &options, "start"]);
        cluster.sql("postgres", "CREATE DATABASE appdb");
        Some(cluster)
    }

    /// Where its tools are.
    pub(crate) fn bin(&self) -> &str {
        self.bin.to_str().unwrap()
    }

    /// Where its socket is.
    pub(crate) fn socket(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }

    fn data(&self) -> String {
        format!("{}/data", self.dir.path().display())
    }

    fn server(&self, program: &str, args: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if nix::unistd::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Not captured: the server would hold the pipe open.
        let log = File::create(self.dir.path().join("tools.log")).unwrap();
        let status =
            command.args(args).current_dir(self.dir.path()).stdout(log.try_clone().unwrap()).stderr(log).status();
        let said = std::fs::read_to_string(self.dir.path().join("tools.log")).unwrap();
        assert!(status.unwrap().success(), "{args:?}: {said}");
    }

    /// Runs SQL and gives what it prints.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = Command::new(self.bin.join("psql"));
        command.envs(self.env.clone()).args(["-XqtA", "-v", "ON_ERROR_STOP=1", "-U", "app", "-d", database, "-c", sql]);
        let out = command.output().unwrap();
        assert!(out.status.success(), "{sql}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut bins: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin")).collect();
    bins.retain(|bin| bin.join("initdb").exists());
    bins.sort();
    bins.pop()
}

#[async_trait]
impl Exec for Cluster {
    async fn exec(
        &self,
        _service: &str,
        argv: &[String],
        env: &[(String, String)],
        stdin: Option<File>,
        stdout: Option<File>,
    ) -> Result<ExecOutput, Problem> {
        let own = self.bin.join(&argv[0]);
        let mut command = Command::new(if own.exists() { own } else { PathBuf::from(&argv[0]) });
        command.args(&argv[1..]).envs(self.env.clone()).envs(env.iter().cloned());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| problem!(Failed, "io-failed", path = &argv[0], error = e))?;
        let mut input = child.stdin.take().unwrap();
        let feeding = std::thread::spawn(move || {
            // Who has read enough closes the pipe; that is no failure.
            stdin.map(|mut file| std::io::copy(&mut file, &mut input))
        });
        let mut output = child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = Vec::new();
            match stdout {
                Some(mut file) => drop(std::io::copy(&mut output, &mut file).unwrap()),
                None => drop(output.read_to_end(&mut text).unwrap()),
            }
            text
        });
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = child.wait().unwrap().code().unwrap_or(137);
        drop(feeding.join().unwrap());
        let stdout = String::from_utf8(reading.join().unwrap()).unwrap();
        Ok(ExecOutput { code, stdout, stderr })
    }
}

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;

use camino::Utf8PathBuf;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use stapel_host::{Detached, ProcessId, until};
use stapel_text::{Problem, problem, text};

use super::definition::Definition;
use super::processes::{MARK, Place};
use super::{Embedded, LOOK, PROMPT, STOP};
use crate::files;
use crate::proxy::{Order, Status, Upstream, ask};

impl Embedded {
    /// Where the proxy serves, `None` where it does not run. From its first start on the address stays the same.
    ///
    /// # Errors
    /// `embedded-proxy-silent`.
    pub async fn proxy_address(&self) -> Result<Option<SocketAddr>, Problem> {
        Ok(self.proxy_status().await?.map(|s| s.listen))
    }

    /// What the proxy says, `None` where it does not run.
    ///
    /// # Errors
    /// `embedded-proxy-silent`.
    pub async fn proxy_status(&self) -> Result<Option<Status>, Problem> {
        ask(&self.control(), &Order::Status(true)).await
    }

    /// Starts the proxy where it does not run. It takes the port of `app.toml`; with port 0, or without a readable
    /// `app.toml`, the one it had before; else a free one. One that runs stays where it is.
    ///
    /// # Errors
    /// `embedded-proxy-ended` with what it said, `embedded-proxy-silent`, and those of reading `app.toml` at the very
    /// first start.
    pub async fn ensure_proxy(&self) -> Result<Status, Problem> {
        if let Some(status) = self.proxy_status().await? {
            return Ok(status);
        }
        let _lock = self.lock_proxy().await?;
        if let Some(status) = self.proxy_status().await? {
            return Ok(status);
        }
        self.sweep(Place::Proxy, STOP).await?;
        let process = self.start_proxy(self.listen()?)?;
        let status = until(text!("embedded-wait-proxy"), LOOK, PROMPT, async || match self.proxy_status().await? {
            None if !process.alive() => Err(self.proxy_ended()),
            status => Ok(status),
        })
        .await?;
        files::replace(&self.listen_file(), status.listen.to_string().as_bytes())?;
        Ok(status)
    }

    /// Makes `set` the upstreams, and starts the proxy for it where it does not run.
    pub(crate) async fn give_to(&self, set: Vec<Upstream>) -> Result<Status, Problem> {
        self.ensure_proxy().await?;
        ask(&self.control(), &Order::Set(set)).await?.ok_or_else(|| self.proxy_ended())
    }

    pub(crate) fn control(&self) -> Utf8PathBuf {
        self.root.join("proxy/control.sock")
    }

    fn listen_file(&self) -> Utf8PathBuf {
        self.root.join("proxy/listen")
    }

    fn log(&self) -> Utf8PathBuf {
        self.root.join("proxy/log")
    }

    fn listen(&self) -> Result<SocketAddr, Problem> {
        let recorded = files::read(&self.listen_file())?.and_then(|l| l.trim().parse().ok());
        match (Definition::read(&self.app), recorded) {
            (Ok(definition), recorded) if definition.listen.port() == 0 => {
                Ok(recorded.filter(|r: &SocketAddr| r.ip() == definition.listen.ip()).unwrap_or(definition.listen))
            }
            (Ok(definition), _) => Ok(definition.listen),
            (Err(_), Some(recorded)) => Ok(recorded),
            (Err(problem), None) => Err(problem),
        }
    }

    fn start_proxy(&self, listen: SocketAddr) -> Result<ProcessId, Problem> {
        let log = File::create(self.log()).map_err(|e| files::io(&self.log(), &e))?;
        let args =
            ["proxy".into(), "--listen".into(), listen.to_string(), "--control".into(), self.control().into_string()];
        Detached::new(&self.program, self.leading_args.iter().cloned().chain(args))
            .env(MARK, self.mark(Place::Proxy))
            .start(log)
            .map_err(|e| problem!(Failed, "io-failed", path = self.program.display(), error = e))
    }

    fn proxy_ended(&self) -> Problem {
        let said = files::read(&self.log()).ok().flatten().unwrap_or_default();
        problem!(Failed, "embedded-proxy-ended", output = said.trim())
    }

    /// Two processes must not start two proxies.
    async fn lock_proxy(&self) -> Result<File, Problem> {
        files::make_dir(&self.root.join("proxy"))?;
        let path = self.root.join("proxy/lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|e| files::io(&path, &e))?;
        until(text!("embedded-wait-lock"), LOOK, PROMPT, async || {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(Some(())),
                Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
                Err(e) => Err(files::io(&path, &e.into())),
            }
        })
        .await?;
        Ok(file)
    }
}

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use jiff::Timestamp;
use stapel_core::ports::{Health, ImageId, Images, Instance, Instances, Lines, LogLines, LogMark, Vitals};
use stapel_host::{Detached, Usage, until, usage};
use stapel_text::{Problem, problem, text};

use super::processes::{MARK, Place, end};
use super::record::{Record, Slot};
use super::{Embedded, LOOK, PROMPT, STOP, http, logs};
use crate::files;
use crate::proxy::Upstream;

/// The exit code of an instance that ended without a last word: killed, as Docker says it.
const KILLED: i64 = 137;

#[async_trait]
impl Instances for Embedded {
    async fn real(&self, _service: &str) -> Result<Option<Instance>, Problem> {
        Ok(self.record(Slot::Real)?.map(|r| r.instance()))
    }

    async fn candidate(&self, _service: &str) -> Result<Option<Instance>, Problem> {
        Ok(self.record(Slot::Candidate)?.map(|r| r.instance()))
    }

    async fn start_candidate(&self, service: &str) -> Result<Instance, Problem> {
        let image = self.image_to_start(service).await?;
        self.beside(Slot::Candidate, format!("{service}-candidate"), image).await
    }

    /// An image never changes: to know it is enough.
    async fn prepare_standby(&self, _service: &str) -> Result<bool, Problem> {
        let Some(real) = self.record(Slot::Real)? else { return Ok(false) };
        files::replace_json(&self.standby_file(), &real.image)?;
        Ok(true)
    }

    async fn standby(&self, _service: &str) -> Result<Option<Instance>, Problem> {
        Ok(self.record(Slot::Standby)?.map(|r| r.instance()).filter(|instance| instance.running))
    }

    async fn start_standby(&self, service: &str) -> Result<Option<Instance>, Problem> {
        let Some(image) = files::read_json::<ImageId>(&self.standby_file())? else { return Ok(None) };
        self.beside(Slot::Standby, format!("{service}-standby"), image).await.map(Some)
    }

    async fn drop_standby(&self, _service: &str) -> Result<(), Problem> {
        if let Some(there) = self.record(Slot::Standby)? {
            self.remove(&there.instance(), STOP).await?;
        }
        files::remove(&self.standby_file())
    }

    async fn health(&self, instance: &Instance) -> Result<Health, Problem> {
        let Some((_, record)) = self.record_of(&instance.id)? else { return Ok(Health::Gone) };
        // Looked at in this order, so that one that ends in between has had time for its last word.
        let alive = record.process.id().alive();
        let state = self.state(&instance.id)?;
        if !alive {
            return Ok(Health::Exited(state.and_then(|s| s.exit).unwrap_or(KILLED)));
        }
        let Some(address) = state.and_then(|s| s.address) else { return Ok(Health::Starting) };
        Ok(match http::get(address, "/health").await {
            Ok((status, _)) if status.is_success() => Health::Healthy,
            Ok((status, body)) => Health::Unhealthy(format!("{status}: {body}")),
            Err(why) => Health::Unhealthy(why),
        })
    }

    async fn address(&self, instance: &Instance) -> Result<Option<SocketAddr>, Problem> {
        let Some((_, record)) = self.record_of(&instance.id)? else { return Ok(None) };
        let state = self.state(&instance.id)?;
        Ok(state.and_then(|s| s.address).filter(|_| record.process.id().alive()))
    }

    async fn vitals(&self, instance: &Instance) -> Result<Option<Vitals>, Problem> {
        let Some((_, record)) = self.record_of(&instance.id)? else { return Ok(None) };
        // Nobody starts it again.
        let vitals = |usage: Usage| Vitals { restarts: 0, memory: Some(usage.memory), cpu: Some(usage.cpu) };
        Ok(usage(record.process.id().pid).map(vitals))
    }

    async fn recreate(&self, service: &str, lines: &dyn Lines) -> Result<Instance, Problem> {
        let image = self.image_to_start(service).await?;
        // Also where it is of this image already, as `compose up --force-recreate` does: a restart is to be one.
        if let Some(old) = self.record(Slot::Real)?.map(|r| r.instance()) {
            lines.line(&format!("stopping {}", old.name));
            self.end_instance(&old, STOP).await?;
        }
        let real = self.start(Slot::Real, service.to_owned(), image).await?;
        lines.line(&format!("started {} from {}", real.name, real.image));
        self.put_in_unless_diverted(&real).await?;
        Ok(real)
    }

    /// It comes back as another process, and so as another instance.
    async fn restart(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        let Some((slot, record)) = self.record_of(&instance.id)? else {
            return Err(problem!(Failed, "embedded-not-serving", name = &instance.name));
        };
        // It stays on record until the other one is: whoever dies in between leaves one that has ended, and is found.
        end(&[record.process.id()], grace, text!("embedded-wait-end", name = &record.name)).await?;
        files::remove(&self.state_file(&record.id))?;
        let again = self.start(slot, record.name, record.image).await?;
        if slot == Slot::Real { self.put_in_unless_diverted(&again).await } else { Ok(()) }
    }

    async fn remove(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        self.let_go(instance).await?;
        self.end_instance(instance, grace).await
    }

    async fn logs(&self, instance: &Instance, tail: usize, since_s: Option<u64>) -> Result<Vec<String>, Problem> {
        let path = self.log_file(&instance.id);
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            result => result.map_err(|e| files::io(&path, &e))?,
        };
        Ok(logs::select(&String::from_utf8_lossy(&bytes), tail, since_s.and_then(logs::ago)))
    }

    async fn log_end(&self, instance: &Instance) -> Result<LogMark, Problem> {
        Ok(LogMark(self.log_file(&instance.id).metadata().map_or(0, |m| m.len())))
    }

    async fn logs_from(&self, instance: &Instance, from: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
        logs::whole_lines(&self.log_file(&instance.id), from)
    }

    async fn follow(
        &self,
        instance: &Instance,
        tail: usize,
        since_s: Option<u64>,
        _after: Option<Timestamp>,
    ) -> Result<LogLines, Problem> {
        Ok(logs::follow(self.clone(), instance.clone(), tail, since_s.and_then(logs::ago)))
    }
}

impl Embedded {
    /// The image of which an instance can stand by.
    fn standby_file(&self) -> Utf8PathBuf {
        self.root.join("standby")
    }

    /// The instance in this slot: one of this image that runs there already, else a new one.
    async fn beside(&self, slot: Slot, name: String, image: ImageId) -> Result<Instance, Problem> {
        if let Some(there) = self.record(slot)? {
            let instance = there.instance();
            if instance.image == image && instance.running {
                return Ok(instance);
            }
            self.remove(&instance, STOP).await?;
        }
        self.start(slot, name, image).await
    }

    async fn image_to_start(&self, service: &str) -> Result<ImageId, Problem> {
        self.pointed(service).await?.ok_or_else(|| problem!(Failed, "embedded-no-image", service = service))
    }

    /// Starts an instance in a slot that is free and records it.
    async fn start(&self, slot: Slot, name: String, image: ImageId) -> Result<Instance, Problem> {
        let content = self.image(&image)?;
        self.sweep(Place::Slot(slot), STOP).await?;
        files::make_dir(&self.root.join("run"))?;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let args = [
            "app".into(),
            "--version".into(),
            content.version.to_string(),
            "--listen".into(),
            "127.0.0.1:0".into(),
            "--database".into(),
            self.app.join(content.database).into_string(),
            "--state".into(),
            self.state_file(&id).into_string(),
        ];
        let process = Detached::new(&self.program, self.leading_args.iter().cloned().chain(args))
            .env(MARK, self.mark(Place::Slot(slot)))
            .start(self.new_log(&id)?)
            .map_err(|e| problem!(Failed, "io-failed", path = self.program.display(), error = e))?;
        let record = Record { format: 1, id, name, image, process: process.into() };
        self.store_record(slot, &record)?;
        Ok(record.instance())
    }

    /// Ends an instance and forgets it.
    async fn end_instance(&self, instance: &Instance, grace: Duration) -> Result<(), Problem> {
        let Some((slot, record)) = self.record_of(&instance.id)? else { return Ok(()) };
        end(&[record.process.id()], grace, text!("embedded-wait-end", name = &record.name)).await?;
        self.forget(slot, &record.id)
    }

    /// The instance as an upstream, once it listens.
    ///
    /// # Errors
    /// `embedded-not-serving` where it has ended or is not there.
    pub(crate) async fn upstream(&self, instance: &Instance) -> Result<Upstream, Problem> {
        until(text!("embedded-wait-address", name = &instance.name), LOOK, PROMPT, async || {
            let address = self.address(instance).await?;
            let alive = self.record_of(&instance.id)?.is_some_and(|(_, r)| r.process.id().alive());
            match address {
                None if !alive => Err(problem!(Failed, "embedded-not-serving", name = &instance.name)),
                None => Ok(None),
                Some(address) => Ok(Some(Upstream { name: instance.id.clone(), address })),
            }
        })
        .await
    }
}

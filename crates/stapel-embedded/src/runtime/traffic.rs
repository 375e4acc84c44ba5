use async_trait::async_trait;
use stapel_core::ports::{Instance, Instances, Traffic};
use stapel_host::until;
use stapel_text::{Problem, text};

use super::processes::Place;
use super::record::Slot;
use super::{Embedded, LOOK, STOP};
use crate::files;
use crate::proxy::set_file;

/// The proxy is the one way that leads to the service.
#[async_trait]
impl Traffic for Embedded {
    async fn divert(&self, _service: &str, _real: Option<&Instance>, candidate: &Instance) -> Result<(), Problem> {
        let upstream = self.upstream(candidate).await?;
        self.give_to(vec![upstream]).await.map(drop)
    }

    async fn hold(&self, _service: &str, real: &Instance) -> Result<(), Problem> {
        self.let_go(real).await
    }

    async fn restore(&self, _service: &str, real: &Instance, _candidate: Option<&Instance>) -> Result<(), Problem> {
        let upstream = self.upstream(real).await?;
        self.give_to(vec![upstream]).await.map(drop)
    }

    async fn drain(&self, _service: &str, instance: &Instance) -> Result<u32, Problem> {
        let open = async || Ok(self.proxy_status().await?.map_or(0, |s| s.open_at(&instance.id)));
        let drained = until(text!("embedded-wait-drain", name = &instance.name), LOOK, self.drain, async || {
            Ok((open().await? == 0).then_some(()))
        });
        match drained.await {
            Ok(()) => Ok(0),
            Err(problem) if problem.code() == "timed-out" => Ok(u32::try_from(open().await?).unwrap_or(u32::MAX)),
            Err(problem) => Err(problem),
        }
    }

    /// The way in asks us for each connection.
    async fn announce(&self, _: &str, _: &Instance, _: bool) -> Result<(), Problem> {
        Ok(())
    }

    async fn front(&self, _service: &str) -> Result<Option<std::net::SocketAddr>, Problem> {
        self.proxy_address().await
    }

    /// What the team's own command would have left: the real instance serves, or nobody does.
    async fn clear(&self, service: &str) -> Result<(), Problem> {
        if self.proxy_status().await?.is_none() {
            return files::remove(&set_file(&self.control()));
        }
        match self.real(service).await? {
            Some(real) if real.running => self.give_to(vec![self.upstream(&real).await?]).await.map(drop),
            Some(_) => self.give_to(Vec::new()).await.map(drop),
            // Nobody it could lead to: as Docker ends its proxy with the container.
            None => {
                self.sweep(Place::Proxy, STOP).await?;
                files::remove(&set_file(&self.control()))
            }
        }
    }
}

impl Embedded {
    /// Gives the instance no new requests.
    pub(crate) async fn let_go(&self, instance: &Instance) -> Result<(), Problem> {
        let Some(mut status) = self.proxy_status().await? else { return Ok(()) };
        let before = status.upstreams.len();
        status.upstreams.retain(|u| u.name != instance.id);
        if status.upstreams.len() < before {
            self.give_to(status.upstreams).await?;
        }
        Ok(())
    }

    /// After the real instance was made: it gets the requests, as a published port does, unless they have been diverted
    /// to a candidate. One that ended at once gets none.
    pub(crate) async fn put_in_unless_diverted(&self, real: &Instance) -> Result<(), Problem> {
        let serving = self.ensure_proxy().await?.upstreams;
        let beside = [self.record(Slot::Candidate)?, self.record(Slot::Standby)?];
        let mut beside = beside.into_iter().flatten().filter(|r| r.process.id().alive());
        let diverted = beside.any(|other| serving.iter().any(|u| u.name == other.id));
        if diverted || serving.iter().any(|u| u.name == real.id) {
            return Ok(());
        }
        match self.upstream(real).await {
            Ok(upstream) => self.give_to(vec![upstream]).await.map(drop),
            Err(problem) if problem.code() == "embedded-not-serving" => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}

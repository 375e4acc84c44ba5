//! The log of services: its last lines, or followed, past the end of an instance to the one that takes its place.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join_all, try_join_all};
use stapel_core::ports::Instance;
use stapel_text::{Problem, problem};
use stapel_wire::Connection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use crate::Site;
use crate::protocol::{LogsAsk, Reply};

/// How often it is looked whether another instance has come.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Lines that wait for a slow line.
const WAITING: usize = 64;
/// As many lines as there are: of an instance that comes later nothing is to be missed.
const ALL: usize = u32::MAX as usize;

/// The last lines of each service.
pub(crate) async fn last(site: &Site, ask: &LogsAsk) -> Result<Vec<(String, Vec<String>)>, Problem> {
    let each = services(site, ask).await?.into_iter().map(|service| async move {
        let lines = match site.world.instances.real(&service).await? {
            Some(real) => site.world.instances.logs(&real, ask.tail, ask.since_s).await?,
            None => Vec::new(),
        };
        Ok::<_, Problem>((service, lines))
    });
    try_join_all(each).await
}

/// Those that are named, else all that releases replace.
async fn services(site: &Site, ask: &LogsAsk) -> Result<Vec<String>, Problem> {
    let ours: Vec<String> = site.config.services.keys().cloned().collect();
    if ask.services.is_empty() {
        return Ok(ours);
    }
    site.known_services(&ask.services).await?;
    Ok(ask.services.clone())
}

/// Sends lines as they come, until the other side says anything, or nothing any more.
pub(crate) async fn follow<R, W>(
    site: &Arc<Site>,
    connection: &mut Connection<R, W>,
    ask: &LogsAsk,
) -> Result<Reply, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (to, mut said) = mpsc::channel(WAITING);
    let services = services(site, ask).await?;
    let mut all = pin!(join_all(services.into_iter().map(|service| follow_service(site, service, ask, to.clone()))));
    loop {
        tokio::select! {
            frame = connection.recv() => return frame.map(|_| Reply::Stored),
            Some(reply) = said.recv() => connection.send(&reply).await?,
            _ = &mut all => return Ok(Reply::Stored),
        }
    }
}

/// One service, for ever.
async fn follow_service(site: &Site, service: String, ask: &LogsAsk, to: mpsc::Sender<Reply>) {
    let (mut former, mut last): (Option<Instance>, _) = (None, None);
    loop {
        let real = next(site, &service, former.as_ref()).await;
        let mut after = None;
        match &former {
            Some(former) if former.id == real.id => after = last,
            Some(_) => {
                let reply = Reply::LogInstance { service: service.clone(), instance: real.clone() };
                // Nobody listens any more.
                if to.send(reply).await.is_err() {
                    return;
                }
                last = None;
            }
            None => {}
        }
        let (tail, since_s) = if former.is_none() { (ask.tail, ask.since_s) } else { (ALL, None) };
        match site.world.instances.follow(&real, tail, since_s, after).await {
            Ok(mut lines) => {
                while let Some(said) = lines.next().await {
                    match said {
                        Ok(said) => {
                            last = said.at.or(last);
                            let reply = Reply::LogLine { service: service.clone(), line: said.line };
                            if to.send(reply).await.is_err() {
                                return;
                            }
                        }
                        Err(problem) => tracing::info!(%problem, service, "the log ended early"),
                    }
                }
            }
            Err(problem) => tracing::info!(%problem, service, "the log cannot be followed"),
        }
        former = Some(real);
    }
}

/// Waits for the instance to follow: another one, or the same that runs again.
async fn next(site: &Site, service: &str, former: Option<&Instance>) -> Instance {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    // What has just ended may not be seen to have ended yet: it is not asked again at once.
    if former.is_some() {
        tick.tick().await;
    }
    loop {
        tick.tick().await;
        match site.world.instances.real(service).await {
            Ok(Some(real)) if former.is_none_or(|f| f.id != real.id || real.running) => return real,
            Ok(_) => {}
            // The daemon may just be starting.
            Err(problem) => tracing::info!(%problem, service, "it cannot be looked at"),
        }
    }
}

impl Site {
    /// All these services are the app's, whether releases replace them or not.
    ///
    /// # Errors
    /// `agent-no-compose-service`.
    pub(crate) async fn known_services(&self, names: &[String]) -> Result<(), Problem> {
        let known = match self.world.instances.services().await? {
            Some(known) => known,
            None => self.config.services.keys().cloned().collect(),
        };
        match names.iter().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(problem!(Usage, "agent-no-compose-service", name = name, known = known.join(", "))),
        }
    }
}

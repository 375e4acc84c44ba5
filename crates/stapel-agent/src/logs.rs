//! The log of services: its last lines, or followed, past the end of an instance to the one that takes its place.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use stapel_core::ports::Instance;
use stapel_text::{Problem, problem};
use stapel_wire::Connection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use crate::Site;
use crate::protocol::{LogsAsk, Reply, Request, ServiceLog};

/// How often it is looked whether another instance has come.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Lines that wait for a slow line.
const WAITING: usize = 64;
/// As many lines as there are: of an instance that comes later nothing is to be missed.
const ALL: usize = u32::MAX as usize;

/// The code of the problem with a log whose driver keeps nothing that could be read.
pub(crate) const UNREADABLE: &str = "engine-log-unreadable";

/// The last lines of each service.
pub(crate) async fn last(site: &Site, ask: &LogsAsk) -> Result<Vec<ServiceLog>, Problem> {
    let each = services(site, ask).await?.into_iter().map(|service| async move {
        let read = match site.world.instances.real(&service).await? {
            Some(real) => site.world.instances.logs(&real, ask.tail, ask.since_s).await,
            None => Ok(Vec::new()),
        };
        match read {
            Ok(lines) => Ok(ServiceLog { service, lines, unreadable: None }),
            // The others can be read all the same.
            Err(problem) if problem.code() == UNREADABLE => {
                Ok(ServiceLog { service, lines: Vec::new(), unreadable: Some(problem) })
            }
            Err(problem) => Err(problem),
        }
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

/// Sends lines as they come, until the other side asks for something else, which it gives, or says nothing any more.
pub(crate) async fn follow<R, W>(
    site: &Arc<Site>,
    connection: &mut Connection<R, W>,
    ask: &LogsAsk,
) -> Result<Option<Request>, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (to, mut said) = mpsc::channel(WAITING);
    let services = services(site, ask).await?;
    let mut all = pin!(join_all(services.into_iter().map(|service| follow_service(site, service, ask, to.clone()))));
    loop {
        tokio::select! {
            request = connection.recv_as::<Request>() => return request,
            Some(reply) = said.recv() => connection.send(&reply).await?,
            // Of none of them anything will ever come.
            _ = &mut all => return Ok(None),
        }
    }
}

/// One service, for ever.
async fn follow_service(site: &Site, service: String, ask: &LogsAsk, to: mpsc::Sender<Reply>) {
    // One that says nothing until it is started again has not said it anew: what it said before is not asked for.
    let (mut former, mut last): (Option<Instance>, _) = (None, Some(Timestamp::now()));
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
        let mut silent = None;
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
                        Err(problem) if problem.code() == UNREADABLE => silent = Some(problem),
                        Err(problem) => tracing::info!(%problem, service, "the log ended early"),
                    }
                }
            }
            Err(problem) => tracing::info!(%problem, service, "the log cannot be followed"),
        }
        if let Some(problem) = silent {
            let reply = Reply::LogSilent { service: service.clone(), problem };
            if to.send(reply).await.is_err() {
                return;
            }
            // The next one may have another driver.
            while next(site, &service, Some(&real)).await.id == real.id {}
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use futures_util::stream;
    use stapel_core::ports::{Health, ImageId, Instances, Lines, LogLine, LogLines, LogMark};

    use super::*;

    /// An instance that says nothing and is started again, then one whose log cannot be read, then another one.
    #[derive(Default)]
    struct Fake(Mutex<Vec<(usize, Option<Timestamp>)>>);

    #[async_trait]
    impl Instances for Fake {
        async fn real(&self, _: &str) -> Result<Option<Instance>, Problem> {
            let id = if self.0.lock().unwrap().len() < 2 { "1" } else { "2" };
            let image = ImageId("sha256:1".into());
            Ok(Some(Instance { id: id.into(), name: "app".into(), image, running: true }))
        }

        async fn follow(
            &self,
            _: &Instance,
            tail: usize,
            _: Option<u64>,
            after: Option<Timestamp>,
        ) -> Result<LogLines, Problem> {
            let mut asked = self.0.lock().unwrap();
            asked.push((tail, after));
            let said = match asked.len() {
                1 => vec![],
                2 => vec![Err(problem!(Failed, "engine-log-unreadable", driver = "none"))],
                _ => vec![Ok(LogLine { at: None, line: "hello".into() })],
            };
            Ok(stream::iter(said).boxed())
        }

        async fn candidate(&self, _: &str) -> Result<Option<Instance>, Problem> {
            unreachable!()
        }

        async fn start_candidate(&self, _: &str) -> Result<Instance, Problem> {
            unreachable!()
        }

        async fn health(&self, _: &Instance) -> Result<Health, Problem> {
            unreachable!()
        }

        async fn address(&self, _: &Instance) -> Result<Option<SocketAddr>, Problem> {
            unreachable!()
        }

        async fn recreate(&self, _: &str, _: &dyn Lines) -> Result<Instance, Problem> {
            unreachable!()
        }

        async fn restart(&self, _: &Instance, _: Duration) -> Result<(), Problem> {
            unreachable!()
        }

        async fn remove(&self, _: &Instance, _: Duration) -> Result<(), Problem> {
            unreachable!()
        }

        async fn log_end(&self, _: &Instance) -> Result<LogMark, Problem> {
            unreachable!()
        }

        async fn logs_from(&self, _: &Instance, _: LogMark) -> Result<(Vec<String>, LogMark), Problem> {
            unreachable!()
        }

        async fn logs(&self, _: &Instance, tail: usize, _: Option<u64>) -> Result<Vec<String>, Problem> {
            match tail {
                0 => Err(problem!(Failed, "engine-log-unreadable", driver = "none")),
                1 => Ok(vec!["hello".into()]),
                _ => Err(problem!(Failed, "agent-no-migration")),
            }
        }
    }

    #[tokio::test]
    async fn what_was_said_before_is_not_said_again_and_what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut site = crate::testing::site(&dir, "").await;
        let fake = Arc::new(Fake::default());
        site.world.instances = fake.clone();
        let (to, mut said) = mpsc::channel(8);
        let ask = LogsAsk { services: Vec::new(), tail: 7, since_s: None };
        let began = Timestamp::now();
        let expected = async {
            let silent = said.recv().await.unwrap();
            assert!(matches!(&silent, Reply::LogSilent { problem, .. } if problem.code() == "engine-log-unreadable"));
            let other = said.recv().await.unwrap();
            assert!(matches!(&other, Reply::LogInstance { instance, .. } if instance.id == "2"), "{other:?}");
            assert_eq!(said.recv().await.unwrap(), Reply::LogLine { service: "app".into(), line: "hello".into() });
        };
        let all = async {
            tokio::select! {
                () = follow_service(&site, "app".into(), &ask, to) => panic!("it has ended"),
                () = expected => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
        let asked = fake.0.lock().unwrap();
        assert_eq!((asked[0], asked[2]), ((7, None), (ALL, None)));
        assert!(asked[1].1.is_some_and(|after| after >= began), "{asked:?}");
    }

    #[tokio::test]
    async fn one_that_cannot_be_read_does_not_hide_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let mut site = crate::testing::site(&dir, "").await;
        site.world.instances = Arc::new(Fake::default());
        let ask = |tail| LogsAsk { services: Vec::new(), tail, since_s: None };
        let unreadable = last(&site, &ask(0)).await.unwrap().remove(0);
        assert_eq!(unreadable.unreadable.unwrap().code(), UNREADABLE);
        let read = ServiceLog { service: "app".into(), lines: vec!["hello".into()], unreadable: None };
        assert_eq!(last(&site, &ask(1)).await.unwrap(), [read]);
        assert_eq!(last(&site, &ask(2)).await.unwrap_err().code(), "agent-no-migration");
    }
}

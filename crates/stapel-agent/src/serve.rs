//! The session with the operator's command, over stdin and stdout. It holds nothing that a cut line could lose: content
//! lies in the object store, releases run in processes of their own.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{try_join, try_join_all};
use stapel_core::ports::{Health, Instance};
use stapel_host::{Detached, ProcessId};
use stapel_init::By;
use stapel_release::{Event, Lock, Outcome, Release};
use stapel_text::{Class, Problem, problem, text};
use stapel_tree::{Access, Block, Hash};
use stapel_wire::{Connection, Frame, Kind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use crate::protocol::{Announced, Opening, Reply, Request, ServiceStatus, Status};
use crate::run::{Answer, Order, Work};
use crate::{Known, Site, examine, known, logs, notices, phases, prepare, questions, recover};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a release may take to take the lock, plan and begin.
const BEGINS: Duration = Duration::from_mins(5);
/// How long what a dead release left may take to be put right.
const RECOVERS: Duration = Duration::from_mins(15);
/// How many events go in one go.
const EVENTS: usize = 256;

/// Answers requests until the other side hangs up.
pub(crate) async fn serve<R, W>(mut connection: Connection<R, W>) -> Result<(), Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let mut session = Session { site: None, opening: None, storing: None };
    let served = answer_all(&mut session, &mut connection).await;
    // What came before the line was cut need not come again.
    let stored = session.stored().await;
    if let Some(site) = session.site {
        crate::blocking(move || site.store.flush()).await?;
    }
    served.and(stored)
}

async fn answer_all<R, W>(session: &mut Session, connection: &mut Connection<R, W>) -> Result<(), Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let mut next = None;
    loop {
        let request = match next.take() {
            Some(request) => request,
            None => match connection.recv_as::<Request>().await? {
                Some(request) => request,
                None => return Ok(()),
            },
        };
        let reply = match request {
            Request::Open(opening) => session.open(*opening).await,
            Request::Survey => stapel_init::survey().await.map(|survey| Reply::Survey(Box::new(survey))),
            Request::Resolve(bundle) => {
                let made = bundle.resolve(By::Host).await;
                made.map(|composition| Reply::Composition { composition: composition.map(Box::new) })
            }
            Request::Lacks(wanted) => prepare::look(&wanted).await.map(|found| Reply::Prepared(Box::new(found))),
            Request::Prepare { wanted, steps } => prepare::run(connection, &wanted, steps).await,
            Request::Objects { blocks } => match take_objects(session, connection, blocks).await {
                Ok(()) => continue,
                Err(problem) => Err(problem),
            },
            // What was brought before it is stored, or why it is not.
            other if session.storing.is_some() => match session.stored().await {
                Ok(()) => {
                    next = Some(other);
                    continue;
                }
                Err(problem) => Err(problem),
            },
            Request::Offer { manifest, bytes } => take_manifest(session, connection, manifest, bytes).await,
            Request::Follow { release, after, asks } => follow(session, connection, release, after, asks).await,
            Request::FollowLogs(ask) => match session.site() {
                // Its end is said, and what was asked meanwhile is answered.
                Ok(site) => logs::follow(site, connection, &ask).await.map(|asked| {
                    next = asked;
                    Reply::Stored
                }),
                Err(problem) => Err(problem),
            },
            other => session.answer(other).await,
        };
        connection.send(&reply.unwrap_or_else(Reply::Problem)).await?;
    }
}

struct Session {
    site: Option<Arc<Site>>,
    opening: Option<Opening>,
    /// Puts objects in the store while the next ones come.
    storing: Option<JoinHandle<Result<(), Problem>>>,
}

impl Session {
    /// Waits until the objects that came are put in the store.
    async fn stored(&mut self) -> Result<(), Problem> {
        let Some(storing) = self.storing.take() else { return Ok(()) };
        storing.await.unwrap_or_else(|e| Err(problem!(Failed, "agent-task", error = e.to_string())))
    }

    fn site(&self) -> Result<&Arc<Site>, Problem> {
        self.site.as_ref().ok_or_else(|| problem!(Usage, "agent-not-open"))
    }

    async fn open(&mut self, opening: Opening) -> Result<Reply, Problem> {
        let site = Arc::new(Site::open(opening.config.clone(), Known::Given(&opening.secrets), &opening.target).await?);
        let state = site.place.root().to_string();
        site.read_ahead();
        self.site = Some(site);
        self.opening = Some(opening);
        Ok(Reply::Opened { state })
    }

    async fn answer(&self, request: Request) -> Result<Reply, Problem> {
        let site = self.site()?;
        Ok(match request {
            // One that is damaged is brought again.
            Request::Known { manifest } => {
                site.look_ahead();
                match site.manifest(&manifest.to_string()) {
                    Ok(known) => Reply::Wanted { manifest, missing: site.store.missing(&known) },
                    Err(_) => Reply::Unknown,
                }
            }
            Request::Fetch { reference, may_drop, env } => {
                Reply::Fetched(Box::new(site.fetch(reference, may_drop, env).await?))
            }
            Request::Stored => {
                let site = Arc::clone(site);
                crate::blocking(move || site.store.flush()).await?;
                Reply::Stored
            }
            Request::Plan { ask, recover } => {
                let recovered = match recover {
                    true => self.recover_first(site).await?,
                    false => site.journal.unfinished()?.into_iter().filter(|release| !release.runs()).collect(),
                };
                site.look_again().await;
                let (plan, observation) = site.plan(&ask).await?;
                Reply::Plan { plan, observation: Box::new(observation), recovered }
            }
            Request::Examine(ask) => {
                site.look_again().await;
                Reply::Examined { all: examine::examine(site, &ask).await, now: jiff::Timestamp::now() }
            }
            Request::Start { ask, fingerprint } => {
                Reply::Started { release: self.start(Work::Begin { ask, fingerprint }).await? }
            }
            Request::TakeUp { release, direction } => {
                site.journal.known(release)?;
                Reply::Started { release: self.start(Work::TakeUp { release, direction, alone: false }).await? }
            }
            Request::Release { release } => Reply::Release(Box::new(site.journal.known(release)?)),
            Request::Show { release } => Reply::Details(Box::new(known::details(site, release)?)),
            Request::Cancel { release } => {
                let who = self.opening.as_ref().map_or_else(String::new, Opening::person);
                site.journal.cancel(release, &who)?;
                if phases::to_go_on(&site.journal)?.is_some_and(|newest| newest.id == release) {
                    phases::end_in(&site.journal, Some(problem!(Failed, "release-cancelled", who = who)))?;
                }
                Reply::Release(Box::new(site.journal.known(release)?))
            }
            Request::Question { release } => {
                Reply::Question { question: questions::open(site, release)?.map(Box::new) }
            }
            Request::Answer { release, check, yes } => {
                let who = self.opening.as_ref().map_or_else(String::new, Opening::person);
                let question = questions::answer(site, release, check.as_deref(), yes, who)?;
                Reply::Question { question: Some(Box::new(question)) }
            }
            Request::Next { release } => Reply::Next { release: phases::awaited(site, release).await? },
            Request::Holder => Reply::Held { holder: known::holder(site)?.map(Box::new) },
            Request::EndHolder { process } => {
                recover::end_holder(site.place.root(), &process).await?;
                Reply::Held { holder: known::holder(site)?.map(Box::new) }
            }
            Request::TestNotices => {
                let opening = self.opening.as_ref().ok_or_else(|| problem!(Usage, "agent-not-open"))?;
                Reply::Told { all: notices::test(site, &opening.person()).await }
            }
            Request::Status => Reply::Status(Box::new(status(site).await?)),
            Request::History { limit } => Reply::History { releases: site.journal.history(limit)? },
            Request::Logs(ask) => Reply::Logs { services: logs::last(site, &ask).await? },
            Request::Open(_)
            | Request::Survey
            | Request::Resolve(_)
            | Request::Lacks(_)
            | Request::Prepare { .. }
            | Request::Offer { .. }
            | Request::Objects { .. }
            | Request::Follow { .. }
            | Request::FollowLogs(_) => Reply::Stored,
        })
    }

    /// Before anything is planned: the plan is to be made from what is there once that is put right.
    async fn recover_first(&self, site: &Arc<Site>) -> Result<Vec<Release>, Problem> {
        let mut recovered = Vec::new();
        for release in site.journal.unfinished()?.iter().filter(|r| !r.runs()) {
            match self.start(Work::TakeUp { release: release.id, direction: None, alone: true }).await {
                // The guardian was quicker, or is at it.
                Err(why) if why.code() == "agent-not-unfinished" || why.class == Class::Busy => {}
                started => drop(started?),
            }
            let ended = stapel_host::until(text!("agent-await-recovery"), LOOK_EVERY, RECOVERS, || {
                let now = site.journal.release(release.id);
                async move { Ok(now?.filter(|r| r.outcome.is_some())) }
            });
            let ended = ended.await?;
            if ended.outcome.is_none_or(|o| o == Outcome::Stuck) {
                return Err(recover::still_stuck(&ended));
            }
            recovered.push(ended);
        }
        Ok(recovered)
    }

    /// Starts the process that runs the release, waits until it says that it has begun or why not, and gives the
    /// release's number.
    async fn start(&self, work: Work) -> Result<u64, Problem> {
        let site = self.site()?;
        let opening = self.opening.clone().ok_or_else(|| problem!(Usage, "agent-not-open"))?;
        let id = recover::new_mark(site.place.key());
        let file = |ending: &str| site.place.runs().join(format!("{id}.{ending}"));
        let (order_path, answer_path, log) =
            (file("order"), file("answer"), site.place.logs().join(format!("{id}.log")));
        let order = Order { opening, work, answer: answer_path.clone() };
        let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = order_path.as_str(), error = e);
        let text = serde_json::to_vec(&order).map_err(|e| failed(e.into()))?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&order_path).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        let out = File::create(&log).map_err(failed)?;
        let program = crate::own_program()?;
        let process = Detached::new(program, ["agent", "release", order_path.as_str()])
            .env(stapel_host::MARK, &id)
            .start(out)
            .map_err(failed)?;
        let answer = stapel_host::until(text!("agent-await-begin"), LOOK_EVERY, BEGINS, || {
            let found = read_answer(&answer_path, &process, &log);
            async move { found }
        });
        match answer.await {
            Ok(Answer::Started(release)) => Ok(release),
            Ok(Answer::Refused(problem)) => Err(problem),
            // It may have died, or the disk may have been full, between the record and the answer.
            Err(silent) => begun_by(site, &id)?.ok_or(silent),
        }
    }
}

/// The release that the process with this mark has begun.
fn begun_by(site: &Site, mark: &str) -> Result<Option<u64>, Problem> {
    let Some(newest) = site.journal.history(1)?.pop() else { return Ok(None) };
    Ok(site.journal.marks(newest.id)?.iter().any(|m| m == mark).then_some(newest.id))
}

fn read_answer(
    path: &camino::Utf8Path,
    process: &ProcessId,
    log: &camino::Utf8Path,
) -> Result<Option<Answer>, Problem> {
    // Before looking: it may answer and end between the two looks.
    let alive = process.alive();
    match std::fs::read(path) {
        Ok(text) => {
            let _ = std::fs::remove_file(path);
            let failed = |e: serde_json::Error| {
                problem!(Failed, "io-failed", path = path.as_str(), error = std::io::Error::from(e))
            };
            serde_json::from_slice(&text).map(Some).map_err(failed)
        }
        Err(_) if alive => Ok(None),
        Err(_) => {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            Err(problem!(Failed, "agent-run-ended", said = said.trim()))
        }
    }
}

async fn take_content<R, W>(connection: &mut Connection<R, W>, bytes: u64) -> Result<Bytes, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let mut content = BytesMut::new();
    while (content.len() as u64) < bytes {
        match connection.recv().await? {
            // Mostly it is all in one.
            Some(Frame { kind: Kind::Content, payload }) if payload.len() as u64 == bytes => return Ok(payload),
            Some(Frame { kind: Kind::Content, payload }) => content.extend_from_slice(&payload),
            _ => return Err(problem!(Failed, "agent-no-content")),
        }
    }
    Ok(content.freeze())
}

/// It goes into the store as it came, and is durable there with what it is the manifest of. What it says is needed at once.
async fn take_manifest<R, W>(
    session: &Session,
    connection: &mut Connection<R, W>,
    hash: Hash,
    bytes: u64,
) -> Result<Reply, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let content = take_content(connection, bytes).await?;
    let site = Arc::clone(session.site()?);
    crate::blocking(move || {
        site.store.put_compressed(&hash, content.as_ref(), Access::Group)?;
        let manifest = site.learn(hash, &stapel_tree::decompress_bytes(&content)?)?;
        Ok(Reply::Wanted { manifest: hash, missing: site.store.missing(&manifest) })
    })
    .await
}

/// They are put in the store while the next ones come; what goes wrong with that is said with the next request.
async fn take_objects<R, W>(
    session: &mut Session,
    connection: &mut Connection<R, W>,
    blocks: Vec<Announced>,
) -> Result<(), Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let content = take_content(connection, blocks.iter().map(|block| block.bytes).sum()).await?;
    session.stored().await?;
    let site = Arc::clone(session.site()?);
    session.storing = Some(tokio::spawn(crate::blocking(move || {
        let mut rest = content.as_ref();
        let mut packed = Vec::new();
        for Announced { parts, bytes, secret } in blocks {
            let access = if secret { Access::Owner } else { Access::Group };
            let (bytes, others) = rest.split_at(usize::try_from(bytes).unwrap_or(usize::MAX).min(rest.len()));
            packed.push(Block { parts, bytes, access });
            rest = others;
        }
        site.store.put_many(&packed)
    })));
    Ok(())
}

/// Sends the events of a release as they are written, until it has ended, or its process has and nobody takes it up; and,
/// where somebody sits there who can answer (`asks`), until it asks something.
async fn follow<R, W>(
    session: &Session,
    connection: &mut Connection<R, W>,
    release: u64,
    mut seen: i64,
    asks: bool,
) -> Result<Reply, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let site = session.site()?;
    let journal = &site.journal;
    let mut tick = tokio::time::interval(LOOK_EVERY);
    let mut alive = tokio::time::Instant::now();
    loop {
        tick.tick().await;
        // Before the events, so that what was written before the end is not missed.
        let pulse = journal.pulse(release)?;
        loop {
            let events = journal.events(release, seen, EVENTS)?;
            let Some(last) = events.last() else { break };
            seen = last.seq;
            let mut asked = false;
            for recorded in events {
                asked |= matches!(recorded.event, Event::Question { .. });
                connection.send(&Reply::Event(recorded)).await?;
            }
            if let Some(question) = questions::open(site, release)?.filter(|_| asks && asked) {
                return Ok(Reply::Question { question: Some(Box::new(question)) });
            }
        }
        if pulse.runs {
            alive = tokio::time::Instant::now();
        }
        // One whose process died is soon taken up by its guardian.
        if pulse.ended || alive.elapsed() > phases::TAKEN_UP {
            return Ok(Reply::Release(Box::new(journal.known(release)?)));
        }
    }
}

async fn status(site: &Arc<Site>) -> Result<Status, Problem> {
    let plain = site.glance().await?;
    let services = site.config.services.keys().map(|name| service_status(site, name, plain.get(name)));
    let services = try_join_all(services);
    let (services, drift) = try_join(services, site.drift()).await?;
    Ok(Status {
        engine: site.engine.clone(),
        state: site.place.root().to_string(),
        services,
        in_service: site.journal.in_service()?,
        owner: Lock::owner(&site.place.lock())?,
        drift,
    })
}

async fn service_status(site: &Site, name: &str, plain: Option<&(Instance, Health)>) -> Result<ServiceStatus, Problem> {
    if let Some((instance, health)) = plain.cloned() {
        return Ok(ServiceStatus { name: name.to_owned(), instance: Some(instance), health });
    }
    let instance = site.world.instances.real(name).await?;
    let health = match &instance {
        Some(real) => site.world.instances.health(real).await?,
        None => Health::Gone,
    };
    Ok(ServiceStatus { name: name.to_owned(), instance, health })
}

#[cfg(test)]
mod tests {
    use stapel_core::config::Secrets;
    use stapel_wire::Hello;
    use tokio::io::{duplex, split};

    use super::*;
    use crate::protocol::LogsAsk;

    #[tokio::test]
    async fn what_is_asked_while_a_log_is_followed_is_answered() {
        let dir = tempfile::tempdir().unwrap();
        let opening = Opening {
            config: crate::testing::config(&dir, ""),
            secrets: Secrets::default(),
            target: "here".to_owned(),
            who: "somebody".to_owned(),
            origin: "here".to_owned(),
            faults: Vec::new(),
        };
        let (a, b) = duplex(1 << 16);
        let ((ar, aw), (br, bw), hello) = (split(a), split(b), Hello::new("aa"));
        let (ours, theirs) = tokio::join!(Connection::open(ar, aw, &hello), Connection::open(br, bw, &hello));
        let (mut ours, theirs) = (ours.unwrap().0, theirs.unwrap().0);
        let asking = async {
            ours.send(&Request::Open(Box::new(opening))).await.unwrap();
            assert!(matches!(ours.recv_as().await.unwrap(), Some(Reply::Opened { .. })));
            let ask = LogsAsk { services: Vec::new(), tail: 1, since_s: None };
            ours.send(&Request::FollowLogs(ask.clone())).await.unwrap();
            ours.send(&Request::FollowLogs(ask)).await.unwrap();
            assert!(matches!(ours.recv_as().await.unwrap(), Some(Reply::Stored)), "the first has ended");
            ours.send(&Request::History { limit: 1 }).await.unwrap();
            assert!(matches!(ours.recv_as().await.unwrap(), Some(Reply::Stored)), "and so has the second");
            assert!(matches!(ours.recv_as().await.unwrap(), Some(Reply::History { .. })));
            drop(ours);
        };
        let both = async { tokio::join!(serve(theirs), asking) };
        let (served, ()) = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
        served.unwrap();
    }
}

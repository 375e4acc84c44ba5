//! Does what a person has agreed to. What has begun goes on to its end, also when the line is cut: a package manager that is
//! killed in its midst leaves packages half configured.

use std::time::Duration;

use stapel_core::ports::Lines;
use stapel_engine::Engine;
use stapel_host::Command;
use stapel_text::{Problem, problem, text};
use stapel_wire::Connection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Step, Wanted, look};
use crate::protocol::Reply;

const LOOK_EVERY: Duration = Duration::from_millis(200);
const AGAIN_EVERY: Duration = Duration::from_secs(3);
/// For another apt to end, which `apt-get update` does not wait for itself; as long as for dpkg's lock.
const OTHER_APT: Duration = Duration::from_mins(5);
/// For a daemon to answer that was just started.
const ANSWERS: Duration = Duration::from_mins(1);

/// Does these steps, tells of each and of what its command says, and gives how the host is then.
///
/// # Errors
/// `agent-prepare-failed` with the step that failed; those after it are not begun. And those of [`look`].
pub(crate) async fn run<R, W>(
    connection: &mut Connection<R, W>,
    wanted: &Wanted,
    steps: Vec<Step>,
) -> Result<Reply, Problem>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (to, mut said) = unbounded_channel();
    let work = tokio::spawn(all(steps, to));
    let mut listens = Ok(());
    while let Some(reply) = said.recv().await {
        if listens.is_ok() {
            listens = connection.send(&reply).await;
        }
    }
    let done = work.await.map_err(|e| problem!(Failed, "agent-task", error = e.to_string()))?;
    listens.and(done)?;
    Ok(Reply::Prepared(Box::new(look(wanted).await?)))
}

async fn all(steps: Vec<Step>, to: UnboundedSender<Reply>) -> Result<(), Problem> {
    for (number, step) in steps.iter().enumerate() {
        // That nobody listens any more is no reason to stop.
        let _ = to.send(Reply::Preparing { step: number });
        let done = one(step, &Said(&to)).await;
        done.map_err(|why| problem!(Failed, "agent-prepare-failed", step = step.text()).because(why))?;
    }
    Ok(())
}

async fn one(step: &Step, said: &Said<'_>) -> Result<(), Problem> {
    if let Step::Network { name } = step
        && Engine::connect().await?.networks().await?.contains(name)
    {
        // Somebody was quicker.
        return Ok(());
    }
    let words = step.command();
    let [program, arguments @ ..] = words.as_slice() else { return Ok(()) };
    if matches!(step, Step::Update) {
        // One source of several that cannot be had is no reason to stop, nor is an old list: what is missing then, the
        // installation says.
        let update = || async {
            let done = Command::new(program).args(arguments).env("LC_ALL", "C").stream(said).await?;
            let held = done.code != 0 && done.stderr.contains("Could not get lock");
            if held { Err(problem!(Failed, "agent-prepare-apt-busy")) } else { Ok(()) }
        };
        let busy = |why: &Problem| why.code() == "agent-prepare-apt-busy";
        return match stapel_host::retry(AGAIN_EVERY, OTHER_APT, update, busy).await {
            Err(why) if !busy(&why) => Err(why),
            _ => Ok(()),
        };
    }
    Command::new(program).args(arguments).stream(said).await?.success()?;
    if matches!(step, Step::Start { .. }) {
        let answers = stapel_host::until(text!("agent-await-docker"), LOOK_EVERY, ANSWERS, || async {
            let Ok(engine) = Engine::connect().await else { return Ok(None) };
            Ok(engine.ping().await.ok())
        });
        answers.await.map_err(|why| problem!(Failed, "agent-prepare-silent").because(why))?;
    }
    Ok(())
}

struct Said<'a>(&'a UnboundedSender<Reply>);

impl Lines for Said<'_> {
    fn line(&self, line: &str) {
        let _ = self.0.send(Reply::PreparingLine { line: line.to_owned() });
    }
}

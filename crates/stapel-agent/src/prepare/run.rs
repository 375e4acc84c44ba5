//! Does what a person has agreed to. What has begun goes on to its end, also when the line is cut: a package manager that is
//! killed in its midst leaves packages half configured.

use std::time::Duration;

use stapel_core::ports::Lines;
use stapel_engine::Engine;
use stapel_host::{Command, Finished};
use stapel_text::{Problem, problem, text};
use stapel_wire::Connection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Step, Wanted, look};
use crate::protocol::Reply;

const LOOK_EVERY: Duration = Duration::from_millis(200);
const AGAIN_EVERY: Duration = Duration::from_secs(3);
/// For another apt to end; as long as for dpkg's lock.
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
    let mut done = Command::new(program).args(arguments).stream(said).await?;
    if matches!(step, Step::Update) && lists_held(&done) {
        done = stapel_host::until(text!("agent-await-apt"), AGAIN_EVERY, OTHER_APT, || async {
            let again = Command::new(program).args(arguments).stream(said).await?;
            Ok((!lists_held(&again)).then_some(again))
        })
        .await?;
    }
    // One source of several that cannot be had is no reason to stop: what is missing then, the installation says.
    if !matches!(step, Step::Update) {
        done.success()?;
    }
    if matches!(step, Step::Start { .. }) {
        let answers = stapel_host::until(text!("agent-await-docker"), LOOK_EVERY, ANSWERS, || async {
            let Ok(engine) = Engine::connect().await else { return Ok(None) };
            Ok(engine.ping().await.ok())
        });
        answers.await.map_err(|why| problem!(Failed, "agent-prepare-silent").because(why))?;
    }
    Ok(())
}

/// Whether another apt holds the lists of packages: unlike dpkg's lock, apt does not wait for that one itself.
fn lists_held(done: &Finished) -> bool {
    done.code != 0 && done.stderr.contains("/lists/lock")
}

struct Said<'a>(&'a UnboundedSender<Reply>);

impl Lines for Said<'_> {
    fn line(&self, line: &str) {
        let _ = self.0.send(Reply::PreparingLine { line: line.to_owned() });
    }
}

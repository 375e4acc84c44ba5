use stapel_text::{Problem, problem};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdin;

use crate::diagnose;
use crate::line::Line;
use crate::script;
use crate::{AgentBinary, Host, SshOptions};

/// Brings the agent to its place on the host: under a temporary name, made durable, its hash checked there, renamed. What
/// is interrupted leaves nothing and is done again from the start. Where a whole one is found there already nothing is done.
pub(crate) async fn bring(
    host: &Host,
    destination: &str,
    agent: &AgentBinary,
    ssh: &SshOptions,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<(), Problem> {
    let program = File::open(agent.path())
        .await
        .map_err(|e| problem!(Failed, "io-failed", path = agent.path().display(), error = e))?;
    let script = script::bring(agent)?;
    let (mut line, stdin, stdout) = Line::start(ssh.command(destination, &script)).map_err(|e| diagnose::no_ssh(&e))?;
    // What a login shell prints there is of no interest, but it must have somewhere to go.
    let drain = tokio::spawn(async move {
        let mut stdout = stdout;
        tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await
    });
    // An error while writing is the other side's end, of which its exit code and its words tell more.
    let sent = feed(program, stdin, agent.size(), progress).await;
    let ended = line.wait().await;
    drain.abort();
    match (ended.code, sent) {
        (0, _) => Ok(()),
        // A script that ends early cuts the line as well, but for a reason of its own.
        (code, Err(error)) if ended.said.is_empty() && !script::REASONS.contains(&code) => {
            Err(problem!(Failed, "wire-cut", error = error))
        }
        _ => Err(diagnose::bringing(host, &ended, &line.stderr.places())),
    }
}

async fn feed(
    mut program: File,
    mut to: ChildStdin,
    total: u64,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> std::io::Result<()> {
    let (mut buffer, mut done) = (vec![0; 1 << 16], 0);
    progress(0, total);
    loop {
        let n = program.read(&mut buffer).await?;
        if n == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..n]).await?;
        done += n as u64;
        progress(done, total);
    }
}

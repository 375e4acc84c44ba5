use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use stapel_agent::protocol::LogsAsk;
use stapel_text::Problem;

use super::release::interrupted;
use crate::args::{Logs, Place};
use crate::client::{Client, Said};
use crate::project::Project;
use crate::render::Screen;

/// How often it is looked whether anybody reads on.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Shows the last log lines of the services, and with `--follow` those that come.
pub(crate) async fn run(place: &Place, args: &Logs, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let ask =
        LogsAsk { services: args.services.clone(), tail: args.lines, since_s: args.since.map(|since| since.as_secs()) };
    let mut client = Client::open(&project, screen).await?;
    if !args.follow {
        let mut services = client.logs(ask).await?;
        // One that is silent among others is told of where its lines would be.
        if let [one] = services.as_mut_slice()
            && let Some(problem) = one.unreadable.take()
        {
            return Err(problem);
        }
        screen.logs(services);
        return Ok(0);
    }
    let several = if ask.services.is_empty() { project.config.services.len() } else { ask.services.len() } > 1;
    let mut show = |said: Said| screen.log_said(&said, several);
    tokio::select! {
        // Whoever has what they wanted closes the pipe: that is no failure.
        ended = client.follow_logs(ask, &mut show) => ended.map(|()| 0),
        () = interrupted() => Ok(0),
        () = nobody_reads() => Ok(0),
    }
}

/// Until the reader of our output has gone: an app that says nothing would keep us here for ever.
async fn nobody_reads() {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let stdout = std::io::stdout();
        let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
        let polled = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        if polled.is_ok() && fds[0].revents().intersects(PollFlags::ERR) {
            return;
        }
    }
}

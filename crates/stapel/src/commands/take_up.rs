use stapel_release::{Direction, Outcome, Release};
use stapel_text::{Problem, problem};

use super::release::{exit_code, follow, which};
use crate::args::{Place, Which};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// `resume` and `undo`: takes up a release whose process died or that got stuck, and shows it to its end.
pub(crate) async fn run(place: &Place, args: &Which, direction: Direction, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let id = which(&mut client, args.release).await?;
    let details = client.details(id).await?;
    suits(&details.release, details.runs, direction)?;
    let release = client.take_up(id, Some(direction)).await?;
    let ended = follow(&mut client, release, screen).await?;
    // An undo that was asked for and done is no failure.
    match (direction, ended.outcome) {
        (Direction::Back, Some(Outcome::Undone)) => Ok(0),
        _ => Ok(exit_code(Some(&ended))),
    }
}

/// What cannot be taken up is refused with the command that does what was meant.
fn suits(release: &Release, runs: bool, direction: Direction) -> Result<(), Problem> {
    let id = release.id.to_string();
    match (release.outcome, direction) {
        (None, _) if runs => Err(problem!(Busy, "cli-take-up-runs", release = id)),
        (None, _) | (Some(Outcome::Stuck), Direction::Back) => Ok(()),
        (Some(Outcome::Stuck), Direction::Forward) => Err(problem!(Refused, "release-goes-back", release = id)),
        (Some(Outcome::Done), Direction::Back) => Err(problem!(Refused, "cli-undo-done", release = id)),
        (Some(Outcome::Done | Outcome::Undone | Outcome::Found), _) => {
            Err(problem!(Refused, "cli-take-up-ended", release = id))
        }
    }
}

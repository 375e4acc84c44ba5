use stapel_release::Outcome;
use stapel_text::{Problem, problem};

use super::release::{follow, which};
use crate::args::{Place, Which};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Asks a release that runs to go back, and shows how it does. Done is what was asked for: the app as it was.
pub(crate) async fn run(place: &Place, args: &Which, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let id = which(&mut client, args.release).await?;
    let too_late = || problem!(Refused, "cli-cancel-ended", release = id.to_string());
    if client.cancel(id).await?.outcome.is_some() {
        return Err(too_late());
    }
    match follow(&mut client, id, screen).await?.outcome {
        Some(Outcome::Undone) => Ok(0),
        Some(Outcome::Done | Outcome::Found) => Err(too_late()),
        Some(Outcome::Stuck) | None => Ok(Outcome::Stuck.exit_code()),
    }
}

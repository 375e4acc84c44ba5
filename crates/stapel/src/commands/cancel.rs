use stapel_release::Outcome;
use stapel_text::{Problem, problem};

use super::release::{follow, which};
use crate::args::{Place, Which};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Asks a release that runs to go back, and shows how it does. Done is what was asked for: the app as it was.
pub(crate) async fn run(place: &Place, args: &Which, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let id = which(&mut client, args.release).await?;
    let too_late = |outcome: Outcome| match outcome {
        Outcome::Done | Outcome::Found => problem!(Refused, "cli-cancel-done", release = id.to_string()),
        Outcome::Undone => problem!(Refused, "cli-cancel-undone", release = id.to_string()),
        Outcome::Stuck => problem!(Refused, "cli-cancel-stuck", release = id.to_string()),
    };
    if let Some(outcome) = client.cancel(id).await?.outcome {
        return Err(too_late(outcome));
    }
    match follow(&mut client, id, screen).await?.outcome {
        Some(Outcome::Undone) => Ok(0),
        Some(outcome @ (Outcome::Done | Outcome::Found)) => Err(too_late(outcome)),
        Some(Outcome::Stuck) | None => Ok(Outcome::Stuck.exit_code()),
    }
}

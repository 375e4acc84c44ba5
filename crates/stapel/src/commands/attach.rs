use stapel_text::{Problem, problem};

use super::release::{exit_code, follow};
use crate::args::{Attach, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Shows a release that runs, or how one ended.
pub(crate) async fn run(place: &Place, args: &Attach, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let release = match args.release {
        Some(release) => release,
        None => client.history(1).await?.first().map(|r| r.id).ok_or_else(|| problem!(Usage, "cli-no-release"))?,
    };
    let ended = follow(&mut client, release, screen).await?;
    Ok(exit_code(Some(&ended)))
}

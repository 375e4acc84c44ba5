use stapel_text::Problem;

use super::release::{exit_code, follow, which};
use crate::args::{Place, Which};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Shows a release that runs, or how one ended.
pub(crate) async fn run(place: &Place, args: &Which, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let release = which(&mut client, args.release).await?;
    let ended = follow(&mut client, release, screen).await?;
    Ok(exit_code(Some(&ended)))
}

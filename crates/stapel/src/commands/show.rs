use stapel_text::Problem;

use super::release::which;
use crate::args::{Place, Which};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// All that is known of a release.
pub(crate) async fn run(place: &Place, args: &Which, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let id = which(&mut client, args.release).await?;
    screen.details(&client.details(id).await?);
    Ok(0)
}

use stapel_text::Problem;

use crate::args::{History, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Shows the newest releases.
pub(crate) async fn run(place: &Place, args: &History, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let releases = Client::open(&project, screen).await?.history(args.limit).await?;
    screen.history(&releases);
    Ok(0)
}

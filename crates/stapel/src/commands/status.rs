use stapel_text::Problem;

use crate::args::Place;
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Shows how the app is.
pub(crate) async fn run(place: &Place, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let status = Client::open(&project, screen).await?.status().await?;
    screen.status(&project, &status);
    Ok(0)
}

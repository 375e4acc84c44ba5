use stapel_text::{Problem, problem};

use crate::args::Place;
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// `notify test`: sends a word to everybody who is told of releases, from the host, as a release would.
pub(crate) async fn test(place: &Place, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    if project.config.notify.is_empty() {
        return Err(problem!(Usage, "cli-no-notify"));
    }
    let all = Client::open(&project, screen).await?.test_notices().await?;
    screen.told(&all);
    Ok(u8::from(all.iter().any(|told| told.problem.is_some())))
}

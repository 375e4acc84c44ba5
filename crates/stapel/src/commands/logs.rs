use stapel_text::Problem;

use crate::args::{Logs, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Shows the last log lines of the services.
pub(crate) async fn run(place: &Place, args: &Logs, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    let services = Client::open(&project, screen).await?.logs(args.service.clone(), args.tail, args.since).await?;
    screen.logs(&services);
    Ok(0)
}

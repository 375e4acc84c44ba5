use stapel_agent::protocol::Ask;
use stapel_text::Problem;

use super::release::{Manner, carry_out, exit_code};
use crate::args::{Place, Restart};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Starts services again.
pub(crate) async fn run(place: &Place, args: &Restart, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::open(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let ask = Ask::Restart { services: args.services.clone(), hard: args.hard };
    // What hangs is not left hanging because of the hour.
    let manner = Manner { yes: args.yes, quiet: false, may_begin: &|| Ok(()) };
    Ok(exit_code(carry_out(&mut client, ask, None, manner, screen).await?.as_ref()))
}

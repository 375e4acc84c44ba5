use stapel_agent::protocol::Ask;
use stapel_release::Release;
use stapel_text::Problem;

use super::release::{Manner, carry_out, exit_code};
use crate::args::{Place, Rollback};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Puts an earlier release in service again.
pub(crate) async fn run(place: &Place, args: &Rollback, screen: &Screen) -> Result<u8, Problem> {
    let release = rollback(place, args, screen).await?;
    Ok(exit_code(release.as_ref()))
}

pub(super) async fn rollback(place: &Place, args: &Rollback, screen: &Screen) -> Result<Option<Release>, Problem> {
    let project = Project::open(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    carry_out(
        &mut client,
        Ask::Rollback { to: args.to, down: args.down },
        None,
        // The way back is never barred.
        Manner { yes: args.yes, quiet: args.quiet, may_begin: &|| Ok(()) },
        screen,
    )
    .await
}

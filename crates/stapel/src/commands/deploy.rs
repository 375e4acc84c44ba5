use stapel_agent::protocol::Ask;
use stapel_release::Release;
use stapel_text::Problem;

use super::release::{Manner, carry_out, exit_code};
use crate::args::{Deploy, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Puts the project as it is here in service at the target.
pub(crate) async fn run(place: &Place, args: &Deploy, screen: &Screen) -> Result<u8, Problem> {
    let release = deploy(place, args, screen).await?;
    Ok(exit_code(release.as_ref()))
}

/// The same, for `stapel demo`, which looks at the release afterwards.
pub(super) async fn deploy(place: &Place, args: &Deploy, screen: &Screen) -> Result<Option<Release>, Problem> {
    let mut project = Project::open(place, screen)?;
    if args.no_cache {
        project.config.services.values_mut().for_each(|s| s.no_cache = true);
    }
    let manifest = project.manifest()?;
    let commit = project.commit().await;
    let mut client = Client::open(&project, screen).await?;
    let manifest = client.bring(&project, manifest, screen).await?;
    carry_out(&mut client, Ask::Deploy { manifest, commit }, Manner { yes: args.yes, quiet: args.quiet }, screen).await
}

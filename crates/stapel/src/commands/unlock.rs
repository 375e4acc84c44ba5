use stapel_text::{Problem, text};

use super::release::agreed;
use crate::args::{Place, Unlock};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Ends the process that holds the lock, after showing what there is to be seen of it. A dead one holds nothing, so this
/// is for one that lives and does not come to an end.
pub(crate) async fn run(place: &Place, args: &Unlock, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let holder = client.holder().await?;
    screen.holder(holder.as_ref());
    let Some(holder) = holder else { return Ok(0) };
    if !args.yes {
        agreed(screen)?;
    }
    client.end_holder(holder.owner.process).await?;
    screen.say(&match (holder.at, holder.phases_after) {
        (Some((release, ..)), _) => text!("cli-unlocked-release", release = release.to_string()),
        (None, Some(release)) => text!("cli-unlocked-phases", release = release.to_string()),
        (None, None) => text!("cli-unlocked"),
    });
    Ok(0)
}

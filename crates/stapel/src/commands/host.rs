use stapel_text::{Class, Problem, text};

use super::release::agreed;
use crate::args::{Place, Prepare};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// `host prepare`: what the app needs of its host and does not find there is shown, and done once a person has agreed.
pub(crate) async fn prepare(place: &Place, args: Prepare, screen: &Screen) -> Result<u8, Problem> {
    // No secret of the app's is needed for it.
    let project = Project::look(place, screen)?;
    let wanted = project.wanted()?;
    let mut client = Client::reach_target(&project, screen).await?;
    let found = client.lacks(&wanted).await?;
    screen.lacks(&found, project.host());
    if found.steps.is_empty() {
        found.left.iter().for_each(|problem| screen.problem(problem));
        if found.left.is_empty() {
            screen.say(&text!("cli-prepare-nothing", host = project.host()));
        }
        return Ok(code(found.left.is_empty(), Class::Refused));
    }
    if !args.yes {
        agreed(screen)?;
    }
    let after = client.prepare(&wanted, &found.steps, |said| screen.preparing(&found.steps, &said)).await?;
    screen.prepared(&after, project.host());
    Ok(code(after.steps.is_empty() && after.left.is_empty(), Class::Failed))
}

fn code(ready: bool, class: Class) -> u8 {
    if ready { 0 } else { class.exit_code() }
}

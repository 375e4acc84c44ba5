use stapel_text::{Problem, text};

use super::release::which;
use crate::args::{Answer, Place, YesNo};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;

/// Answers what a release asks of a person, from wherever one is.
pub(crate) async fn run(place: &Place, args: &Answer, screen: &Screen) -> Result<u8, Problem> {
    let project = Project::look(place, screen)?;
    let mut client = Client::open(&project, screen).await?;
    let release = which(&mut client, args.release).await?;
    let yes = args.answer == YesNo::Yes;
    let answered = client.answer(release, args.which_check.clone(), yes).await?;
    let (release, question) = (release.to_string(), answered.question.as_str());
    screen.say(&match yes {
        true => text!("cli-answered-yes", release = release, question = question),
        false => text!("cli-answered-no", release = release, question = question),
    });
    screen.object(&serde_json::json!({ "answered": answered, "yes": yes }));
    Ok(0)
}

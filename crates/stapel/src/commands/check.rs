use jiff::{SignedDuration, Timestamp};
use stapel_agent::prepare::{Step, Wanted};
use stapel_core::examination::{Examined, Found, Weight};
use stapel_text::{Class, Problem, problem, seconds, text};

use crate::args::{Commit, Place};
use crate::client::Client;
use crate::project::Project;
use crate::render::Screen;
use crate::source::{Brought, Source};

/// How far the two clocks may be apart, the way of the answer included.
const APART: SignedDuration = SignedDuration::from_secs(30);

/// Looks whether everything holds that a deploy of the project as it is here needs. Content goes up, which harms nobody;
/// nothing else is changed.
pub(crate) async fn run(place: &Place, screen: &Screen) -> Result<u8, Problem> {
    let mut project = Project::open(place, screen)?;
    project.leave_out_ignored().await?;
    let asked = Commit::default();
    let (mut client, source) = tokio::try_join!(Client::open(&project, screen), Source::of(&project, &asked))?;
    let brought = source.bring(&mut client, &project, screen).await?;
    let (mut all, there) = client.examine(brought.ask.clone()).await?;
    all.insert(0, committed(&brought));
    all.insert(1, ignored(&brought));
    all.insert(2, quiet(&project));
    all.push(networks(&project, &mut client).await);
    all.push(clocks(there));
    screen.examined(&all);
    let prevented = all.iter().flat_map(|one| &one.found).any(|found| found.weight == Weight::Prevents);
    Ok(if prevented { Class::Refused.exit_code() } else { 0 })
}

fn committed(brought: &Brought) -> Examined {
    let found = brought.unclean().map(Found::prevents).into_iter().collect();
    Examined { what: text!("cli-examine-commit"), looked: brought.is_tracked(), found }
}

fn ignored(brought: &Brought) -> Examined {
    let found = brought.ignored().map(Found::advises).into_iter().collect();
    Examined { what: text!("cli-examine-ignored"), looked: brought.is_tracked(), found }
}

fn quiet(project: &Project) -> Examined {
    let found = project.may_begin().err().map(Found::prevents);
    Examined {
        what: text!("cli-examine-quiet"),
        looked: project.config.quiet.is_some(),
        found: found.into_iter().collect(),
    }
}

/// That the networks are there which compose expects to find; it makes none of them itself. Read from the files here: those
/// on the host may be of another version, or not there yet.
async fn networks(project: &Project, client: &mut Client) -> Examined {
    let wanted = project.wanted().ok().filter(|wanted| !wanted.networks.is_empty());
    let wanted = wanted.map(|wanted| Wanted { only_networks: true, ..wanted });
    let mut found = Vec::new();
    if let Some(wanted) = &wanted {
        match client.lacks(wanted).await {
            Ok(lacking) => {
                let missing = lacking.steps.into_iter().filter_map(|step| match step {
                    Step::Network { name } => Some(problem!(Refused, "cli-network-missing", name = name)),
                    _ => None,
                });
                // What the files here say the host's own variables may say otherwise, and not every network is used.
                found.extend(missing.map(Found::advises));
                found.extend(lacking.left.into_iter().map(Found::advises));
            }
            Err(why) => found.push(Found::advises(why)),
        }
    }
    Examined { what: text!("cli-examine-networks"), looked: wanted.is_some(), found }
}

/// Times in the journal and in dumps' names are the host's.
fn clocks(there: Timestamp) -> Examined {
    let apart = Timestamp::now().duration_since(there).abs();
    let wrong = (apart > APART).then(|| problem!(Failed, "cli-clock", apart = seconds(apart.as_secs_f64())));
    Examined { what: text!("cli-examine-clock"), looked: true, found: wrong.map(Found::advises).into_iter().collect() }
}

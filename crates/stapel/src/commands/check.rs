use jiff::{SignedDuration, Timestamp};
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
    let found = project.may_begin(false).err().map(Found::prevents);
    Examined {
        what: text!("cli-examine-quiet"),
        looked: project.config.quiet.is_some(),
        found: found.into_iter().collect(),
    }
}

/// Times in the journal and in dumps' names are the host's.
fn clocks(there: Timestamp) -> Examined {
    let apart = Timestamp::now().duration_since(there).abs();
    let wrong = (apart > APART).then(|| problem!(Failed, "cli-clock", apart = seconds(apart.as_secs_f64())));
    Examined { what: text!("cli-examine-clock"), looked: true, found: wrong.map(Found::advises).into_iter().collect() }
}

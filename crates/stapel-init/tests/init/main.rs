//! A corpus of small projects as real teams would write them, and all examples: what is written for each is what a person has
//! looked at (`tests/expected`), is accepted by our own reader, and says of each line where it comes from.
//!
//! `STAPEL_UPDATE_EXPECTED=yes` writes the files anew, to be looked at again.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test is to fail it")]

mod broken;
mod world;

use std::collections::BTreeSet;

use stapel_core::config::Config;
use stapel_init::{Asked, By, Twice};
use stapel_text::Lang;
use world::{all, asked_of_compose, composition, corpus, decided, expected, render, resolved};

/// Read by compose, each is as a person has seen it. A version of compose that cannot read one of them says so.
#[tokio::test]
async fn what_is_written_is_what_a_person_has_looked_at() {
    let (mut compared, mut refused) = (0, Vec::new());
    for project in corpus() {
        let name = project.file_name().unwrap();
        let draft = match resolved(&project, Asked::default()).await {
            Ok(Some(draft)) => draft,
            Ok(None) => return eprintln!("left out: there is no compose on this machine"),
            // Compose 1.x knows no `!reset`; a server's reads it, see the stories.
            Err(problem) if name == "reset" => {
                assert_eq!(problem.code(), "engine-config-invalid");
                refused.push(name.to_owned());
                continue;
            }
            Err(problem) => panic!("{name}: {problem}"),
        };
        for lang in if name == "russian-comments" { Lang::ALL.to_vec() } else { vec![Lang::En] } {
            let text = render(&draft, lang);
            let file = expected(name, lang);
            if std::env::var_os("STAPEL_UPDATE_EXPECTED").is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            let wanted = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(text, wanted, "{name} ({lang:?}) differs from {file}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} were compared");
    eprintln!("compared {compared}, refused by this compose: {refused:?}");
}

/// By whoever they are read, with a host given and without, in both languages.
#[tokio::test]
async fn whatever_is_written_we_can_read_and_each_line_says_where_it_comes_from() {
    assert!(corpus().len() >= 20, "the corpus has only {} projects", corpus().len());
    for project in all() {
        let mut made = vec![composition(&project, By::Written)];
        made.extend(asked_of_compose(&project).await);
        for asked in [
            Asked::default(),
            Asked { host: Some("deploy-host".into()), path: Some("/srv/x".into()), ..Asked::default() },
        ] {
            for (made, lang) in made.iter().flat_map(|made| Lang::ALL.map(|lang| (made, lang))) {
                let text = render(&decided(&project, asked.clone(), made.clone()).unwrap(), lang);
                let config = Config::parse("stapel.toml", &text).unwrap_or_else(|e| panic!("{project}: {e:?}\n{text}"));
                assert!(!config.services.is_empty() && config.targets.len() == 1);
                if asked.host.is_some() {
                    assert_eq!(config.targets["production"].path, "/srv/x");
                }
                commented(&text);
                assert!(!text.contains("example-only"), "{project}: a secret\n{text}");
            }
        }
    }
}

/// Each line with a value has its reason behind it or right above it.
fn commented(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let value = !line.is_empty() && !line.starts_with(['#', '[']);
        let above = at > 0 && lines[at - 1].starts_with("# ");
        assert!(!value || line.contains("  # ") || above, "nothing is said of `{line}` in\n{text}");
        assert!(line.chars().count() <= 120 || !line.starts_with('#'), "too wide: {line}");
    }
}

/// Nothing that must never run twice is ever relayed.
#[test]
fn what_may_not_run_twice_is_not_relayed() {
    let mut against = BTreeSet::new();
    for project in all() {
        let draft = decided(&project, Asked::default(), composition(&project, By::Written)).unwrap();
        let config = Config::parse("stapel.toml", &render(&draft, Lang::En)).unwrap();
        for judged in &draft.services {
            assert!(!judged.why.is_empty(), "{project}: no reason for {}", judged.name);
            let relayed = config.services.get(&judged.name).is_some_and(|s| s.rollout.is_none());
            assert_eq!(relayed, judged.twice == Twice::Yes, "{project}: {}", judged.name);
            if judged.twice == Twice::No {
                against.extend(judged.why.iter().map(|why| why.id.to_string()));
            }
        }
    }
    let all: BTreeSet<_> = ["polls", "schedules", "migrates", "migrates-otherwise", "sqlite", "host-network", "udp"]
        .into_iter()
        .map(|why| format!("init-why-{why}"))
        .collect();
    assert_eq!(against, all, "the corpus has each reason");
}

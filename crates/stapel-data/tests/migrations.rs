//! A migration tool behind `Images`: what it prints, how it fails.

#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stapel_core::observation::Registry;
use stapel_core::ports::{ImageId, Images, Lines, Parts};
use stapel_data::migrations::{Argv, Commands, Migrations, Tool};
use stapel_text::Problem;

/// Runs commands of this machine instead of an image's. Nothing else of images is asked for here.
struct Here;

macro_rules! never {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        #[async_trait]
        impl Images for Here {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$result, Problem> {
                $(let _ = $arg;)*
                unreachable!(stringify!($name))
            })*

            async fn run_once(
                &self,
                service: &str,
                image: &ImageId,
                argv: &[String],
                lines: &dyn Lines,
            ) -> Result<i32, Problem> {
                assert_eq!((service, image.0.as_str()), ("api", "sha256:1"));
                Ok(stapel_host::Command::new(&argv[0]).args(&argv[1..]).stream(lines).await?.code)
            }
        }
    };
}
never! {
    in_use(s: &str) -> Option<ImageId>;
    pointed(s: &str) -> Option<ImageId>;
    parts(s: &str) -> Option<Parts>;
    pull(s: &str, l: &dyn Lines) -> ImageId;
    offered(s: &str) -> Registry;
    point(s: &str, i: &ImageId) -> ();
    unpoint(s: &str) -> ();
    build(s: &str, n: bool, a: &BTreeMap<String, String>, l: &dyn Lines) -> ImageId;
    keep(s: &str, i: &ImageId, t: &str) -> String;
    kept(s: &str, t: &str) -> Option<ImageId>;
    drop_tag(s: &str, t: &str) -> ();
    tags(s: &str, p: &str) -> Vec<String>;
    drop_unnamed(s: &str, b: &[ImageId], n: &[ImageId]) -> usize;
    prune_cache(k: u64) -> u64;
}

#[derive(Default)]
struct Screen(Mutex<Vec<String>>);

impl Lines for Screen {
    fn line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

fn sh(script: &str) -> Vec<String> {
    ["sh", "-c", script, "tool"].map(str::to_owned).to_vec()
}

fn tool() -> Commands {
    let argv = Argv {
        current: sh("echo 'INFO  [alembic.runtime.migration] Context impl SQLiteImpl.' >&2; echo 0001_first"),
        heads: sh("echo 'ae1027a6acf (head)'; echo 'ff00 (side) (head)'"),
        upgrade: sh("seq 1 30; echo 'cannot reach postgresql://app:secret@db/app'; exit 3"),
        downgrade: sh("echo \"down to $1\""),
        base: "base".into(),
    };
    Commands { service: "api".into(), images: Arc::new(Here), argv }
}

#[tokio::test]
async fn current_and_heads_are_read_from_what_the_tool_prints() {
    let image = ImageId("sha256:1".into());
    assert_eq!(tool().current(&image).await.unwrap(), ["0001_first"]);
    assert_eq!(tool().heads(&image).await.unwrap(), ["ae1027a6acf", "ff00"]);
}

#[tokio::test]
async fn a_failure_holds_the_last_lines_and_no_password_is_shown() {
    let screen = Screen::default();
    let problem = tool().upgrade(&ImageId("sha256:1".into()), &screen).await.unwrap_err();
    assert_eq!(problem.code(), "data-migration-failed");
    let words = problem.to_string();
    assert!(words.contains("\n30\ncannot reach"), "{words}");
    assert!(words.contains("code 3") && !words.contains("\n5\n"), "{words}");
    let shown = screen.0.lock().unwrap().join("\n");
    assert_eq!(screen.0.lock().unwrap().len(), 31);
    assert!(words.contains("app:***@db") && shown.contains("app:***@db"), "{words}");
    assert!(!words.contains("secret") && !shown.contains("secret"));
}

#[tokio::test]
async fn down_goes_to_a_revision_or_to_before_the_first() {
    let image = ImageId("sha256:1".into());
    for (to, expected) in [("0001_first", "down to 0001_first"), ("", "down to base")] {
        let screen = Screen::default();
        tool().downgrade(&image, to, &screen).await.unwrap();
        assert_eq!(*screen.0.lock().unwrap(), [expected]);
    }
}

#[test]
fn tools_have_their_command_lines() {
    assert_eq!(Tool::Alembic.argv().upgrade.join(" "), "alembic upgrade head");
    assert_eq!(Tool::Alembic.argv().downgrade.join(" "), "alembic downgrade");
    assert_eq!(Tool::Embedded.argv().current.join(" "), "migrate current");
}

use camino::{Utf8Path, Utf8PathBuf};
use stapel_init::{Asked, By, Composition, Draft, Project};
use stapel_text::{Catalogue, Lang, Problem};

fn here() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn directories(of: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut all: Vec<_> = of.read_dir_utf8().unwrap().map(|e| e.unwrap().into_path()).filter(|p| p.is_dir()).collect();
    all.sort();
    all
}

/// The projects of the corpus.
pub(crate) fn corpus() -> Vec<Utf8PathBuf> {
    directories(&here().join("tests/corpus"))
}

/// They and the examples.
pub(crate) fn all() -> Vec<Utf8PathBuf> {
    let examples = directories(&here().join("../../examples"));
    assert!(!examples.is_empty());
    corpus().into_iter().chain(examples).map(|p| p.canonicalize_utf8().unwrap()).collect()
}

/// What a person has looked at.
pub(crate) fn expected(name: &str, lang: Lang) -> Utf8PathBuf {
    let ending = if lang == Lang::Ru { "ru.toml" } else { "toml" };
    here().join("tests/expected").join(format!("{name}.{ending}"))
}

/// What the files say by themselves.
pub(crate) fn composition(project: &Utf8Path, by: By) -> Composition {
    let made = Project::read(project, Asked::default(), None).unwrap().as_written().unwrap();
    assert_eq!(made.by, by);
    made
}

pub(crate) fn decided(project: &Utf8Path, asked: Asked, composition: Composition) -> Result<Draft, Problem> {
    stapel_init::decide(&Project::read(project, asked, None)?.facts(composition))
}

/// Read by this machine's compose; `None` where there is none.
pub(crate) async fn resolved(project: &Utf8Path, asked: Asked) -> Result<Option<Draft>, Problem> {
    let project = Project::read(project, asked, None)?;
    match project.resolve().await? {
        Some(made) => stapel_init::decide(&project.facts(made)).map(Some),
        None => Ok(None),
    }
}

/// What this machine's compose makes of it, if there is one and it takes it.
pub(crate) async fn asked_of_compose(project: &Utf8Path) -> Option<Composition> {
    Project::read(project, Asked::default(), None).unwrap().resolve().await.ok()?
}

/// The file, whichever version of compose was asked.
pub(crate) fn render(draft: &Draft, lang: Lang) -> String {
    let text = draft.render(&Catalogue::new(lang));
    let version = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let line = |line: &str| {
        let asked = line.contains("compose ") && (line.contains("asked of compose") || line.contains("сказал compose"));
        let words = line.split(' ').map(|word| if asked && version(word) { "VERSION" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(|l| line(l) + "\n").collect()
}

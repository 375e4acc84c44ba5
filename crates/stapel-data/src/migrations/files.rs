//! What Alembic's files tell without running anything: which migrations there are and which of them a database lacks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// The table in which Alembic notes where a database is, and its column.
pub const ALEMBIC_TABLE: (&str, &str) = ("alembic_version", "version_num");

/// An assignment at the left margin, `down_revision: Union[str, None] = "0001"`, whose value may go over several lines in
/// brackets.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^(revision|down_revision|depends_on)[ \t]*(?::[^=\n]+)?=[ \t]*(\([^)]*\)|\[[^\]]*\]|[^\n]*)")
        .expect("a constant that tests compile")
});
/// Python's strings without escapes, which revisions do not need.
static STRING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""([^"\\\n]*)"|'([^'\\\n]*)'"#).expect("a constant that tests compile"));
static SAYS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^\s*[rRuU]?(?:"""|''')\s*([^\n]*)"#).expect("a constant that tests compile"));
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^(script_location|version_locations)[ \t]*=[ \t]*([^\n]*)").expect("a constant that tests compile")
});

/// A migration, as its file tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its name.
    pub id: String,
    /// What must have run before it.
    pub after: Vec<String>,
    /// The first line of what the file says about itself.
    pub says: String,
}

/// What a file in a folder of migrations is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A migration.
    Revision(Revision),
    /// Something else, such as `__init__.py`.
    Other,
    /// A migration whose names are computed: only Python could tell.
    Unknown,
}

impl Revision {
    /// Reads the text of a Python file.
    #[must_use]
    pub fn read(source: &str) -> Read {
        let (mut id, mut after) = (None, Vec::new());
        for found in ASSIGNMENT.captures_iter(source) {
            let Some(names) = names(&found[2]) else { return Read::Unknown };
            match &found[1] {
                "revision" => id = names.into_iter().next(),
                _ => after.extend(names),
            }
        }
        let says = SAYS.captures(source).map_or("", |found| found.get(1).map_or("", |m| m.as_str()));
        let says = says.trim_end_matches(['"', '\'']).trim().to_owned();
        id.map_or(Read::Other, |id| Read::Revision(Self { id, after, says }))
    }
}

/// The strings in a literal; `None` for anything that is not made of strings only.
fn names(literal: &str) -> Option<Vec<String>> {
    let literal = &without_comments(literal);
    let text =
        |found: regex::Captures<'_>| found.get(1).or(found.get(2)).map_or(String::new(), |m| m.as_str().to_owned());
    let names: Vec<String> = STRING.captures_iter(literal).map(text).collect();
    let rest = STRING.replace_all(literal, "");
    let plain = rest.trim() == "None" || rest.chars().all(|c| c.is_whitespace() || "()[],".contains(c));
    plain.then_some(names)
}

/// The folder of the migrations that an `alembic.ini` at `path` names; `None` where it names several, or one that only
/// Python could find.
#[must_use]
pub fn alembic_folder(path: &str, ini: &str) -> Option<String> {
    let mut location = None;
    for found in OPTION.captures_iter(ini) {
        match &found[1] {
            "script_location" => location = Some(found[2].trim().to_owned()),
            _ => return None,
        }
    }
    let location = location?;
    let below = location.strip_prefix("%(here)s").unwrap_or(&location).trim_start_matches("./").trim_matches('/');
    if below.is_empty() || below.contains([':', '%']) || below.split('/').any(|part| part == "..") {
        return None;
    }
    let here = path.rsplit_once('/').map_or(String::new(), |(dir, _)| format!("{dir}/"));
    Some(format!("{here}{below}/versions/"))
}

/// What Python takes for a comment, a `#` outside of strings to the end of its line, left out.
fn without_comments(literal: &str) -> String {
    let mut quote = None;
    let mut comment = false;
    let keeps = |c: &char| {
        comment = *c != '\n' && (comment || (*c == '#' && quote.is_none()));
        match quote {
            _ if comment => {}
            Some(open) if open == *c => quote = None,
            None if ['"', '\''].contains(c) => quote = Some(*c),
            _ => {}
        }
        !comment
    };
    literal.chars().filter(keeps).collect()
}

/// What a database lacks of some migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacks {
    /// These, in an order in which they can run.
    These(Vec<Revision>),
    /// It is at one that is not among them: they are older than it.
    Ahead,
    /// One of them follows something that is not there: the files do not tell all.
    Unknown,
}

/// What a database at `current` lacks of `all`.
#[must_use]
pub fn pending(all: &[Revision], current: &[String]) -> Lacks {
    let known = |id: &str| all.iter().find(|r| r.id == id);
    if current.iter().any(|id| known(id).is_none()) {
        return Lacks::Ahead;
    }
    if all.iter().flat_map(|r| &r.after).any(|id| known(id).is_none()) {
        return Lacks::Unknown;
    }
    let mut applied = BTreeSet::new();
    let mut look: Vec<&str> = current.iter().map(String::as_str).collect();
    while let Some(revision) = look.pop().and_then(known) {
        if applied.insert(revision.id.as_str()) {
            look.extend(revision.after.iter().map(String::as_str));
        }
    }
    let mut left: Vec<&Revision> = all.iter().filter(|r| !applied.contains(r.id.as_str())).collect();
    left.sort_by(|a, b| a.id.cmp(&b.id));
    let mut order = Vec::new();
    // What follows itself cannot run: Alembic says so better than we could.
    while let Some(at) = left.iter().position(|r| r.after.iter().all(|a| applied.contains(a.as_str()))) {
        let next = left.remove(at);
        applied.insert(&next.id);
        order.push(next.clone());
    }
    order.extend(left.into_iter().cloned());
    Lacks::These(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(id: &str, after: &[&str]) -> Revision {
        Revision { id: id.into(), after: after.iter().map(ToString::to_string).collect(), says: String::new() }
    }

    fn ids(found: Lacks) -> Option<Vec<String>> {
        match found {
            Lacks::These(all) => Some(all.into_iter().map(|r| r.id).collect()),
            Lacks::Ahead | Lacks::Unknown => None,
        }
    }

    #[test]
    fn files_as_alembic_writes_them_are_read() {
        for (source, id, after, says) in [
            (
                "\"\"\"rates\n\nRevision ID: 1\n\"\"\"\nrevision = \"0001\"\ndown_revision = None\n",
                "0001",
                &[][..],
                "rates",
            ),
            ("'''one line'''\nrevision: str = '2'\ndown_revision: Union[str, None] = '1'\n", "2", &["1"], "one line"),
            (
                "revision = \"m\"\ndown_revision = (\n    \"a\",\n    'b',\n)\ndepends_on = None # so\n",
                "m",
                &["a", "b"],
                "",
            ),
            ("revision = 'c'\ndown_revision = None  # was \"0003\"\n", "c", &[], ""),
            ("revision = 'a#b'\ndown_revision = (  # two: 'x'\n    'y',  # not 'z'\n)\n", "a#b", &["y"], ""),
            ("revision='x'\ndown_revision=['a']\ndepends_on = ('c',)\r\n", "x", &["a", "c"], ""),
        ] {
            let after = after.iter().map(ToString::to_string).collect();
            let expected = Revision { id: id.into(), after, says: says.into() };
            assert_eq!(Revision::read(source), Read::Revision(expected), "{source}");
        }
        assert_eq!(Revision::read(""), Read::Other);
        assert_eq!(Revision::read("def upgrade():\n    revision = 'no'\n"), Read::Other);
        assert_eq!(Revision::read("revision = make()\ndown_revision = None\n"), Read::Unknown);
        assert_eq!(Revision::read("revision = '1'\ndown_revision = BASE\n"), Read::Unknown);
    }

    #[test]
    fn the_folder_is_where_the_ini_says() {
        let folder = |ini: &str| alembic_folder("backend/alembic.ini", ini);
        let found = Some("backend/alembic/versions/".to_owned());
        assert_eq!(folder("[alembic]\nscript_location = %(here)s/alembic\n"), found);
        assert_eq!(folder("[alembic]\n# script_location = x\nscript_location = ./alembic/\n"), found);
        assert_eq!(alembic_folder("alembic.ini", "script_location=migrations"), Some("migrations/versions/".into()));
        for elsewhere in ["", "script_location = app:migrations", "script_location = ../x", "script_location = %(x)s/a"]
        {
            assert_eq!(folder(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(folder("script_location = a\nversion_locations = a/b c/d\n"), None);
    }

    #[test]
    fn what_is_pending_comes_in_an_order_in_which_it_can_run() {
        let all = [revision("c", &["b"]), revision("a", &[]), revision("b", &["a"]), revision("z", &["a"])];
        assert_eq!(ids(pending(&all, &[])), Some(["a", "b", "c", "z"].map(String::from).to_vec()));
        assert_eq!(ids(pending(&all, &["b".into()])), Some(["c", "z"].map(String::from).to_vec()));
        assert_eq!(ids(pending(&all, &["c".into(), "z".into()])), Some(Vec::new()));
        assert_eq!(pending(&all, &["later".into()]), Lacks::Ahead);
        let circle = [revision("a", &["b"]), revision("b", &["a"])];
        assert_eq!(ids(pending(&circle, &[])).unwrap().len(), 2);
        assert_eq!(pending(&[revision("c", &["gone"])], &[]), Lacks::Unknown);
    }
}

use crate::compose::{health_path, runs};
use crate::sign::Sign;

/// What a Dockerfile says of the service that it makes: of its last stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    /// Ports that it names.
    pub(crate) exposes: Vec<u16>,
    /// The path that its health check asks for, with the line.
    pub(crate) health: Option<(String, usize)>,
    /// Whether it has a health check.
    pub(crate) checks: bool,
    /// What its command says, with the line.
    pub(crate) signs: Vec<(Sign, String, usize)>,
    /// Files that its command runs.
    pub(crate) runs: Vec<String>,
    /// Its working directory.
    pub(crate) workdir: Option<String>,
}

impl Dockerfile {
    pub(crate) fn read(text: &str) -> Self {
        let mut file = Self::default();
        for (at, line) in joined(text) {
            let (instruction, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
            match instruction.to_ascii_uppercase().as_str() {
                "FROM" => file = Self::default(),
                "WORKDIR" => file.workdir = Some(rest.trim().to_owned()),
                "EXPOSE" => file
                    .exposes
                    .extend(rest.split_whitespace().filter_map(|p| p.split('/').next()?.parse::<u16>().ok())),
                "HEALTHCHECK" => {
                    file.checks = !rest.trim().eq_ignore_ascii_case("none");
                    file.health = health_path(rest).map(|path| (path, at));
                }
                "CMD" | "ENTRYPOINT" => {
                    let command = rest.replace(['[', ']', '"', ','], " ");
                    file.signs.extend(Sign::all(&command).into_iter().map(|(sign, words, _)| (sign, words, at)));
                    file.runs.extend(runs(&[command]));
                }
                _ => {}
            }
        }
        file
    }
}

/// Lines with those that a backslash continues, without comments.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with('#')) {
        let (bare, continues) = line.trim().strip_suffix('\\').map_or((line.trim(), false), |b| (b, true));
        match all.last_mut() {
            Some((_, last)) if goes_on => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => all.push((at + 1, bare.to_owned())),
        }
        goes_on = continues;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_counts() {
        let text = "FROM a AS build\nEXPOSE 1\nFROM b\nWORKDIR /app\nEXPOSE 8000/tcp 9000\nHEALTHCHECK --interval=5s \\\n  CMD curl -f http://localhost:8000/healthz || exit 1\nENTRYPOINT [\"./entrypoint.sh\"]\nCMD [\"python\", \"-m\", \"app.bot\"]\n";
        let file = Dockerfile::read(text);
        assert_eq!(file.exposes, [8000, 9000]);
        assert_eq!(file.health, Some(("/healthz".into(), 6)));
        assert_eq!(file.runs, ["entrypoint.sh", "app/bot.py"]);
        assert_eq!(file.workdir.as_deref(), Some("/app"));
    }

    #[test]
    fn a_command_that_migrates() {
        let file = Dockerfile::read("FROM a\nCMD alembic upgrade head && uvicorn app:app\n");
        assert_eq!(file.signs, [(Sign::Migrates, "alembic upgrade".to_owned(), 2)]);
    }
}

use std::collections::BTreeMap;

use super::shell::{Variables, is_plain, lines, words};
use crate::place::{Found, Place, expression};
use crate::tree::name;

/// What a script, a Makefile or a pipeline says of how the app is released.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// The file.
    pub(crate) file: String,
    /// Whether it goes to a server.
    pub(crate) deploys: bool,
    /// Servers that it logs in to or copies to.
    pub(crate) hosts: Vec<Found<String>>,
    /// Directories there.
    pub(crate) paths: Vec<Found<String>>,
    /// How it calls compose, where it names files.
    pub(crate) calls: Vec<Found<Call>>,
    /// What it asks over HTTP, without a body.
    pub(crate) urls: Vec<Found<String>>,
    /// What its rsync of the whole project leaves out.
    pub(crate) excludes: Vec<Found<String>>,
}

/// One way to call compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The files (`-f`).
    pub(crate) files: Vec<String>,
    /// The project's name (`-p`).
    pub(crate) project: Option<String>,
}

/// Whether a file is a script of the team's, by its name and place.
pub(crate) fn is_script(path: &str) -> bool {
    let name = name(path);
    name.ends_with(".sh")
        || matches!(
            name,
            "Makefile" | "makefile" | "justfile" | "Taskfile.yml" | ".gitlab-ci.yml" | "deploy" | "release"
        )
        || (path.starts_with(".github/workflows/") && (name.ends_with(".yml") || name.ends_with(".yaml")))
}

expression!(HOST, r"^([A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9_.-]*$");
expression!(REMOTE, r"^((?:[A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9_.-]*):(~?/?[A-Za-z0-9_./-]*)$");
expression!(CD, r#"\bcd\s+["']?(~?/[A-Za-z0-9_./-]+)"#);
expression!(COMPOSE, r"\bdocker[ -]compose\b([^&|;]*)");
expression!(URL, r#"https?://[^\s"'\\)<>|;`]+"#);
/// Options of ssh that take a value.
const TAKES_VALUE: &[&str] = &["-i", "-p", "-o", "-F", "-l", "-J", "-P", "-e", "-c"];

impl Script {
    /// Reads one; `given` is what it may take from files of variables.
    pub(crate) fn read(file: &str, text: &str, given: &BTreeMap<String, String>) -> Self {
        let variables = Variables::of(text, given);
        let mut script = Self {
            file: file.to_owned(),
            deploys: false,
            hosts: Vec::new(),
            paths: Vec::new(),
            calls: Vec::new(),
            urls: Vec::new(),
            excludes: Vec::new(),
        };
        // Within a here-document for ssh.
        let mut there = false;
        for (at, line) in lines(text) {
            let place = Place::line(file, at);
            let line = variables.filled(&line);
            let all = words(&line);
            script.compose(&line, &place);
            script.asks(&line, &place);
            there |= script.logs_in(&all, &line, &place);
            if there && let Some(path) = CD.captures(&line) {
                script.paths.push(Found::new(path[1].to_owned(), place.clone()));
            }
            there &= !matches!(line.trim(), "EOF" | "END" | "ENDSSH" | "SSH");
            script.copies(&all, &place);
        }
        script.deploys = !script.hosts.is_empty();
        script
    }

    /// Whether this line logs in to a server.
    fn logs_in(&mut self, all: &[String], line: &str, place: &Place) -> bool {
        let Some(at) = all.iter().position(|w| w == "ssh") else { return false };
        let mut rest = all[at + 1..].iter();
        let mut host = None;
        while let Some(word) = rest.next() {
            if TAKES_VALUE.contains(&word.as_str()) {
                rest.next();
            } else if !word.starts_with('-') {
                host = Some(word);
                break;
            }
        }
        let Some(host) = host.filter(|h| HOST.is_match(h) && (h.contains('@') || h.contains('.'))) else {
            return false;
        };
        self.hosts.push(Found::new(host.clone(), place.clone()));
        if let Some(path) = CD.captures(line) {
            self.paths.push(Found::new(path[1].to_owned(), place.clone()));
        }
        line.contains("<<")
    }

    fn copies(&mut self, all: &[String], place: &Place) {
        let Some(at) = all.iter().position(|w| w == "rsync" || w == "scp") else { return };
        let mut sources = Vec::new();
        let mut rest = all[at + 1..].iter();
        let mut excludes = Vec::new();
        while let Some(word) = rest.next() {
            if let Some(left_out) = word.strip_prefix("--exclude=") {
                excludes.push(left_out.to_owned());
            } else if word == "--exclude" {
                excludes.extend(rest.next().cloned());
            } else if TAKES_VALUE.contains(&word.as_str()) {
                rest.next();
            } else if !word.starts_with('-') {
                sources.push(word.clone());
            }
        }
        let Some(to) = sources.pop() else { return };
        let Some(found) = REMOTE.captures(&to).filter(|f| is_plain(&f[0])) else { return };
        self.hosts.push(Found::new(found[1].to_owned(), place.clone()));
        let from = sources.last().map_or("", String::as_str).trim_start_matches("./").trim_matches('/');
        let path = found[2].trim_end_matches('/');
        let whole = from.is_empty() || from == ".";
        // `backend/` to `/opt/app/backend/`: the app's directory is the one above.
        let app = if whole { Some(path) } else { path.strip_suffix(from).and_then(|p| p.strip_suffix('/')) };
        if let Some(app) = app.filter(|p| p.starts_with('/') || p.starts_with('~')) {
            self.paths.push(Found::new(app.to_owned(), place.clone()));
        }
        if whole {
            self.excludes.extend(excludes.into_iter().map(|e| Found::new(e, place.clone())));
        }
    }

    fn compose(&mut self, line: &str, place: &Place) {
        for found in COMPOSE.captures_iter(line) {
            let all = words(&found[1]);
            let mut call = Call { files: Vec::new(), project: None };
            let mut rest = all.iter();
            while let Some(word) = rest.next() {
                match word.as_str() {
                    "-f" | "--file" => call.files.extend(rest.next().cloned()),
                    "-p" | "--project-name" => call.project = rest.next().cloned(),
                    "--env-file" | "--profile" => drop(rest.next()),
                    word if word.starts_with('-') => {}
                    // From here on it is the subcommand's.
                    _ => break,
                }
            }
            call.project = call.project.filter(|p| is_plain(p));
            if !call.files.is_empty() && call.files.iter().all(|f| is_plain(f)) {
                self.calls.push(Found::new(call, place.clone()));
            }
        }
    }

    fn asks(&mut self, line: &str, place: &Place) {
        let changes = ["-X", "--request", "-d", "--data", "-F", "--json"];
        if words(line).iter().any(|w| changes.contains(&w.as_str()) || w.starts_with("--data")) {
            return;
        }
        for url in URL.find_iter(line).map(|m| m.as_str().trim_end_matches(['.', ','])) {
            if is_plain(url) && !url.contains('@') {
                self.urls.push(Found::new(url.to_owned(), place.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<T: Clone>(all: &[Found<T>]) -> Vec<T> {
        all.iter().map(|f| f.value.clone()).collect()
    }

    #[test]
    fn a_script_that_copies_and_starts() {
        let text = "set -e\nHOST=root@a.example\nDIR=/opt/shop\nrsync -az --delete --exclude .git --exclude='/uploads' ./ \"$HOST:$DIR/\"\nssh -i key \"$HOST\" \"cd $DIR && docker compose -f compose.yml -f compose.prod.yml -p shop up -d\"\ncurl -fsS https://shop.example/health\ncurl -X POST https://shop.example/hook\n";
        let script = Script::read("deploy.sh", text, &BTreeMap::new());
        assert_eq!(values(&script.hosts), ["root@a.example", "root@a.example"]);
        assert_eq!(values(&script.paths), ["/opt/shop", "/opt/shop"]);
        assert_eq!(values(&script.excludes), [".git", "/uploads"]);
        let call = Call { files: vec!["compose.yml".into(), "compose.prod.yml".into()], project: Some("shop".into()) };
        assert_eq!(values(&script.calls), [call]);
        assert_eq!(values(&script.urls), ["https://shop.example/health"]);
        assert!(script.deploys);
    }

    #[test]
    fn a_runbook_in_comments_with_variables_from_elsewhere() {
        let given = [("DEPLOY_HOST", "root@a.example"), ("DEPLOY_PATH", "/opt/a")];
        let given = given.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let text =
            "#   rsync -az --delete --exclude .git \\\n#       backend/ \"$DEPLOY_HOST:$DEPLOY_PATH/backend/\"\n";
        let script = Script::read("x.sh", text, &given);
        assert_eq!(
            (values(&script.hosts), values(&script.paths)),
            (vec!["root@a.example".into()], vec!["/opt/a".into()])
        );
        assert!(script.excludes.is_empty());
    }

    #[test]
    fn a_here_document() {
        let script =
            Script::read("d.sh", "ssh a@b.example <<'EOF'\n  cd /srv/x\n  make\nEOF\ncd /tmp\n", &BTreeMap::new());
        assert_eq!(values(&script.paths), ["/srv/x"]);
    }
}

use std::collections::BTreeMap;

use crate::compose::{By, Composition, Service};
use crate::place::Place;
use crate::project::Project;
use crate::read::{Code, Dockerfile, Route, caddy, code, nginx, traefik};
use crate::sign::Sign;
use crate::tree::{below, join, name, parent};

/// All that was read, each with its place. What is to be written is a function of it.
#[derive(Debug)]
pub struct Facts {
    pub(crate) project: Project,
    pub(crate) compose: Composition,
    /// The Dockerfile of each service that is built, with its path.
    pub(crate) images: BTreeMap<String, (String, Dockerfile)>,
    /// What each service is told to do.
    pub(crate) told: BTreeMap<String, Vec<Told>>,
    pub(crate) code: Code,
    /// What proxies are told, here and on the host.
    pub(crate) routes: Vec<Route>,
    /// `alembic.ini`s.
    pub(crate) alembic: Vec<String>,
    /// `manage.py`s.
    pub(crate) django: Vec<String>,
    /// Lines of the `.gitignore` at the top.
    pub(crate) ignored: Vec<String>,
}

/// A telling word about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sign: Sign,
    pub(crate) words: String,
    pub(crate) place: Place,
}

impl Facts {
    pub(crate) fn gather(project: Project, mut compose: Composition) -> Self {
        // Compose 1.x prints also what only a profile brings.
        if matches!(&compose.by, By::Compose(v) | By::Host(v) if v.starts_with("1.")) {
            let on = project.dotenv.iter().find_map(|d| d.known("COMPOSE_PROFILES")).map_or("", |(on, _)| on);
            let wanted = |s: &Service| s.profiles.iter().any(|p| on.split(',').any(|on| on == p));
            compose.services.retain(|_, service| service.profiles.is_empty() || wanted(service));
        }
        let tree = &project.tree;
        let code = code(tree);
        let mut images = BTreeMap::new();
        for (name, service) in &compose.services {
            let Some(build) = &service.build else { continue };
            let path = build.context.as_ref().and_then(|context| join(context, &build.dockerfile));
            if let Some((path, text)) = path.and_then(|path| tree.text(&path).map(|text| (path, text))) {
                images.insert(name.clone(), (path, Dockerfile::read(&text)));
            }
        }
        let mut routes = routes(&project);
        for (name, service) in &compose.services {
            routes.extend(traefik(name, &service.traefik, &place(&project, name)));
        }
        routes.extend(project.survey.iter().flat_map(|s| s.routes.clone()));
        let ending = |wanted: &str| tree.files().filter(|f| name(f) == wanted).map(str::to_owned).collect();
        let (alembic, django) = (ending("alembic.ini"), ending("manage.py"));
        let ignored = tree.text(".gitignore").unwrap_or_default();
        let ignored = ignored.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', '!']));
        let ignored = ignored.map(str::to_owned).collect();
        let mut facts =
            Self { project, compose, images, told: BTreeMap::new(), code, routes, alembic, django, ignored };
        let told = facts.compose.services.iter().map(|(name, service)| (name.clone(), facts.told_to(name, service)));
        facts.told = told.collect();
        facts
    }

    /// Where a service is written.
    pub(crate) fn place(&self, service: &str) -> Place {
        place(&self.project, service)
    }

    /// The build context of a service, relative to the project.
    pub(crate) fn context(&self, service: &str) -> Option<&str> {
        self.compose.services.get(service)?.build.as_ref()?.context.as_deref()
    }

    fn told_to(&self, name: &str, service: &Service) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let mut add = |sign, words: String, place| {
            if !told.iter().any(|t: &Told| t.sign == sign) {
                told.push(Told { sign, words, place });
            }
        };
        for (sign, words) in &service.signs {
            add(*sign, words.clone(), self.place(name));
        }
        let image = self.images.get(name);
        let (mut runs, context) = (service.runs.clone(), self.context(name).unwrap_or_default().to_owned());
        if let Some((path, file)) = image {
            if !service.commanded {
                for (sign, words, line) in &file.signs {
                    add(*sign, words.clone(), Place::line(path, *line));
                }
            }
            // An entry point of the image's goes on to the command.
            runs.extend(file.runs.iter().filter(|r| !service.commanded || r.ends_with(".sh")).cloned());
        }
        if service.build.is_none() {
            return told;
        }
        let mut entries = Vec::new();
        for run in &runs {
            let bare = run.trim_start_matches('/').trim_start_matches("app/");
            let at = [
                join(&context, run),
                join(&context, bare),
                join(parent(run), &format!("{context}/{}", crate::tree::name(run))),
            ];
            let Some(path) = at.into_iter().flatten().find(|p| self.project.tree.has(p)) else { continue };
            for (sign, words, line) in Sign::all(&self.project.tree.text(&path).unwrap_or_default()) {
                add(sign, words, Place::line(&path, line));
            }
            entries.push(path);
        }
        let deeper = |file: &str| {
            let all = self.compose.services.values().filter_map(|s| s.build.as_ref()?.context.as_deref());
            all.filter(|c| c.len() > context.len()).any(|c| below(file, c))
        };
        // What the code of a context says is true of all its services where there is one, and of one that no request
        // reaches where there are several.
        let of_context = self
            .compose
            .services
            .values()
            .filter(|s| s.build.as_ref().and_then(|b| b.context.as_deref()) == self.context(name));
        let alone = of_context.count() == 1;
        let database =
            self.compose.services.values().any(|s| s.image.as_deref().is_some_and(|i| i.contains("postgres")));
        for (sign, words, place) in &self.code.signs {
            let here = below(&place.file, &context)
                && !deeper(&place.file)
                && (alone || entries.is_empty() && service.ports.is_empty());
            // A library's SQLite beside a real database is for tests.
            if here && !(*sign == Sign::Sqlite && database) {
                add(*sign, words.clone(), place.clone());
            }
        }
        told
    }
}

/// Where a service is written; in all the files that do so.
fn place(project: &Project, service: &str) -> Place {
    match project.written.lines.get(service).map(Vec::as_slice) {
        Some([one]) => one.clone(),
        Some(several) => Place::file(several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        None => Place::file(project.chosen.files.join(", ")),
    }
}

fn routes(project: &Project) -> Vec<Route> {
    let tree = &project.tree;
    let mut routes = Vec::new();
    for file in tree.files() {
        let short = name(file);
        let is_caddy = short == "Caddyfile" || short.ends_with(".caddy") || short.starts_with("Caddyfile.");
        let is_nginx = short.contains("nginx") || file.contains("nginx/") || file.contains("sites-");
        if is_caddy {
            routes.extend(tree.text(file).map(|text| caddy(file, &text)).unwrap_or_default());
        } else if is_nginx && (short.contains(".conf") || file.contains("sites-")) {
            routes.extend(tree.text(file).map(|text| nginx(file, &text)).unwrap_or_default());
        }
    }
    routes
}

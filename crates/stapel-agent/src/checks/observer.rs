//! Looks at an app for a time: what its checks see, what its logs say, how its instances fare.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use stapel_core::config::WatchedLog;
use stapel_core::ports::{Health, Instance};
use stapel_probe::baseline::{Pulse, Seen};
use stapel_probe::logs::{self, Patterns};
use stapel_text::{Problem, Text, text};
use tokio::time::Instant;

use super::sources::{self, Mark};
use crate::Site;
use crate::logs::UNREADABLE;

/// How many lines of a log are kept for an error that is told in several.
const KEPT: usize = 2000;

/// One who looks, and what was seen so far.
pub(super) struct Observer<'a> {
    site: &'a Site,
    patterns: Patterns,
    begun: Instant,
    tails: Vec<Tail>,
    pub(super) seen: Seen,
}

/// A log, how far it was read, and what of it may still be part of an error.
struct Tail {
    log: WatchedLog,
    mark: Option<Mark>,
    lines: Vec<String>,
    /// By their kind; of each the first.
    errors: BTreeMap<String, String>,
    /// Why it is not read any more.
    given_up: Option<Problem>,
    /// Whether that was said.
    told: bool,
}

impl<'a> Observer<'a> {
    pub(super) fn new(site: &'a Site) -> Result<Self, Problem> {
        let watch = &site.config.watch;
        let tail = |log: WatchedLog| Tail {
            log,
            mark: None,
            lines: Vec::new(),
            errors: BTreeMap::new(),
            given_up: None,
            told: false,
        };
        Ok(Self {
            site,
            patterns: Patterns::new(&watch.errors, &watch.ignore)?,
            begun: Instant::now(),
            tails: sources::all(&site.config).into_iter().map(tail).collect(),
            seen: Seen { warm: watch.warm_up, ..Seen::default() },
        })
    }

    /// What is in the logs already.
    pub(super) async fn read_back(&mut self) -> Result<(), Problem> {
        let all = join_all(self.tails.iter().map(|tail| sources::before(self.site, &tail.log))).await;
        for (tail, read) in self.tails.iter_mut().zip(all) {
            match read {
                Ok(lines) => tail.take(lines, &self.patterns, &mut self.seen),
                Err(problem) => tail.give_up(problem)?,
            }
        }
        self.gather_errors();
        Ok(())
    }

    /// The logs are read from here on: what was said while the app was replaced is part of that, and what one says that starts
    /// is part of warming up.
    pub(super) async fn begin(&mut self) -> Result<(), Problem> {
        let all = join_all(self.tails.iter().map(|tail| sources::end(self.site, &tail.log))).await;
        for (tail, end) in self.tails.iter_mut().zip(all) {
            match end {
                Ok(mark) => tail.mark = mark,
                Err(problem) => tail.give_up(problem)?,
            }
        }
        Ok(())
    }

    /// What was not to be read, in words; each once.
    pub(super) fn unread(&mut self) -> impl Iterator<Item = Text> {
        let words = |tail: &mut Tail| {
            let why = tail.given_up.as_ref().filter(|_| !std::mem::replace(&mut tail.told, true))?;
            Some(text!("agent-log-unread", log = sources::named(&tail.log), why = why.what.clone()))
        };
        self.tails.iter_mut().filter_map(words)
    }

    /// One look of each check.
    pub(super) async fn ask(&mut self) -> Result<(), Problem> {
        let looks = self.site.checks.look(self.site).await?;
        if self.begun.elapsed() < self.seen.warm {
            self.seen.cold_looks += looks.len();
        }
        self.seen.looks.extend(looks);
        Ok(())
    }

    /// One look at each instance.
    pub(super) async fn feel(&mut self) -> Result<(), Problem> {
        let at = self.begun.elapsed();
        let site = self.site;
        let each = site
            .config
            .services
            .keys()
            .map(|name| async move { Ok::<_, Problem>((name, pulse(site, name, at).await?)) });
        for (name, pulse) in try_join_all(each).await? {
            self.seen.pulses.entry(name.clone()).or_default().extend(pulse);
        }
        Ok(())
    }

    /// What the logs say since.
    pub(super) async fn read_on(&mut self) -> Result<(), Problem> {
        let site = self.site;
        let readable = self.tails.iter_mut().filter(|tail| tail.given_up.is_none());
        let all = join_all(readable.map(|tail| async move {
            let read = sources::since(site, &tail.log, &mut tail.mark).await;
            (tail, read)
        }));
        for (tail, read) in all.await {
            match read {
                Ok(lines) => tail.take(lines, &self.patterns, &mut self.seen),
                Err(problem) => tail.give_up(problem)?,
            }
        }
        self.gather_errors();
        Ok(())
    }

    fn gather_errors(&mut self) {
        self.seen.errors = self.tails.iter().flat_map(|tail| tail.errors.values().cloned()).collect();
    }
}

impl Tail {
    fn take(&mut self, lines: Vec<String>, patterns: &Patterns, seen: &mut Seen) {
        let known = self.lines.len();
        // Of a proxy's log nobody knows whose requests they are, and the app has written them down as well.
        let counts = matches!(self.log, WatchedLog::Service(_));
        for line in lines.into_iter().filter(|line| !patterns.ignored(line)) {
            let request = counts && seen.traffic.count(&line);
            // What is told as data may be an error that happened in a request.
            if !request || line.contains('{') || patterns.found_in(&line) {
                self.lines.push(line);
            }
        }
        if self.lines.len() == known {
            return;
        }
        for error in logs::errors(&self.lines, patterns) {
            self.errors.entry(logs::kind(&error)).or_insert(error);
        }
        self.lines.drain(..self.lines.len().saturating_sub(KEPT));
    }

    /// A log that cannot be read is no reason to send a release back. That the engine does not answer is told by others.
    fn give_up(&mut self, problem: Problem) -> Result<(), Problem> {
        if matches!(self.log, WatchedLog::Service(_)) && problem.code() != UNREADABLE {
            return Err(problem);
        }
        tracing::info!(%problem, log = ?self.log, "not read any more");
        self.given_up = Some(problem);
        Ok(())
    }
}

async fn pulse(site: &Site, service: &str, at: Duration) -> Result<Option<Pulse>, Problem> {
    let instances = &site.world.instances;
    let Some(real) = instances.real(service).await? else { return Ok(None) };
    let (health, vitals) = tokio::join!(instances.health(&real), instances.vitals(&real));
    // Figures are an aid: a health that cannot be asked is told, they are not.
    let ails = match health? {
        // What has done its work and ended is well.
        Health::Healthy | Health::Starting | Health::Exited(0) => None,
        Health::Unhealthy(what) => Some(text!("probe-ails-unhealthy", what = what)),
        Health::Exited(code) => Some(text!("probe-ails-ended", code = code.to_string())),
        Health::Gone => return Ok(None),
    };
    let vitals = vitals.ok().flatten().unwrap_or_default();
    let Instance { id: instance, .. } = real;
    Ok(Some(Pulse { at, instance, restarts: vitals.restarts, memory: vitals.memory, cpu: vitals.cpu, ails }))
}

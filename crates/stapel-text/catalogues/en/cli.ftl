### cli: the command line and the screen
cli-usage = Usage
cli-commands = Commands
cli-options = Options
cli-arguments = Arguments
cli-about = Stapel releases apps under Docker Compose: no request lost, no data lost, everything known.
cli-about-init = Write a stapel.toml for this project: from what lies here, and what runs on the host where one is given
cli-about-check = Look whether everything holds that a deploy needs; nothing is changed
cli-about-plan = Show what a deploy would do; nothing is changed
cli-about-deploy = Put the project in service at the target
cli-about-rollback = Put an earlier release in service again
cli-about-restart = Start services again, without losing a request where that can be
cli-about-attach = Show a release that runs, or how one ended
cli-about-answer = Answer what a release asks of a person
cli-about-cancel = Ask a release that runs to go back
cli-about-resume = Go on with a release whose process died
cli-about-undo = Undo a release whose process died or that got stuck
cli-about-show = Show all that is known of a release
cli-about-unlock = Show who holds the lock, and end that process
cli-about-status = Show how the app is
cli-about-history = Show the newest releases
cli-about-logs = Show the last log lines of services, and follow them
cli-about-demo = See it work on this machine: an app, a load, four releases; no Docker, no network, no root
cli-arg-config = The configuration file; by default the nearest stapel.toml from here upwards
cli-arg-target = The target; needed where stapel.toml has several
cli-arg-json = One JSON object a line instead of words
cli-arg-lang = The language: en or ru
cli-arg-help = Show this
cli-arg-version = Show the version
cli-arg-yes = Do not ask before beginning
cli-arg-no-cache = Build without the layer cache
cli-arg-out = Keep the plan in this file, for `stapel deploy FILE`
cli-arg-plan = A plan that `stapel plan --out` has kept; it is carried out without asking, or refused if it would now be another one
cli-arg-allow-dirty = Release what is not committed, too
cli-arg-in-quiet-hours = Begin also in the quiet hours of the app
cli-arg-build-arg = A build argument, for this release only; may be repeated. No place for secrets
cli-arg-check = One more check, for this release only; may be repeated
cli-arg-ask = A question to a person at the end of this release; may be repeated
cli-arg-answer = Whether it holds: yes or no
cli-arg-which-check = The check that is answered; by default the one that is asked now
cli-arg-to = The release to go back to; by default the one before the one in service
cli-arg-down = Take the schema down as well, to what it was then; what was written since in what goes is lost
cli-arg-release = The release; by default the newest
cli-arg-limit = How many at most
cli-arg-services = The services; by default all that releases replace
cli-arg-hard = Stop and start, with the gap that this is; containers and their environment stay as they are
cli-arg-follow = Go on with what comes, until Ctrl-C; also over a release
cli-arg-lines = How many lines of each
cli-arg-since = Not older than this: seconds, or a duration such as 10m or 2h
cli-arg-host = The host to look at, and to deploy to: anything that `ssh` accepts
cli-arg-path = The app's directory on the host
cli-arg-print = Show what would be written, and write nothing
cli-arg-force = Replace a stapel.toml that is there
cli-arg-keep = Keep everything afterwards, running
cli-usage-unknown-argument = There is no option or argument { $argument } here.
cli-usage-unknown-command = There is no command { $command }.
cli-usage-no-command = A command is missing.
cli-usage-missing = Missing: { $argument }.
cli-usage-no-value = { $argument } needs a value.
cli-usage-value = "{ $value }" is no value for { $argument }.
cli-usage-conflict = { $argument } and { $other } do not go together.
cli-usage-other = { $said }
cli-usage-suggested = Did you mean { $name }?
cli-usage-help = `stapel --help` shows what there is.

cli-problem = Problem:
cli-remedy = What to do:
cli-no-config = There is no { $file } in { $dir } or above it.
    .remedy = Go to the project, name the file with `--config`, or have one written: `stapel init`.
cli-init-path = The path { $path } is not absolute.
    .remedy = Give the whole path on the host, such as /opt/shop. Nothing was written.
cli-which-target = stapel.toml has several targets: { $known }.
    .remedy = Name one with `--target`.
cli-env-file = The file { $path }, which `env` in [source] names, cannot be read: { $error }
    .remedy = Make it, or take it out of `env`.
cli-not-utf8 = The path { $path } is not UTF-8.
    .remedy = Rename it; Stapel handles only names that are text.
cli-protocol = The agent answered something that was not asked ({ $reply }): this is a bug in Stapel.
    .remedy = Please report it.
cli-agent-gone = The agent on the host has ended without an answer.
    .remedy = Run the command again. A release that had begun goes on by itself: `stapel attach` shows it.
cli-no-release = There has been no release of this app yet.
    .remedy = `stapel deploy` makes the first.
cli-detached = The screen is detached; release { $release } goes on by itself on the host.
    .remedy = `stapel attach { $release }` shows it again.
cli-start-unknown = The line was cut while the release was beginning; whether it did is not known yet.
    .remedy = `stapel attach` shows it if it did.
cli-died = The process that ran release { $release } has ended in the middle of it.
    .remedy = The guardian on the host ends it well by itself, back or forward, as is fixed for where it stood; `stapel attach { $release }` shows it.
cli-cancel-done = Release { $release } has ended already: it is in service.
    .remedy = `stapel rollback` puts the release before it in service again.
cli-cancel-undone = Release { $release } has ended already: it was undone, the app is as before it.
    .remedy = Nothing need be done; `stapel show { $release }` says why.
cli-cancel-stuck = Release { $release } has ended already: it is stuck on its way back.
    .remedy = Put right by hand what `stapel show { $release }` names; `stapel undo { $release }` then takes the way back to its end.
cli-take-up-runs = Release { $release } is running.
    .remedy = `stapel attach { $release }` shows it, `stapel cancel { $release }` asks it to go back.
cli-take-up-ended = Release { $release } has ended; there is nothing to go on with or to undo.
    .remedy = `stapel show { $release }` says how it ended.
cli-undo-done = Release { $release } is done and in service.
    .remedy = `stapel rollback` puts the release before it in service again, without a gap.
cli-recovered = Release { $release } had been left unfinished and was put right first: { $outcome }.
cli-taken-up-forward = its process died; another one goes on with it
cli-taken-up-back = its process died; another one undoes it
cli-cancelled = { $who } asks for the way back
cli-nobody-holds = Nobody holds the lock of this app; there is nothing to end.
cli-holder = { $who } holds the lock since { $since }: { $doing }, process { $pid } on the host.
cli-holder-process = The process: { $process }
cli-holder-no-process = Its process has ended; the lock is free by itself in a moment.
cli-holder-at = Release { $release }, at: { $step }. Last heard of { $ago } ago.
cli-unlocked = The process was ended.
cli-unlocked-release = The process was ended; the guardian takes release { $release } up now. `stapel attach { $release }` shows it.
cli-unlocked-phases = The process was ended; the guardian goes on with the phase after release { $release }, if that may begin now. `stapel history` shows it.
cli-guardian-process = Note: should the host itself die in the midst of it, nothing there starts the recovery at boot (neither systemd nor cron); have `stapel agent recover` started at boot.
cli-show-head = Release { $release }: { $doing } of { $target } by { $who }, begun { $began }
cli-show-commit = commit { $commit }
cli-show-with = with Stapel { $stapel }
cli-show-files =
    { $count ->
        [one] one file changed:
       *[other] { $count } files changed:
    }
cli-show-more =
    { $count ->
        [one] and one more
       *[other] and { $count } more
    }
cli-uncommitted =
    { $count ->
        [one] One file that a release would ship or remove is not as the commit has it: { $files }
       *[other] { $count } files that a release would ship or remove are not as the commit has them: { $files }
    }
    .remedy = Commit them or put them aside (`git stash`), or release them as they are with `--allow-dirty`. Nothing was changed.
cli-build-arg = "{ $found }" is no build argument.
    .remedy = Write it as NAME=VALUE; the name is made of letters, digits and `_` and begins with no digit. Nothing was changed.
cli-check = "{ $found }" is no check.
    .remedy = A check looks like /new/endpoint, /new/endpoint=200,401, web:/new/endpoint or https://shop.example/new. Nothing was changed.
cli-check-service = There are several services, so the check "{ $found }" has to name one: { $known }.
    .remedy = Write it as SERVICE:/PATH. Nothing was changed.
cli-not-agreed = You did not agree; nothing was changed.
    .remedy = Answer with "y" to go on, or use `--yes`.
cli-not-agreed-no-terminal = Nobody can be asked whether to go on: there is no terminal.
    .remedy = Use `--yes` to begin without asking. Nothing was changed.
cli-plan = The plan ({ $engine }):
cli-way-back = way back:
cli-plan-gap = Expected time in which a request could be lost: { $gap }.
cli-plan-phase = Plan with { $engine }, phase { $number } of { $of }: { $name }
cli-plan-gate = gate: { $checks }
cli-plan-gate-all = gate: all checks
cli-plan-later = Then, each planned when it is its turn:
cli-ended-phase = Phase { $number } of { $of }, { $name }: its gate is passed.
cli-ended-phase-undone = The phases before it have passed their gates and stay in service; `stapel rollback` takes all of them back.
cli-asked = { $question } Until { $until }: `stapel answer yes { $release }` or `stapel answer no { $release }`.
cli-question = { $question } [yes/no]
cli-answered-yes = Release { $release }: { $question } Yes.
cli-answered-no = Release { $release }: { $question } No: it goes back.
cli-ask-empty = `--ask` needs a question.
    .remedy = Such as: --ask "Does the new page show the totals?"
cli-check-twice = There is a check "{ $name }" already.
    .remedy = Leave it out of the command line; it is asked anyway.
cli-no-repository = A phase names the commit "{ $reference }", and the project is in no git repository.
    .remedy = Take `ref` out of the phase, or release from a clone of the repository.
cli-plan-takes = Expected duration, by earlier releases: { $takes }.
cli-plan-takes-unknown = Expected duration: not known, not every step was done here before.
cli-plan-commits =
    { $count ->
        [one] One commit since { $commit }, which is in service:
       *[other] { $count } commits since { $commit }, which is in service:
    }
cli-plan-commit-same = The same commit is in service: { $commit }
cli-plan-unfinished = Note: release { $release } was left unfinished; a release would put that right first, and may then be another one than this plan.
cli-plan-commits-gone =
    { $count ->
        [one] One commit is in service that this branch does not have; it goes:
       *[other] { $count } commits are in service that this branch does not have; they go:
    }
cli-plan-commit-unknown = Commit { $commit } is in service, which this repository does not have (`git fetch`?).
cli-plan-files =
    { $count ->
        [one] One file differs:
       *[other] { $count } files differ:
    }
cli-plan-kept =
    { $count ->
        [one] One file there was not put there by a release; it is kept:
       *[other] { $count } files there were not put there by a release; they are kept:
    }
cli-plan-env = Variables in { $file }: { $variables }
cli-plan-schema =
    { $count ->
        [one] The database is at { $current }; one migration is pending:
       *[other] The database is at { $current }; { $count } migrations are pending:
    }
cli-plan-uncommitted =
    { $count ->
        [one] Note: one file of it is not as the commit has it; a deploy needs `--allow-dirty`.
       *[other] Note: { $count } files of it are not as the commit has them; a deploy needs `--allow-dirty`.
    }
cli-plan-saved = The plan is in { $file }; `stapel deploy { $file }` carries it out, or refuses if it would be another one by then.
cli-plan-file = { $file } is no plan that this Stapel can read: { $why }
    .remedy = Make one with `stapel plan --out FILE`, with the same version of Stapel.
cli-plan-elsewhere = This plan was made for the target { $target } of { $app }.
    .remedy = Run it in that project, without another `--target`. Nothing was changed.
cli-examine-commit = what is shipped is committed
cli-examine-quiet = these are no quiet hours
cli-examine-networks = the networks that others make are there
cli-network-missing = The network { $name }, which the compose files call external, is not on the host.
    .remedy = `stapel host prepare` makes it, after asking. Or start what makes it (a proxy's own compose project).
cli-examine-clock = the clocks agree
cli-clock = The clock of the host and the one here are { $apart } apart.
    .remedy = Set them by NTP (`timedatectl set-ntp true`): the journal and the names of dumps have the host's time.
cli-examined-fine =
    { $advises ->
        [0] Nothing stands in the way of a release.
        [one] Nothing stands in the way of a release; one thing to know.
       *[other] Nothing stands in the way of a release; { $advises } things to know.
    }
cli-examined-prevented =
    { $prevents ->
        [one] One thing stands in the way of a release
       *[other] { $prevents } things stand in the way of a release
    }{ $advises ->
        [0] .
        [one] ; one more thing to know.
       *[other] ; { $advises } more things to know.
    }
cli-go-on = Go on? [y/N]
cli-nothing-to-do = Nothing to do: release { $release } is in service and nothing differs from it.
cli-bringing-agent = Bringing the agent
cli-bringing-files = Bringing files
cli-release-begins = Release { $release }:
cli-going-back = Going back:
cli-logs-replaced = { $service }: from here on the log of { $instance } ({ $id }), which took its place
cli-ended-restarted = Restarted ({ $time }); this is release { $release } in the journal.
cli-ended-done = Release { $release } is in service ({ $time }).
cli-ended-undone = Release { $release } was undone; the app is as before ({ $time }).
cli-ended-stuck = Release { $release } is stuck; a person is needed ({ $time }).
cli-status-head = { $app } at { $target } ({ $host }), { $engine }
cli-status-never = Stapel has not released here yet.
cli-status-owner = { $who } is running a { $doing } since { $since }.
cli-status-drift =
    { $count ->
        [one] One file is not as the release in service put it there: { $names }
       *[other] { $count } files are not as the release in service put them there: { $names }
    }
cli-status-state = Journal and dumps: { $path }
cli-outcome-done = done
cli-outcome-found = found
cli-outcome-undone = undone
cli-outcome-stuck = stuck
cli-outcome-unknown = running, or its process died
cli-health-healthy = healthy
cli-health-starting = starting
cli-health-unhealthy = unhealthy
cli-health-exited = ended with exit code { $code }
cli-health-gone = not there

cli-demo-interrupted = The demo was interrupted.
    .remedy = Everything it had started was stopped.
cli-demo-nothing-done = The release of { $version } did nothing: this is a bug in Stapel.
    .remedy = Please report it.
cli-demo-load-failed = The load could not be started: { $error }
    .remedy = Run the demo again on a machine with loopback.
cli-demo-first = 1. The first release: version 1 of an app with an SQLite database.
cli-demo-load = From now on { $rate } requests a second go to http://{ $address }.
cli-demo-migration = 2. Version 2, with a migration.
cli-demo-broken = 3. Version 3, which is broken, but looks well at first.
cli-demo-rollback = 4. A rollback of version 2.
cli-demo-account =
    { $requests ->
        [one] { $requests } request, lost: { $lost }, slowest { $slowest } ms.
       *[other] { $requests } requests, lost: { $lost }, slowest { $slowest } ms.
    }
cli-demo-writes =
    { $count ->
        [one] { $count } write was acknowledged; missing: { $missing }, stored twice: { $twice }.
       *[other] { $count } writes were acknowledged; missing: { $missing }, stored twice: { $twice }.
    }
cli-demo-release = { "  " }release { $release } ({ $what }): { $outcome }, { $time }
cli-demo-came-back = came back by itself
cli-demo-journal = The journal: { $path }
cli-demo-journal-gone = The journal was { $path } (`--keep` keeps it).
cli-demo-kept = Everything is kept in { $path }; try `stapel --config { $config } history`.
cli-arg-ref = A commit, tag or branch instead of the newest commit of the branch (with `from = "checkout"`)
cli-arg-allow-rewritten = Commits may go that are checked out on the host and not in the branch any more
cli-commit-here = `--ref` and `--allow-rewritten` are about a checkout on the host; here the tree of this machine is released.
    .remedy = Check out the commit here (`git switch`), or set `from = "checkout"` in [source]. Nothing was changed.
cli-about-notify = Tell people of releases: see whether notices arrive
cli-about-notify-test = Send a test notice to everybody in [[notify]], from the host, and say how it went
cli-no-notify = stapel.toml names nobody who is told of releases.
    .remedy = Add a table [[notify]] with `kind = "telegram"` or `kind = "webhook"`; docs/stapel.toml.md has its keys.
cli-notice-sent = { $who } was told
cli-notice-failed = { $who } could not be told: { $problem }
cli-notice-who = { $kind } (notify { $number })
cli-notice-start = of the start
cli-notice-end = of the end
cli-notice-back = of the way back
cli-notice-stuck = that it is stuck
cli-notice-sent-of = { $who } was told { $of }
cli-notice-failed-of = { $who } could not be told { $of }: { $problem }
cli-about-host = The host itself: make it ready for the app
cli-about-host-prepare = Install Docker with compose where it is missing, make the networks and the directory that the app expects; asks before
cli-prepare-would =
    { $count ->
        [one] One thing would be done on { $host }:
       *[other] { $count } things would be done on { $host }, in this order:
    }
cli-prepare-nothing = Nothing to do: { $host } has all that the app needs.
cli-prepare-done = { $host } is ready. Next: `stapel check`, or `stapel deploy`.
cli-prepare-step = { $number }/{ $of } { $step }
cli-prepare-left = What is left on { $host }:
cli-examine-ignored = git ignores nothing that is shipped
cli-ignored-shipped =
    { $count ->
        [one] One file is shipped though git ignores it: { $files }
       *[other] { $count } files are shipped though git ignores them: { $files }
    }
    .remedy = Leave them out by `exclude` or `ignore = ["git"]` in [source], or say that they belong there by taking them out of `.gitignore`.
cli-ignore-no-git = What git ignores is to be left out (`ignore` in [source]), but { $path } is in no git repository.
    .remedy = Release from a clone of the repository, or take "git" out of `ignore`. Nothing was changed.

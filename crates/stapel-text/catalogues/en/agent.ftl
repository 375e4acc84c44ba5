### agent: the process on the host and the steps of a release
agent-state = Stapel cannot keep its state in { $path }: { $error }
    .remedy = Log in as root, or put become = "sudo" into the target's table of stapel.toml, or name there with `state` another directory on the host.
agent-needs-root = The plan leads traffic from one container to another, which only root may do on the host.
    .remedy = Log in as root, or put become = "sudo" into the target's table of stapel.toml.
agent-no-target = There is no target "{ $name }" in stapel.toml; there is: { $known }.
    .remedy = Name one of these.
agent-no-service = There is no service "{ $name }" in stapel.toml; there is: { $known }.
    .remedy = Name one of these.
agent-no-compose-service = The app has no service "{ $name }"; it has: { $known }.
    .remedy = Name one of these.
agent-no-tree = The release puts no tree in service: this is a bug in Stapel.
    .remedy = Please report it.
agent-not-open = The agent was asked something before it was told which app: this is a bug in Stapel.
    .remedy = Please report it.
agent-no-content = Content was announced and did not come: the line was cut, or this is a bug in Stapel.
    .remedy = Run the command again; what has arrived is kept.
agent-task = A task of the agent ended early: { $error }
    .remedy = Please report it; nothing was left half done.
agent-await-begin = the release begins
agent-run-ended = The process that was to run the release ended before it began: { $said }
    .remedy = Run the command again. Nothing was changed.
agent-plan-changed = Something changed on the host since the plan was made, so it would now be another plan.
    .remedy = Run the command again and look at the new plan. Nothing was changed.
agent-died = The process that ran release { $release } ended in the middle of it.
    .remedy = `stapel show { $release }` says what became of what it had begun.
agent-await-recovery = what a dead release left is put right
agent-guardian = The guardian, which ends a release well should the host die in its midst, cannot be armed.
    .remedy = Look at the rights of /etc/cron.d and /etc/systemd/system on the host, and at what the last line says. Nothing was changed.
agent-guardian-unit = systemd does not take the unit { $unit }: it is { $state }.
    .remedy = Look at `systemctl status` of that unit; an old systemd may need an update.
agent-not-unfinished = Release { $release } has ended, there is nothing to take up.
    .remedy = `stapel history` shows how releases ended.
agent-holder-other = By now somebody else holds the lock: { $who }, { $doing }.
    .remedy = Nothing was ended. `stapel unlock` shows the new owner.
agent-database-incomplete = The database { $database } cannot be reached with what its table in stapel.toml says.
    .remedy = A PostgreSQL database needs `service` (and the engine docker), `host` or `url`; an SQLite database needs `path`.
agent-no-database = The plan names a database { $database } that the configuration does not have.
    .remedy = The release was planned by another configuration: run the command again.
agent-no-migration = The plan migrates, but the configuration has no table [migration].
    .remedy = The release was planned by another configuration: run the command again.
agent-no-image = There is no image of { $service } to take the migrations from.
    .remedy = Look at `docker images` on the host; deploy again to build one.
agent-image-gone = The image of { $service } that release { $release } put in service is no longer there (tag { $tag }).
    .remedy = Roll back to a later release (`stapel history`), or deploy the old commit again, which builds it anew.
agent-instance-ended = { $instance } has ended in the middle of the rollout.
    .remedy = Look at `stapel logs`; put right what it says and deploy again.
agent-await-drain = what is open at { $instance } ends
agent-rollback-nothing = There is no earlier release to go back to.
    .remedy = `stapel history` lists what there is.
agent-rollback-failed-one = Release { $release } never was in service.
    .remedy = Choose one with the outcome "done" or "found" from `stapel history`.
agent-rollback-branches = Release { $release } had more than one schema revision at once, so there is no single one to go down to.
    .remedy = Roll back without `--down`; go down by hand, branch by branch.
agent-rollback-unknown-revision = It is not on record which schema revision release { $release } had.
    .remedy = Roll back without `--down`; if the schema must go down, do it by hand.
agent-still-stuck = Release { $release } is still stuck, so no other can begin.
    .remedy = Put right by hand what the last line names, and run the command again: it then finishes the way back first.
agent-check-failed = The check "{ $check }" fails: { $detail }
    .remedy = Put right what it says and deploy again. `stapel logs` shows the app's log.
agent-watch-worse =
    { $count ->
        [one] The app is worse than before the release: { $first }
       *[other] The app is worse than before the release ({ $count } reasons): { $first }
    }
    .remedy = Put right what it says and deploy again. `stapel logs` shows the app's log.
agent-watch-no-reason = no reason was given

agent-manifest-hash = The journal names a manifest "{ $hash }", which is no hash: it was damaged.
    .remedy = Restore the journal from a copy of Stapel's state directory, or move that directory away and deploy as if for the first time.

agent-baseline-does = look at the app as it is, to compare with
agent-baseline-broken = the check "{ $check }" fails already, before anything was changed
agent-backup-does = dump the database { $database } and read the dump back whole
agent-backup-done =
    { $tables ->
        [one] { $path }: { $size }, one table, proven
       *[other] { $path }: { $size }, { $tables } tables, proven
    }
agent-ship-does = put the files in { $path }
agent-ship-undoes = put the former files back
agent-ship-done =
    { $files ->
        [one] one file was replaced
       *[other] { $files } files were replaced
    }
agent-ship-displaced = { $path } was changed by somebody else meanwhile; that content is kept in the object store
agent-keep-image-does = keep the image of { $service } that is in use
agent-keep-image-undoes = take the tag off again
agent-keep-image-kept = kept as { $name }
agent-build-does = build the new image of { $service } while the old one serves
agent-build-undoes = point { $service } at its former image
agent-point-image-does = take the image of { $service } from release { $release }
agent-migrate-does = migrate the schema from the new image while the old version serves
agent-migrate-undoes = migrate down, as long as no request has reached the new version
agent-migrate-none = nothing to migrate; the schema is at { $revision }
agent-migrate-done = schema: { $from } → { $to }
agent-migrate-stays = the schema stays at { $revision }: the former version was seen to work with it
agent-migrate-old-broken = The old version does not work with the new schema.
    .remedy = Split the change: first a migration that both versions can live with, then the code, then the clean-up. The schema was taken down again.
agent-migrate-cannot-go-down = The schema is at { $now }, was at { $before }, and requests have reached the new version: going down could lose what they wrote.
    .remedy = Look whether the old version works with the schema as it is; if it must go down, do it by hand. The dump that was taken before is in `stapel history`.
agent-migrate-down-does = take the schema down to { $to }
agent-migrate-down-undoes = migrate up again
agent-verify-does = ask the checks
agent-verify-done =
    { $count ->
        [one] the check is fine (in { $millis } ms)
       *[other] all { $count } checks are fine (the slowest in { $millis } ms)
    }
agent-verify-image = What runs of { $service } is not what this release built: somebody has replaced it meanwhile, or it has ended.
    .remedy = The release goes back. See with `stapel status` what runs, and ask who else releases on this host; then deploy again.
agent-verify-restarts = { $service } has ended by itself and was started again while it started: { $times ->
    [one] once
   *[other] { $times } times
}
agent-watch-does = compare the app with what it was for { $time }
agent-ask-does = ask a person: { $question } (for { $limit } at most)
agent-ask-yes = yes, says { $who }
agent-ask-silence = nobody has answered: it stays open, and the release stands
agent-ask-no = { $who } has answered "{ $check }" with no.
    .remedy = The release goes back. What the person saw is what is to be looked into.
agent-await-answer = a person answers
agent-no-question = Release { $release } asks nothing of that kind now.
    .remedy = `stapel show { $release }` tells what it asked and what was answered. Nothing was changed.
agent-no-check = The plan asks about a check "{ $check }" that the configuration does not have.
    .remedy = Make the plan again: `stapel deploy`.
agent-no-phase = The configuration has no phase { $phase }.
    .remedy = Make the plan again: `stapel deploy`.
agent-phase-not-begun = The next phase could not begin. Those before it have passed their gates and stay in service.
    .remedy = Put right what is said below, then `stapel deploy` again: it goes on where this one ended. `stapel rollback` takes all phases back.
agent-phases-late = Nothing was heard of release { $release } since { $heard }; the phase after it is not begun so much later without being asked for.
    .remedy = `stapel deploy` goes on with the phases that are left.
agent-phases-superseded = Another release has begun; the phases that were left are not gone on with.
    .remedy = `stapel history` shows it. `stapel deploy` with the same phases goes on where they ended.
agent-phases-overtaken = Release { $release } came in between; the phases that were left are not gone on with.
    .remedy = `stapel history` shows it. `stapel deploy` with the same phases goes on where they ended.
agent-phase-nobody = The process that was to begin the next phase has died, and nobody has gone on so far.
    .remedy = The phases before it have passed their gates and serve. `stapel history` shows whether the guardian goes on; else `stapel deploy` does.
agent-notice-phase = phase { $number } of { $of }: { $name }
agent-watch-done =
    { $looks ->
        [one] one look, none worse than before
       *[other] { $looks } looks, none worse than before
    }
agent-watch-requests =
    { $count ->
        [one] one request in the logs, server errors: { $errors }
       *[other] { $count } requests in the logs, server errors: { $errors }
    }
agent-log-of = the log of { $name }
agent-log-file = { $path }
agent-log-unread = { $log } is not read: { $why }
agent-prune-does = let go of dumps of more than { $days } days and of images of other than the last { $releases } releases
agent-prune-does-cache = let go of dumps of more than { $days } days, of images of other than the last { $releases } releases, and of build cache beyond { $cache }
agent-prune-done =
    images and build cache: { $tags ->
        [one] one tag
       *[other] { $tags } tags
    }{ $unnamed ->
        [0] {""}
        [one] , one image without a name
       *[other] , { $unnamed } images without a name
    }, { $freed } freed; { $free } free, were { $before }
agent-prune-left = some of it stays until the next time: { $why }

agent-examine-compose = compose suits the engine
agent-examine-stops = services end when they are asked to
agent-examine-proxies = proxies that keep a service's address can be told another one
agent-stop-by-shell = { $service } is started by a shell (`sh -c`), which does not hand SIGTERM on: the app is killed in the midst of its requests, after the whole grace.
    .remedy = Write the command of the Dockerfile or the compose file as a list (`CMD ["program", "argument"]`), begin it with `exec`, or set `init: true` and a list.
agent-stop-ignored = The first process of { $service } does not heed the signal that stops it: it is killed in the midst of its requests, after the whole grace.
    .remedy = Have the program end on SIGTERM, or set `init: true` in the compose file, so that the signal has its usual effect.
agent-examine-plan = a plan can be made: rollouts, disks, rights
agent-examine-steering = traffic can be led
agent-examine-memory = memory suffices for two copies
agent-examine-ports = ports are free or our own
agent-examine-services = services run and are healthy
agent-examine-checks = the checks come true now
agent-examine-certificates = certificates do not end soon
agent-examine-databases = the databases answer
agent-examine-backups = there is a proven dump of each database
agent-examine-schema = the tree knows the schema
agent-examine-releases = no release is left unfinished
agent-examine-lock = nobody is releasing
agent-examine-files = files are as the release in service put them there
agent-cannot-steer = Traffic to { $service } cannot be led on this host, which its rollout needs.
    .remedy = The agent needs root and a packet filter (`iptables`) there; in a container without NET_ADMIN it has none.
agent-memory-short = A second copy of { $service } would need about { $needed } of memory for the time of the switch, and only { $free } are available.
    .remedy = Stop what is not needed, or add memory or swap: the kernel would end one of the programs.
agent-port-held = Port { $port }, which { $service } is to have on the host, is held by { $holder }.
    .remedy = Stop that program, or give one of them another port.
agent-service-starting = { $service } is starting still.
    .remedy = `stapel logs { $service }` shows how far it is.
agent-service-unhealthy = { $service } runs, but its health check fails: { $said }
    .remedy = `stapel logs { $service }` may say why. A release may be what puts it right; what is broken before is not held against it.
agent-service-down = { $service } does not run.
    .remedy = A release starts it; `stapel logs { $service }` may say why it ended.
agent-check-fails-now = The check { $check } fails now: { $detail }
    .remedy = A release is not blamed for it, and cannot be judged by it either. Correct the check, or the app.
agent-certificate-ends = The certificate that the check { $check } is shown ends on { $ends }.
    .remedy = Renew it, and look why it does not renew itself: browsers will refuse the site from then on.
agent-backup-none = There is no proven dump of { $database }.
    .remedy = A release makes one before it changes anything; until then nothing could be restored.
agent-backup-old =
    { $days ->
        [one] The newest proven dump of { $database } is one day old.
       *[other] The newest proven dump of { $database } is { $days } days old.
    }
    .remedy = A release makes one before it changes anything; until then only the old one could be restored.
agent-schema-ahead = The database is at { $revision }, a revision that this tree does not know: the tree is older than the schema.
    .remedy = Look whether this is the branch that you mean. Its migration tool will refuse to work with that database.
agent-left-unfinished = Release { $release } was left unfinished; its process has died.
    .remedy = The guardian ends it well, and so does the next release before it begins; `stapel show { $release }` says where it stands.
agent-drift =
    { $count ->
        [one] One file is not as the release in service put it there: { $names }
       *[other] { $count } files are not as the release in service put them there: { $names }
    }
    .remedy = Take over into the project what was changed there by hand: a release replaces it, and keeps the original only for its own way back.
agent-checkout-does = set the checkout to commit { $commit }
agent-checkout-undoes = set it to the former commit
agent-checkout-done = the checkout is at { $commit }
agent-checkout-unclean =
    { $count ->
        [one] One file of the checkout on the host was edited there: { $files }
       *[other] { $count } files of the checkout on the host were edited there: { $files }
    }
    .remedy = Bring the edits into the repository, or take them back on the host (`git stash`), or release over them with `--allow-dirty`: they are kept for the way back only. Nothing was changed.
agent-hold-image-does = keep the image of { $service } that is in use
agent-hold-image-changed = Another image of { $service } runs than when the release was planned.
    .remedy = Release again: the plan will be made from what runs now.
agent-pull-does = bring the image of { $service } from its registry while the old one serves
agent-pull-undoes = have the name of { $service }'s image mean what it meant before
agent-no-hook = The plan names hook { $hook }, which the configuration does not have.
    .remedy = The release was planned by another configuration: run the command again.
agent-hook-first = hook before the release: { $command }
agent-hook-last = hook after the release: { $command }
agent-hook-before = hook before { $step }: { $command }
agent-hook-after = hook after { $step }: { $command }
agent-hook-undoes = run { $command }
agent-hook-no-dir = A hook runs in the app's directory, and { $path } is not there yet.
    .remedy = Have it run `after = "ship"` or later, or make the directory; then deploy again.
agent-hook-late = The hook { $command } did not end within { $limit }.
    .remedy = Put right what it waits for, or give it more `timeout` in stapel.toml; then deploy again.
agent-hook-unknown = It is not known how far the hook { $command } came, for its process died, and it must not run twice.
    .remedy = If it may run twice, say `repeatable = true` in its table in stapel.toml; then deploy again.
agent-hook-failed-anyway = the hook failed, which it may: { $why }
agent-notice-start = ▶ { $app } ({ $target }): release { $release } begins
agent-notice-done = ✓ { $app } ({ $target }): release { $release } is in service after { $time }
agent-notice-undone = ↩ { $app } ({ $target }): release { $release } was undone after { $time }, the app is as before
agent-notice-back = ↩ { $app } ({ $target }): release { $release } goes back
agent-notice-stuck = ‼ { $app } ({ $target }): release { $release } is stuck after { $time }, a person is needed
agent-notice-deploy = deploy by { $who }
agent-notice-rollback = rollback to release { $to } by { $who }
agent-notice-commit = commit { $commit } { $subject }
agent-notice-remedy = What to do: { $remedy } Then `stapel undo` goes on; `stapel show { $release }` has all of it.
agent-notice-call = Whom to call: { $call }
agent-notice-test = { $app } ({ $target }): a test by { $who }. Notices of releases arrive here.
agent-notice-unreached = { $why }
    .remedy = Look at `url` or `api` in stapel.toml, and whether the host may connect to it; `stapel notify test` tries again.
agent-notice-refused = It was refused: { $status } { $said }
    .remedy = Look at `token`, `chat` or `url` in stapel.toml; `stapel notify test` tries again.
agent-notice-restart = restart of { $services } by { $who }
agent-prepare-update = bring the list of packages up to date
agent-prepare-install = install { $brings }
agent-prepare-start = start Docker, now and at each boot
agent-prepare-network = make the network { $name }, which the compose files expect to find
agent-prepare-directory = make the directory { $path }, where the app is to lie
agent-prepared-docker = Docker { $version } answers
agent-prepared-compose = { $command } { $version } is there
agent-prepared-network = the network { $name } is there
agent-prepared-directory = the directory { $path } is there
agent-prepare-by-hand = Docker with compose is missing, or does not answer, and on { $system } Stapel does not install or start it by itself.
    .remedy = Do it by hand: { $commands }. Then run `stapel host prepare` again for the rest. Nothing was changed.
agent-prepare-no-pair = The package sources of the host have no Docker together with a compose that suits it. They have: { $known }
    .remedy = Look whether `apt-get update` on the host works, or add Docker's own package source (https://docs.docker.com/engine/install/), and run the command again. Nothing was changed.
agent-prepare-apt = apt says: { $said }
    .remedy = Put its sources right (/etc/apt/sources.list, the network of the host) until `apt-get update` there says nothing, and run the command again. Nothing was changed.
agent-prepare-needs-root = What is missing on the host only root may install, start or make.
    .remedy = Log in as root, or put become = "sudo" into the target's table of stapel.toml. Nothing was changed.
agent-prepare-apt-busy = Another apt is at work and does not end.
    .remedy = Wait until it has ended (`ps aux | grep apt` on the host), and run the command again.
agent-prepare-network-unclear = The compose files expect a network { $name }, which is no name: a variable of it is not set here.
    .remedy = Make the network by hand (`docker network create NAME` on the host), or set the variable in the .env beside the compose file and run the command again.
agent-prepare-failed = This step failed: { $step }.
    .remedy = Put right what the lines above and the last line say, and run `stapel host prepare` again: what was done is kept, and it goes on from there.
agent-prepare-silent = Docker was started and does not answer.
    .remedy = Look at its log on the host: `journalctl -u docker`, or /var/log/docker.log.
agent-await-docker = Docker answers

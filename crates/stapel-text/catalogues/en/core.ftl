### core: the configuration file and the plan
core-config-wrong =
    { $count ->
        [one] { $file }:{ $line }:{ $column }: the configuration has an error.
       *[other] { $file }:{ $line }:{ $column }: the configuration has { $count } errors; the first:
    }
    .remedy = Correct the file; nothing was changed.
core-config-syntax = This is not TOML: { $said }
core-config-missing = The key `{ $key }` is missing here.
core-config-empty = `{ $key }` must not be empty.
core-config-type = `{ $key }` must be { $expected }, but is { $found }.
core-config-range = `{ $key }` must be a whole number from { $least } to { $most }.
core-config-duration = `{ $key }` must be a duration of at most a day, such as "90s" or "5m".
core-config-choice = `{ $key }` cannot be "{ $found }"; it is one of: { $choices }.
core-config-unknown = The key `{ $key }` is not known here; known are: { $known }.
core-config-unknown-near = The key `{ $key }` is not known here; did you mean `{ $nearest }`?
core-config-absolute = `{ $key }` must be an absolute path on the host, such as "/opt/app".
core-config-address = `{ $key }` must be an address and a port, such as "127.0.0.1:80".
core-config-no-service = No service is named. Add at least one table [service.NAME] with the compose name of a service that releases replace.
core-config-no-target = No target is named. Add at least one table [target.NAME] with `host` and `path`.
core-config-no-such-service = There is no service "{ $name }" in this file; there is: { $known }.
core-config-check-path = The `path` of a check begins with "/", such as "/health".
core-config-check-url = The `url` of a check begins with "http://" or "https://".
core-config-check-way = A check has one of `path` (asked of the service's own port), `url` (asked as users do) and `ask` (asked of a person).
core-config-check-service = There are several services, so a check with a `path` needs `service` as well, one of: { $known }.
core-config-check-person = `{ $key }` is about the answer to a request; a check with `ask` is answered by a person.
core-config-check-twice = There is a check of this name already; each needs one of its own: gates and answers go by it.
core-config-check-header = "{ $name }" is no name of an HTTP header: letters, digits and "-", such as "Authorization".
core-config-pattern = This is no regular expression: { $said }.
core-config-check-within = No answer that takes longer than `timeout` is waited for: `within` is at most that.
core-config-check-head = An answer to HEAD has no body; `{ $key }` needs GET.
core-config-json-at = Expected a JSON pointer, such as "/items/0/title"; leave it out for the whole answer.
core-config-json-count = `count` is the exact number; either this, or `at_least` and `at_most`.
core-config-json-range = This is less than `at_least`: nothing could be both.
core-config-phase-twice = There is a phase of this name already; each needs one of its own.
core-config-phase-gate = There is no check "{ $name }"; known: { $known }.
core-config-watch-every = `every` must be more than nothing and not longer than `duration`.
core-config-watch-warm-up = `warm_up` must be shorter than `duration`, or nothing is left to be judged.
core-config-watch-log = A log is that of one thing: give exactly one of `service`, `container`, `file` and `unit`.
core-config-zone = `zone` must be the name of a time zone, such as "Europe/Moscow" or "UTC".
core-config-hours = "{ $found }" are no hours; they look like "Mon-Fri 09:00-11:00" or "22:00-02:00".
core-quiet = These are quiet hours of the app, until { $until }.
    .remedy = Wait for their end, or release now with `--in-quiet-hours`. `stapel rollback` goes at any time. Nothing was changed.
core-type-string = a string
core-type-integer = a whole number
core-type-float = a number with a fraction
core-type-boolean = true or false
core-type-scalar = a string, a number, true or false
core-type-datetime = a date
core-type-array = a list
core-type-table = a table
core-type-tables = a list of tables
core-type-strings = a list of strings

core-why-ship =
    { $files ->
        [one] one file differs
       *[other] { $files } files differ
    }{ $foreign ->
        [0] {""}
        [one] ; one file there is not ours and is kept
       *[other] ; { $foreign } files there are not ours and are kept
    }
core-why-migrate =
    { $count ->
        [one] one migration is pending: { $names }
       *[other] { $count } migrations are pending: { $names }
    }
core-why-migrate-none = by its files none is pending; it is looked at again
core-why-migrate-ahead = the database is at { $revision }, which this tree does not know
core-reach-all = How far the way back reaches: everything is undone by itself, at any point.
core-reach-restart = How far the way back reaches: nothing is changed, so there is nothing to take back; what was stopped is started again.
core-differs-files = written since its container was made: { $files }
core-differs-image = its definition names another image by now
core-why-restart-differs = as it is; not put in service by this: { $what }
core-restart-differs = A restart without a gap makes the container of { $service } anew and would put in service what was changed since: { $what }.
    .remedy = `stapel deploy` puts it in service, with checks and a way back. `stapel restart --hard { $service }` stops and starts the container as it is, with the environment it has. Nothing was changed.
core-restart-nothing = There is no container of { $service } that could be started again.
    .remedy = `stapel deploy` makes the app's own; another service is made by compose itself (`up -d`). Nothing was changed.
core-reach-schema =
    { $count ->
        [one] How far the way back reaches: everything is undone by itself until requests reach the new version. After that the migration stays, where the former version was seen to work with it; else a person decides.
       *[other] How far the way back reaches: everything is undone by itself until requests reach the new version. After that the { $count } migrations stay, where the former version was seen to work with them; else a person decides.
    }
core-reach-schema-unknown = How far the way back reaches: everything is undone by itself until requests reach the new version. After that migrations, if there are any, stay, where the former version was seen to work with them; else a person decides.
core-reach-down = How far the way back reaches: to the moment in which the schema goes down to { $to }. What was written since into what goes is lost then, but for the dump.
core-disk-full = The release needs about { $needed } on the file system of { $path } (dumps { $dumps }, files { $files }, images { $images }), but only { $free } are free.
    .remedy = Free some space on the host, for example with `docker image prune`, and run Stapel again. Nothing was changed.

core-reference-intro = What a team says about its app; all else is observed. Made by `cargo xtask reference` from what the reader of the file asks for. Every error of a file is shown at once, with its place.
core-reference-top = At the top
core-reference-key = Key
core-reference-kind = Value
core-reference-default = Default
core-reference-meaning = Meaning
core-reference-required = required
core-type-integers = a whole number, or a list of them
core-type-duration = a duration, such as "90s" or "5m"
core-key-app = The app's name, as people know it
core-key-engine = What runs the app: Docker with compose, or the embedded runtime of the demo
core-key-target-host = `local`, or anything that `ssh` accepts as a destination
core-key-target-path = The app's directory on the host, absolute
core-key-target-state = Where Stapel keeps journal, dumps and objects there; by default a directory below /var/lib/stapel
core-key-target-become = How the agent becomes root where `ssh` does not log in as root; `sudo` must not ask for a password
core-key-source-from = Where new versions come from: `here` is the tree on this machine, `checkout` the git checkout that the app's directory on the host is; it fetches by itself
core-key-source-branch = The branch of the remote that the checkout follows; by default the one that its own branch follows
core-key-source-path = The tree that is shipped, relative to this file
core-key-source-exclude = Patterns as in `.gitignore` of what is not shipped, besides what never is (`.git`, `__pycache__`, `.env`, `venv` and the like)
core-key-source-env = Files with secrets that are shipped all the same, readable by their owner only
core-key-compose-files = Compose files in their order, relative to the app's directory; by default those that compose finds itself
core-key-compose-project = The project's name, if the team calls compose with `-p`
core-key-service-rollout = The rollout, if not the one that Stapel chooses (`relay`). `recreate`: the former one stops before the new one starts, for what may never run twice; `start`: only started where it does not run
core-key-service-no-cache = Build without the layer cache
core-key-service-healthy-within = How long a start may take until it is healthy
core-key-database-kind = What kind of database it is
core-key-database-service = For PostgreSQL in a compose service: that service
core-key-database-host = For PostgreSQL of the host itself, instead of `service`: reached over its socket with peer authentication; needs `database`
core-key-database-url = For PostgreSQL elsewhere, instead of `service`: the URL that leads to it from the host, such as `postgresql://user:password@10.0.0.5/shop`; it is secret, so write `${"{"}DATABASE_URL{"}"}`
core-key-database-user = Its user, if not the container's own POSTGRES_USER; with `host` also the system's user as whom PostgreSQL's tools run, if not `postgres`
core-key-database-database = Its name, if not the container's own POSTGRES_DB
core-key-database-socket = With `host`: the directory of the socket, if not the usual one
core-key-database-port = With `host`: the port that is part of the socket's name, if not 5432
core-key-database-path = Its file relative to the app's directory; needed for SQLite
core-key-migration-tool = What migrates the schema
core-key-migration-service = The service whose image holds the tool and the migrations
core-key-backup-dir = Where dumps lie, if not in Stapel's state; relative to the app's directory
core-key-backup-keep-days = After how many days a dump goes; the newest proven one never does
core-key-check-name = What people call it
core-key-check-path = A path asked of the service's own port, also of a candidate before it gets traffic; either this or `url`
core-key-check-url = A URL, asked as users do
core-key-check-via = The address to connect to where the name in `url` does not lead there
core-key-check-service = The service that a `path` is asked of; needed where there are several
core-key-check-status = Statuses that are fine; by default any from 200 to 299
core-key-check-contains = What the body must contain
core-key-check-ask = A question that only a person can answer, such as "Does the calendar show each lesson once?"; asked when all else is through. A "no" sends the release back; where nobody answers within `timeout` (15m for these) it stands, and the record says so
core-key-check-headers = Headers that are sent along, such as {"{"} Authorization = "Bearer ${"{"}API_TOKEN{"}"}" {"}"}
core-key-check-timeout = How long an answer may take
core-key-check-method = How it is asked; only what changes nothing, for it is asked again and again
core-key-check-matches = A regular expression that the body must match somewhere, such as "(?i)version:? 2"
core-key-check-within = What a whole answer may take to be fine
core-key-json-at = Where in the answer: a JSON pointer, such as "/items/0/title"; where nothing else is said of it, it has to be there
core-key-json-equals = What it must be
core-key-json-count = How many elements a list or an object must have, or characters a string
core-key-json-at-least = How many at the least
core-key-json-at-most = How many at the most
core-key-json-unique = Fields of the list's elements (names or JSON pointers) in which no two may be the same, such as ["date", "time"]; `[]` for the whole elements
core-key-phase-name = What people call it. With phases a deploy is carried out one after the other, each with its own backup, way back and gate; what has passed its gate stays
core-key-phase-ref = The commit, tag or branch that this phase puts in service; by default what the deploy is of
core-key-phase-migrates = Whether the schema is migrated in it
core-key-phase-gate = The checks that have to hold at its end, by name, also where they did not hold before; of the others those that did. By default all of them
core-key-watch-duration = How long the app is compared with its baseline after the switch
core-key-watch-every = How often the checks look meanwhile
core-key-watch-warm-up = How much of that time does not count for how long answers take and for memory; at most a third of it where nothing is said
core-key-watch-errors = Regular expressions for log lines that are errors besides those that are recognised
core-key-watch-ignore = Regular expressions for log lines that are none, whatever they say
core-key-log-service = A service of the app that releases leave alone, whose log is read as well
core-key-log-container = A container that is not the app's (a proxy), by its name
core-key-log-file = A file, relative to the app's directory
core-key-log-unit = A unit of systemd's, of which the journal is read
core-key-relay-standby = Whether the former version stands by, out of reach, while the new one is watched, so that the way back is a switch
core-key-relay-drain = How long requests that are open may take to end on the version that goes
core-key-quiet-zone = The time zone of the hours, such as Europe/Moscow
core-key-quiet-hours = Hours in which no release and no further phase of one begins, such as "Mon-Fri 09:00-11:00"
core-config-source-path = `path` is about the tree on this machine; with `from = "checkout"` the app's directory on the host is the tree.
core-config-source-branch = `branch` needs `from = "checkout"`: the tree on this machine is shipped as it is.
core-why-build =
    { $files ->
        [one] one file that it is built from changes
       *[other] { $files } files that it is built from change
    }
core-why-build-definition = what defines the services may change
core-why-hold = nothing changes for it; it is not replaced
core-why-hold-env = only its environment changes: { $files }
core-why-hold-then = release { $release } did not replace it, so its image stays
core-image-gone = The image of { $service } that release { $release } put in service is no longer there.
    .remedy = Roll back to a later release (`stapel history`), or deploy the old commit again, which builds it anew. Nothing was changed.
core-why-hold-mounts =
    { $files ->
        [one] only what it has mounted changes: one file
       *[other] only what it has mounted changes: { $files } files
    }
core-why-pull = its registry has another one under that name
core-why-pull-silent = its registry does not tell whether it has another one
core-config-variable = What stands in `${"{"}…{"}"}` in `{ $key }` is no name; write `${"{"}NAME{"}"}`, or `$${"{"}` for a literal `${"{"}`.
core-config-variable-unset = `{ $name }` is not set in the environment, or empty. Set it where you run Stapel (`export { $name }=…`; in a pipeline, as a secret of that name).
core-config-variable-here = `{ $key }` is shown and written down, so nothing secret can stand in it; write it out (`$${"{"}` is a literal `${"{"}`). `${"{"}NAME{"}"}` is for `token`, `chat` and `url` of [[notify]] and `url` of a database.
core-config-url = `{ $key }` begins with "http://" or "https://".
core-config-hook-point = A hook has either `before` or `after`, with the name of a step or "release".
core-secret-missing = The value of `{ $name }` did not come along with the release.
    .remedy = Set it in the environment where you run Stapel, and run the command again.
core-type-secret = a string; `${"{"}NAME{"}"}` is taken from the environment
core-type-secret-table = a table of such strings, by name
core-type-choices = a list of: { $choices }
core-key-call = Whom to call when a release is stuck; stands in the notice of it
core-key-notify-kind = Telegram's bot, or a webhook in Slack's form, a POST of `{"{"}"text": …{"}"}` (Slack, Mattermost, Rocket.Chat)
core-key-notify-token = The bot's token; needed for Telegram
core-key-notify-chat = The chat that it writes to; needed for Telegram
core-key-notify-api = Where Telegram's interface for bots is, if not at https://api.telegram.org: a proxy of your own
core-key-notify-url = Where to; needed for a webhook
core-key-notify-on = What is told: that a release begins, has ended, goes back, is stuck
core-key-notify-lang = In which language; by default that of whoever releases
core-key-hook-before = The hook runs right before the first step of this name; either this or `after`
core-key-hook-after = The hook runs right after the last step of this name
core-key-hook-run = Program and arguments; no shell. The environment has STAPEL_APP, STAPEL_TARGET, STAPEL_RELEASE, STAPEL_STEP, STAPEL_COMMIT, STAPEL_WHO and, after a step, STAPEL_OUTCOME
core-key-hook-undo = What takes it back, likewise. It must be able to run twice, and where `run` came half way
core-key-hook-where = Where it runs: on the host, in the app's directory
core-key-hook-timeout = How long it may take
core-key-hook-repeatable = Whether it may run again where the host died and it is not known how far it came; else the release goes back
core-key-hook-may-fail = A failure is told and the release goes on
core-why-hold-written = edited on the host since it was started: { $files }
core-config-limit = `{ $key }` must be a size such as "10GB" or "512MiB", or "off".
core-type-limit = a size such as "10GB", or "off"
core-key-images-keep = Of how many releases the images stay, this one included; those that run or that a way back leads to always do
core-key-images-build-cache = What the engine's build cache may hold after a release, of all who build on that host; the longest unused goes first. `off`: it is left alone
core-config-build-arg = A build argument is called by letters, digits and `_`, such as "APP_VERSION", and begins with no digit.
core-type-pairs = a table of strings, such as {"{"} NAME = "value" {"}"}
core-key-service-build-args = Values for the `ARG` of its Dockerfile, over those in the compose file. They stand in the history of the image and on the host's command line: no place for secrets
core-why-build-args = built with other build arguments than before: { $names }
core-config-source-ignore = `ignore` is about the tree on this machine; with `from = "checkout"` only what is committed is shipped.
core-key-source-ignore = What else says what is left out: `git`, all that git ignores; `docker`, `.dockerignore` files, each for its directory, but never what compose or the builder reads. What is mounted must not be among it. An `exclude` of `!name` takes a path back; the files of `env` are shipped all the same
core-config-database-way = A PostgreSQL database needs one of `service` (it runs in a compose service), `host = "local"` (the host's own server) and `url`.
core-config-database-ways = A database has one way to it; here are several: { $keys }.
core-config-database-key = `{ $key }` does not go with the way to this database.
core-config-database-url = `url` of a database begins with "postgresql://".

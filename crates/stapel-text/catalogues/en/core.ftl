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
core-config-check-way = A check has either a `path` (asked of the service's own port) or a `url` (asked as users do).
core-config-check-service = There are several services, so a check with a `path` needs `service` as well, one of: { $known }.
core-config-watch-every = `every` must be more than nothing and not longer than `duration`.
core-config-zone = `zone` must be the name of a time zone, such as "Europe/Moscow" or "UTC".
core-config-hours = "{ $found }" are no hours; they look like "Mon-Fri 09:00-11:00" or "22:00-02:00".
core-quiet = These are quiet hours of the app, until { $until }.
    .remedy = Wait for their end, or release now with `--in-quiet-hours`. `stapel rollback` goes at any time. Nothing was changed.
core-type-string = a string
core-type-integer = a whole number
core-type-float = a number with a fraction
core-type-boolean = true or false
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
core-reach-schema =
    { $count ->
        [one] How far the way back reaches: everything is undone by itself until requests reach the new version. After that the migration stays, where the former version was seen to work with it; else a person decides.
       *[other] How far the way back reaches: everything is undone by itself until requests reach the new version. After that the { $count } migrations stay, where the former version was seen to work with them; else a person decides.
    }
core-reach-schema-unknown = How far the way back reaches: everything is undone by itself until requests reach the new version. After that migrations, if there are any, stay, where the former version was seen to work with them; else a person decides.
core-reach-down = How far the way back reaches: to the moment in which the schema goes down to { $to }. What was written since into what goes is lost then, but for the dump.
core-disk-full = The release needs about { $needed } on the file system of { $path } (dumps { $dumps }, files { $files }, images { $images }), but only { $free } are free.
    .remedy = Free some space on the host, for example with `docker image prune`, and run Stapel again. Nothing was changed.

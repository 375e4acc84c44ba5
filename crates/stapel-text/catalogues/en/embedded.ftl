### embedded: the demo app, its proxy and the runtime of child processes

## The demo app
embedded-database = The database { $path } cannot be used: { $error }
    .remedy = See whether the file is a SQLite database, who owns it and whether the disk is full.
embedded-migration-failed = Migration { $revision } failed and has been taken back: { $error }. The migrations before it stand.
    .remedy = Put the migration right, or go down to the revision before with the same version of the app.
embedded-revision-unknown = Can't locate revision identified by '{ $revision }'.
    .remedy = Use the version of the app that brought this revision; an older one does not know it.
embedded-listen = It is not possible to listen on { $address }: { $error }
    .remedy = End what listens there, or choose another port (`listen` in app.toml).

## Its definition and images
embedded-app-missing = { $file } is not there.
    .remedy = Write the file; one line such as `version = 1` is enough.
embedded-app-invalid = { $file } is not valid: { $error }
    .remedy = It may hold `version` (a number), `listen` ("127.0.0.1:8080") and `database` ("data/app.db").
embedded-app-version = { $file }: there is no version { $version } of the demo app.
    .remedy = Choose a version from 1 to { $highest }.
embedded-image-missing = There is no image { $image }.
    .remedy = Build it again, or choose one that is kept under a tag.
embedded-no-image = No image of { $service } has been built yet, so nothing can be started.
    .remedy = Build first; a deploy does.
embedded-tag-invalid = "{ $tag }" cannot be a tag.
    .remedy = A tag has at most 128 letters, digits, "_", "." and "-", and does not begin with "." or "-".
embedded-argv-unknown = The embedded runtime cannot run "{ $argv }".
    .remedy = It can run: migrate current, migrate heads, migrate upgrade, migrate downgrade REVISION.

## Its processes
embedded-not-serving = { $name } does not run, so it can get no requests.
    .remedy = Read its log to see why it ended, and start it again.
embedded-proxy-ended = The embedded proxy ended. It said: { $output }
    .remedy = If its port is taken, end what listens there or choose another one (`listen` in app.toml).
embedded-proxy-silent = The embedded proxy does not answer as it should at { $control }: { $error }
    .remedy = End the process of the proxy; it is started again when it is needed.
embedded-processes-left =
    { $count ->
        [one] { $count } process of { $root } could not be ended.
       *[other] { $count } processes of { $root } could not be ended.
    }
    .remedy = End by hand the processes that have this directory in their command line.
embedded-file-invalid = { $path } does not hold what Stapel wrote there: { $error }
    .remedy = Stop the embedded runtime, delete the file and deploy again.

## What is waited for
embedded-wait-address = { $name } says where it listens
embedded-wait-drain = { $name } has no open requests
embedded-wait-end = { $name } has ended
embedded-wait-lock = Nobody else is starting the embedded proxy
embedded-wait-proxy = The embedded proxy answers
embedded-wait-sweep = The processes left over have ended

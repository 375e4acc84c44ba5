### init: what `stapel init` reads and writes

init-directory = The directory { $path } cannot be read: { $error }
    .remedy = Go to the project's directory, or name its stapel.toml-to-be with `--config DIR/stapel.toml`. Nothing was written.
init-nothing-here = There is no compose file in { $directory } or below it.
    .remedy = Go to the directory that holds compose.yaml or docker-compose.yml. Nothing was written.
init-file = { $file } cannot be read: { $error }
    .remedy = Make it readable. Nothing was written.
init-not-utf8 = { $file } is not UTF-8, so compose cannot read it either.
    .remedy = Save it as UTF-8. Nothing was written.
init-yaml = { $file } is no YAML: { $said }
    .remedy = Correct it there. Nothing was written.
init-nothing-to-release = No service in { $files } is the team's own: { $services } are images of others that releases leave alone.
    .remedy = If one of them is yours, write stapel.toml by hand with its table [service.NAME]; README.md shows how small it is. Nothing was written.
init-exists = { $file } is there already.
    .remedy = See what would be written with `stapel init --print`, or replace the file with `stapel init --force`. Nothing was written.

init-head = Written by `stapel init` from what it found; behind each # stands where a line comes from. All keys: docs/stapel.toml.md in Stapel's repository.
init-head-questions = A line that begins with "# ?" asks what could not be told. Answer it by changing the file, then remove the line.
init-app-compose = the project's name in { $file }
init-app-directory = the directory's name, { $directory }
init-from = from { $place }
init-image = image { $image }, { $place }
init-placeholder = a placeholder

init-host-asked = from --host
init-ask-host = Which host? No script and no file of variables names one. Put in what `ssh` accepts. Until then this name leads nowhere, so that nothing can go to a wrong machine.
init-ask-hosts = Is it the right one? These are named as well: { $hosts }.
init-path-asked = from --path
init-path-survey = where the project { $project } runs on the host
init-path-home = ~ in { $place }, as that user's home
init-ask-path = Where does the app lie there, or where shall it lie?
init-survey = Seen on the host: { $engine }; of the project { $project }, containers that run: { $count }.
init-survey-nothing = Seen on the host: { $engine }; none of these services runs there yet.
init-become = `ssh` does not log in as root; `sudo` without a password was tried and works
init-ask-become = Traffic can be led only by root, and `ssh` logs in as somebody else. With `sudo` without a password on the host this line is needed:

init-exclude = not shipped: { $patterns }
init-env = with secrets: shipped readable by their owner only; named in { $places }
init-ask-env = Is the { $file } here the server's, too ({ $place })? As it may be your own for development it is not shipped: the one on the server stays. To ship it:
init-env-missing = { $file } ({ $place }) is not here, so it has to be on the host already.

init-files-survey = the files that the project { $project } in { $directory } on the host was made from
init-files-script = as { $place } calls compose
init-files-dotenv = COMPOSE_FILE in { $place }
init-files-production = by its name the file for production; it is whole by itself
init-files-over = { $file } is for production by its name and not whole by itself, so it goes over the usual file
init-files-override = what compose takes by itself
init-ask-override = Is { $file } for the server, too? Compose takes it by itself wherever it lies; often it is for development. If not, take it out of `files`.
init-files-usual = what compose takes by itself
init-files-only = the only compose file here
init-project = the project's name in { $place }
init-by-compose = What the files mean was asked of compose { $version } on this machine.
init-by-host = What the files mean was asked of compose { $version } on the host.
init-by-nobody = There is no compose on this machine, so the files were read as they are written: variables, files over each other, `extends` and the like were not resolved. Is what follows right? With `--host` compose there is asked.
init-several = Written in more than one of the files, and taken from the first: { $services }.
init-profile = Left out: { $service }, which only the profile { $profiles } brings.
init-others = Other compose files here, not used: { $files }.

init-service-built = Service { $service } ({ $place }), whose build context is "{ $context }".
init-service-image = Service { $service } ({ $place }), image { $image }.
init-service-twice = May two of it run at once, as in a relay? { $twice }:
init-twice-yes = yes
init-twice-no = no
init-twice-unknown = not known
init-why-port = requests come to port { $port } of the host ({ $place }).
init-why-route = { $proxy } brings requests to it ({ $place }).
init-why-network = it is on { $network }, a network of others, where proxies find services ({ $place }).
init-why-works = it takes jobs from a queue, each of which goes to one ("{ $words }", { $place }).
init-why-unknown = no port and no proxy leads to it, and nothing says that two would do harm.
init-why-polls = it polls, and two would take messages from each other ("{ $words }", { $place }).
init-why-schedules = it does things at certain times, and two would do them twice ("{ $words }", { $place }).
init-why-migrates = it migrates whenever it starts ("{ $words }", { $place }): after a newer version the former one could not start again. Taken out of the start, Stapel migrates by itself (see [migration]), and the service can be relayed.
init-why-migrates-otherwise = it migrates whenever it starts ("{ $words }", { $place }), so two would migrate at once, or an older version after a newer one.
init-why-sqlite = it writes an SQLite file ("{ $words }", { $place }).
init-why-host-network = it has the host's own network, where two would want the same ports ({ $place }).
init-why-udp = it has UDP ports, which cannot be led to another one ({ $place }).
init-recreate = stopped before the new one starts: two never run at once
init-left-out = So releases leave it alone; after one, `docker compose up -d { $service }` by hand brings its new version. To have it released, too, stopped before the new one starts:
init-ask-twice = May two of { $service } run at once? If so, a relay suits it: a table without `rollout`.
init-nginx-static = { $place } gives nginx the name { $service }, which nginx looks up only when it starts. Does it find a container that was made anew? A `resolver` with a variable in proxy_pass does; else it needs `nginx -s reload` after each release.
init-image-only = It is not built here: a release pulls its image from the registry before anything stops.
init-others-left = Left alone by releases: { $services }.

init-postgres = its user and its name are the container's own
init-sqlite = from { $from }
init-sqlite-path = the mount in { $place }, relative to the app's directory
init-sqlite-volume = { $service } has its SQLite file ({ $path }) in a volume of Docker's. Stapel dumps only files below the app's directory so far: back it up by hand before each release.
init-sqlite-inside = { $service } has its SQLite file ({ $path }) inside the container, so each release begins with an empty one. Should a directory of the app's be mounted there?
init-sqlite-unknown = { $service } opens an SQLite file ({ $place }). Where does it lie, relative to the app's directory? To have it dumped:
init-database-not-yet = { $service } ({ $image }) cannot be dumped by Stapel yet: back it up by hand before each release.
init-database-host = { $variable } of { $service } leads to PostgreSQL at { $host }, which is the host's own. Is it to be dumped before each release, over its socket as the system's user "postgres"? Then:
init-database-url = { $variable } of { $service } leads to PostgreSQL at { $host }, which is no service here. Is it to be dumped before each release? Then, with the address as the host reaches it in your environment:
init-database-elsewhere = { $variable } of { $service } leads to a database ({ $kind }) at { $host }, which is no service here. Stapel cannot dump that yet: back it up by hand before each release.

init-migration-service = { $ini } lies in its working directory
init-ask-migrations = There are more, and one [migration] runs one of them: { $files }.
init-ask-migration = { $ini } is not at the top of what a service that is released is built from, so it is not known whether `alembic` finds it in the image. If it does:
init-django = { $file }: Stapel does not run Django's migrations yet; run them by hand (`manage.py migrate`) or as you do now.
init-other-migrations = Migrations by "{ $words }" ({ $place }) are not Stapel's to run yet; only Alembic's are.

init-check-name = what people call it
init-check-domain = through the proxy, as users come
init-check-service = the service whose port is asked
init-check-compose = from the health check in { $place }
init-check-route = { $proxy }, { $place }
init-check-via = the proxy on the same host, wherever the name leads
init-ask-check = What tells that { $service } is well? No health check and no such route was found. For example:
init-ask-check-prefix = The route at { $place } may stand below a prefix. If this is the whole path:
init-ask-domain = Which path at { $domain } tells that the app is well ({ $place })? For example:

init-written = { $file } is written.
init-found-services = Services, and whether two of one may run at once:
init-found-service = { $service }: { $twice }
init-questions =
    { $count ->
        [0] It asks nothing. Read it all the same.
        [one] It asks one thing ("# ?" in the file):
       *[other] It asks { $count } things ("# ?" in the file):
    }
init-next = Then: `stapel check` looks whether everything holds that a release needs, `stapel plan` shows what one would do.

### engine: Docker and compose on the server

engine-unreachable = The Docker daemon does not answer at { $socket }: { $error }
    .remedy = Start Docker (systemctl start docker), or set DOCKER_HOST to the socket it listens on. Where it is not installed yet, `stapel host prepare` does that, after asking.
engine-denied = The Docker daemon at { $socket } may not be used by this user.
    .remedy = Add the user to the group docker and log in again, or log in as root, or put become = "sudo" into the target's table of stapel.toml.
engine-host-unsupported = DOCKER_HOST is { $host }, but Stapel talks to Docker only through a socket of the server itself.
    .remedy = Unset DOCKER_HOST on the server, or set it to unix:///path/to/docker.sock.
engine-request-failed = Docker refused a request about { $object }: { $error }
    .remedy = Look at { $object } on the server with docker inspect, and at the daemon's log; then run Stapel again.

engine-compose-missing = There is no compose on the server: neither “docker compose” nor “docker-compose”.
    .remedy = `stapel host prepare` installs one that suits the Docker there, after asking. Or install the compose plugin (package docker-compose-plugin, or docker-compose of your distribution).
engine-compose-too-old = Compose { $compose } cannot recreate containers with Docker { $engine } (API { $api }): it stops the container and then fails with KeyError 'ContainerConfig'.
    .remedy = Install the compose plugin (package docker-compose-plugin, or docker-compose 2 of your distribution). Until then do not run docker-compose up on this server either.
engine-compose-file-missing = There is no compose file in { $directory }.
    .remedy = Name the compose files in stapel.toml.
engine-config-invalid = Compose does not accept { $files }: { $output }
    .remedy = Correct the file. “docker compose -f … config -q” on the server says the same, with the values that are left out here.
engine-config-unreadable = What compose { $version } prints for “config” could not be understood.
    .remedy = Run compose config by hand; if it looks right, report the compose version together with the shape of the file.
engine-compose-failed = compose { $doing } failed with exit code { $code }: { $output }
    .remedy = Run the command by hand on the server to see why; then run Stapel again.
engine-project-ambiguous = Containers of several projects were made from the files in { $directory }: { $names }.
    .remedy = Name the project in stapel.toml.
engine-service-unknown = The compose files have no service { $service }. They have: { $known }.
    .remedy = Correct the service's name in stapel.toml or in the compose file.

engine-image-pinned = The service { $service } names its image by digest ({ $image }), which cannot be pointed at another image.
    .remedy = Give the image a tag in the compose file instead of a digest.
engine-image-missing = The image { $image } of the service { $service } is not on the server.
    .remedy = Build or pull it, then run Stapel again.
engine-argv-empty = The command to run in the service { $service } is empty.
    .remedy = Write the command in stapel.toml.
engine-temp-path = The directory for temporary files has a name that is not UTF-8.
    .remedy = Set TMPDIR on the server to another directory.
engine-temp-failed = A temporary file could not be written in { $directory }: { $error }
    .remedy = Look at the directory's rights and the free disk space, then run Stapel again.
engine-once-lost = The container { $container } of a one-off run went away before its exit code could be read.
    .remedy = See whether somebody removed it or Docker was restarted, and what the command had done by then; then run Stapel again.
engine-candidate-wrong = The candidate { $container } of the service { $service } is not there, or was made from another image than the one wanted.
    .remedy = See whether somebody else builds or deploys at this moment; then run Stapel again.
engine-real-missing = compose up reported success, but there is no container of the service { $service }.
    .remedy = Look at docker ps -a on the server; the service may ask for no container at all (scale, profiles).
engine-not-running = The service { $service } does not run, so no command can be run in it.
    .remedy = Start the service, then run Stapel again.
engine-log-unreadable = The log cannot be read: Docker hands it to the driver "{ $driver }" and keeps none.
    .remedy = Look where that driver sends it, or set `logging: {"{"} driver: local {"}"}` for the service in the compose file and deploy.

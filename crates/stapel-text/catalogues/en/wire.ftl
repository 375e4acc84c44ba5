### wire
wire-host-bad = { $host } cannot be the name of a host.
    .remedy = Write local, or what you would give to ssh: deploy@web.example, ssh://deploy@web.example:2222, or a name from your ssh config.
wire-no-ssh = ssh could not be started on this machine: { $error }
    .remedy = Install the OpenSSH client on this machine.
wire-unreachable = { $host } cannot be reached: { $said }
    .remedy = Check the name, the network and the port; “ssh { $host }” by hand must work.
wire-permission = { $host } does not let you in: { $said }
    .remedy = Check the user name and that your key is in the agent (ssh-add -l) and in authorized_keys on the host; “ssh { $host }” by hand must work without a password.
wire-host-key = The key of { $host } is unknown or has changed: { $said }
    .remedy = Compare the key's fingerprint with the server's owner. If it is right, log in once by hand with “ssh { $host }”, or remove the old key with ssh-keygen -R.
wire-ssh-failed = ssh to { $host } failed: { $said }
    .remedy = Try “ssh { $host }” by hand and correct what it complains about.
wire-shell = The login shell on { $host } did not run Stapel's command (exit code { $code }): { $said }
    .remedy = Check that this user may log in and run commands: ssh { $host } true
wire-agent-cannot-run = Stapel's agent does not start on { $host } ({ $machine }, exit code { $code }): { $said }
    .remedy = Run the file that the message names by hand there; use a build of Stapel for { $machine } that needs no libraries (cargo xtask dist makes one).
wire-machine-unfit = { $host } is { $machine }, and this agent is built for { $agent }.
    .remedy = Put a build for { $machine } at { $place } (cargo xtask dist makes it or says how), or name it in the environment variable STAPEL_AGENT.
wire-no-space = The disk of { $host } is full: { $said }
    .remedy = Free some space there, in the home directory or /var/tmp, and run Stapel again.
wire-cannot-write = Stapel's agent cannot be written on { $host }: { $said }
    .remedy = Run Stapel again. If it stays, look at the disk there (dmesg) and at who else changes the directory that is named.
wire-no-place =
    Stapel's agent cannot be put anywhere on { $host }:
    { $places }
    .remedy = One of these places is enough. Make it a directory that belongs to the user who logs in, with mode 0700, on a file system that may be written and is mounted without noexec; for example, as root there: install -d -m 700 -o USER /var/lib/stapel-agents-$(id -u USER)
wire-sudo-password = sudo on { $host } asks { $user } for a password, and nobody is there to give it: { $said }
    .remedy =
        Put this line into a file of its own there, with “visudo -f /etc/sudoers.d/stapel”: { $user } ALL=(root) NOPASSWD: ALL
        Or log in as root and leave `become` out.
wire-sudo-refused = sudo on { $host } does not let { $user } run Stapel's agent as root: { $said }
    .remedy = “sudo -n true” by hand there must work. This line lets it, with “visudo -f /etc/sudoers.d/stapel”: { $user } ALL=(root) NOPASSWD: ALL
wire-no-sudo = { $host } has no sudo, and the target says become = "sudo".
    .remedy = Install sudo there, or log in as root and leave `become` out.
wire-places =
    { $first }
    { $next }
wire-place-missing = { $path }: the home directory is not there
wire-place-foreign = { $path }: belongs to somebody else, is a link, or others may enter it
wire-place-noexec = { $path }: programs cannot be run there (noexec)
wire-place-write = { $path }: cannot be written: { $said }
wire-no-hasher = { $host } has neither sha256sum nor shasum, so that the agent cannot be checked there.
    .remedy = Install coreutils there.
wire-arrived-damaged = The agent arrived damaged at { $host }; it was thrown away.
    .remedy = Run Stapel again. If it stays, the line changes data or the program was rebuilt while it was being sent.
wire-local-failed = { $program } did not start as an agent on this machine: { $said }
    .remedy = Check that the program can be run; STAPEL_AGENT, if set, must name a Stapel binary.
wire-no-hello = No agent answered. This came instead: { $said }
    .remedy = Look at what the login scripts on the host print and whether the agent can run there.
wire-hello-late = No agent answered within { $limit }.
    .remedy = Look at the load of the host and at what its login scripts wait for.
wire-protocol = The other side is Stapel { $version } and speaks protocol { $theirs }, this side speaks { $ours }.
    .remedy = Use the same version on both sides; Stapel brings its own agent if STAPEL_AGENT is not set.
wire-too-long = A message of { $length } bytes is longer than { $limit } bytes.
    .remedy = This is an error of Stapel or a foreign program on the line; please report it.
wire-garbage = The other side sent something that is no message (first byte { $byte }).
    .remedy = Something else on the host writes to the agent's standard output. Look at the login scripts there.
wire-not-understood = A message of the other side was not understood: { $error }
    .remedy = Use the same version of Stapel on both sides.
wire-cut = The line was cut: { $error }
    .remedy = Connect again. A release that was running goes on: stapel attach shows it.

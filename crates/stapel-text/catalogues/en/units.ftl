### units, and problems that any room may have
unit-b = { $n } B
unit-kb = { $n } kB
unit-mb = { $n } MB
unit-gb = { $n } GB
unit-s = { $n } s
unit-min = { $m } min { $n } s

command-failed = { $command } failed: { $output }
    .remedy = Run the command by hand on the host to see why; then run Stapel again.
command-missing = { $command } could not be started: it is not on the host.
    .remedy = Install the package that brings { $command } and run Stapel again.
io-failed = { $path }: { $error }
    .remedy = Look at the file's owner, rights and the free disk space, then run Stapel again.
timed-out = { $what } did not come true within { $limit }.
    .remedy = Look at what it waits for; if it only needs longer, raise the limit.
host-await-end = the end of a process
host-not-ended = A process that an earlier run of Stapel left on the host could not be ended (mark { $mark }).
    .remedy = Look at `ps aux` on the host; a process that waits for a disk or a network file system ends when that answers.

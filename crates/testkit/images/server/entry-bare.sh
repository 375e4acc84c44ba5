#!/bin/sh
# What a boot does on a server without systemd on which nobody has installed Docker yet. Should somebody do so, it is started at
# the next boot.
set -e

identify
identify-bare
# One that does not start is no reason not to let root in.
if [ -x /etc/init.d/docker ]; then service docker start || true; fi
cron
exec /usr/sbin/sshd -D -e -o HostKey=/etc/ssh/ssh_host_ed25519_key -o PasswordAuthentication=no -o MaxStartups=100 -o MaxSessions=100

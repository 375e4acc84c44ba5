#!/bin/sh
# What a boot does on a server without systemd: the machine's identity, Docker, cron, sshd.
set -e

identify
setsid start-dockerd &
cron
exec /usr/sbin/sshd -D -e -o HostKey=/etc/ssh/ssh_host_ed25519_key -o PasswordAuthentication=no -o MaxStartups=100 -o MaxSessions=100

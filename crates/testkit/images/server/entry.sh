#!/bin/sh
# What a boot does on a server without systemd: the machine's identity, Docker, cron, sshd.
set -e

mkdir -p /run/sshd
mount -o remount,rw /proc/sys
# Another boot is another boot_id; without this all servers and all their boots would share that of the machine.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
if [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
fi
start-dockerd &
cron
exec /usr/sbin/sshd -D -e -o HostKey=/etc/ssh/ssh_host_ed25519_key -o PasswordAuthentication=no -o MaxStartups=100 -o MaxSessions=100

#!/bin/sh
# What a boot does on a server without systemd on which nobody has installed Docker yet. Should somebody do so, it is started at
# the next boot, and its containers belong below the server's own cgroup, as on the other servers (see start-dockerd.sh).
set -e

identify
if [ ! -e /etc/docker/daemon.json ]; then
    cgroup=$(sed -n 's/^[0-9]*:freezer://p' /proc/self/cgroup)
    if [ -n "$cgroup" ]; then cgroup="$cgroup/inner"; else cgroup="/stapel-$(hostname)-inner"; fi
    dns=''
    for server in $STAPEL_DNS; do dns="$dns${dns:+, }\"$server\""; done
    mkdir -p /etc/docker
    # The init script raises limits, which a container on some machines may not.
    echo 'ulimit() { :; }' >/etc/default/docker
    echo "{ \"cgroup-parent\": \"$cgroup\", \"dns\": [$dns] }" >/etc/docker/daemon.json
fi
# One that does not start is no reason not to let root in.
if [ -x /etc/init.d/docker ]; then service docker start || true; fi
cron
exec /usr/sbin/sshd -D -e -o HostKey=/etc/ssh/ssh_host_ed25519_key -o PasswordAuthentication=no -o MaxStartups=100 -o MaxSessions=100

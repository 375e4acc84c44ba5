#!/bin/sh
# Should somebody install Docker here, its containers belong below the server's own cgroup, as on the other servers (see
# start-dockerd.sh), and need name servers that they can reach.
set -e

test ! -e /etc/docker/daemon.json || exit 0
cgroup=$(sed -n 's/^[0-9]*:freezer://p' /proc/self/cgroup)
if [ -n "$cgroup" ]; then cgroup="$cgroup/inner"; else cgroup="/stapel-$(hostname)-inner"; fi
dns=''
for server in $STAPEL_DNS; do dns="$dns${dns:+, }\"$server\""; done
mkdir -p /etc/docker
# The init script raises limits, which a container on some machines may not.
echo 'ulimit() { :; }' >/etc/default/docker
echo "{ \"cgroup-parent\": \"$cgroup\", \"dns\": [$dns] }" >/etc/docker/daemon.json

#!/bin/sh
# Inner containers belong below the server's own cgroup, so that what befalls it (a pause, its end) befalls them too.
# With cgroup v2 a group with processes of its own cannot have such children: there they get a group beside it.
cgroup=$(sed -n 's/^[0-9]*:freezer://p' /proc/self/cgroup)
if [ -n "$cgroup" ]; then cgroup="$cgroup/inner"; else cgroup="/stapel-$(hostname)-inner"; fi
# STAPEL_DNS are name servers that inner containers can reach: Docker's own at 127.0.0.11 is not.
dns=''
for server in $STAPEL_DNS; do dns="$dns --dns=$server"; done
# shellcheck disable=SC2086 # a list of arguments
exec dockerd "$@" --cgroup-parent="$cgroup" $dns >>/var/log/dockerd.log 2>&1 </dev/null

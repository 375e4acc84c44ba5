#!/bin/sh
# What makes a container a machine of its own, at each boot.
set -e

mkdir -p /run/sshd
mount -o remount,rw /proc/sys
# Another boot is another boot_id; without this all servers and all their boots would share that of the machine.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
if [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
fi

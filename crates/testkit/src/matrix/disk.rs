use anyhow::{Result, ensure};

use crate::servers::Server;

/// Room enough that no estimate refuses the release beforehand.
const SIZE: &str = "1g";

/// Puts Stapel's state on a small file system of its own. A file that only keeps space allocated keeps it there, too.
pub(super) fn mount(server: &Server) -> Result<()> {
    let script = "set -e; mkdir -p /var/lib/stapel /run/state; mount -t tmpfs -o size=\"$1\" tmpfs /run/state; \
                  cp -a --sparse=never /var/lib/stapel/. /run/state/; mount --move /run/state /var/lib/stapel; rmdir /run/state";
    shell(server, script, "put the state on a small disk")
}

/// Fills that file system to its last byte. What takes the space is no part of Stapel's state.
pub(super) fn fill(server: &Server) -> Result<()> {
    let script = "dd if=/dev/zero of=/var/lib/stapel/full bs=1M 2>/dev/null; dd if=/dev/zero bs=4k 2>/dev/null >>/var/lib/stapel/full; \
                  ! dd if=/dev/zero of=/var/lib/stapel/more bs=4k count=1 2>/dev/null && rm -f /var/lib/stapel/more";
    shell(server, script, "fill the disk")
}

/// Gives the space back.
pub(super) fn free(server: &Server) -> Result<()> {
    shell(server, "rm /var/lib/stapel/full", "free the disk")
}

/// Puts the state back on the server's own disk.
pub(super) fn unmount(server: &Server) -> Result<()> {
    let script = "set -e; mkdir /run/state; mount --move /var/lib/stapel /run/state; rm -rf /var/lib/stapel/*; \
                  cp -a --sparse=never /run/state/. /var/lib/stapel/; umount /run/state; rmdir /run/state";
    shell(server, script, "put the state back")
}

fn shell(server: &Server, script: &str, what: &str) -> Result<()> {
    let out = server.docker_exec(&["sh", "-c", script, "disk", SIZE])?;
    ensure!(out.ok(), "failed to {what}: {}{}", out.stdout.trim(), out.stderr.trim());
    Ok(())
}

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::world::World;
use crate::residue;

/// What a person looks at first: processes, containers, rules, the guardian's line or unit, what the agents said, addresses.
const LOOK: &str = "\
run() { echo; echo \"\\$ $*\"; \"$@\" 2>&1; }
run ps -eo pid,ppid,stat,lstart,args -ww
run docker ps --all
run iptables-save
run nsenter --target \"$(docker inspect --format '{{.State.Pid}}' convertik-api 2>/dev/null)\" --net iptables-save
run sh -c 'ls -lR /var/lib/stapel/*/runs /etc/cron.d; cat /etc/cron.d/stapel-* /etc/systemd/system/stapel-*'
run systemctl status --no-pager 'stapel-*'
run df /var/lib/stapel
run sh -c 'for log in $(ls -tr /var/lib/stapel/*/log/* | tail -n 6); do echo \"== $log\"; tail -n 40 $log; done'
run docker logs --tail 30 convertik-api
run docker network inspect caddy
run tail -n 40 /var/log/dockerd.log";

/// Writes what the server looks like into a file of the cell's name.
pub(super) fn keep(world: &World, dir: &Path, cell: &str) -> Result<PathBuf> {
    let mut text = std::fs::read_to_string(world.said()).unwrap_or_default();
    match residue::left(world.server()) {
        Ok(left) => writeln!(text, "\nof ours on the server:\n{}", left.join("\n"))?,
        Err(why) => writeln!(text, "\nwhat is on the server cannot be told: {why:#}")?,
    }
    // Without a number it is the newest.
    let newest = world.operator.history(1).ok().and_then(|mut newest| newest.pop());
    let shown = newest.and_then(|newest| world.operator.show(newest.id).ok());
    writeln!(text, "\nthe newest release: {}", shown.map(|shown| format!("{shown:#}")).unwrap_or_default())?;
    match world.server().docker_exec(&["sh", "-c", LOOK]) {
        Ok(out) => writeln!(text, "{}{}", out.stdout, out.stderr)?,
        Err(why) => writeln!(text, "{why:#}")?,
    }
    std::fs::create_dir_all(dir)?;
    let file = dir.join(format!("{}.txt", cell.replace('/', "-")));
    std::fs::write(&file, text)?;
    Ok(file)
}

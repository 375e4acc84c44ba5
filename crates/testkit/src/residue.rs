//! What a release must not leave behind on a server.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::convertik;
use crate::servers::Server;
use crate::wait::until_every;

/// For what ends on its own, such as a session whose line was cut.
const LIMIT: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(500);

/// Prints what of ours there is, a line each. The containers' own network namespaces are looked into as well: there a rule
/// can refuse connections, or lead them elsewhere.
const OURS: &str = "\
for table in iptables-save ip6tables-save; do
    $table | sed -n '/stapel/s/^/rule: /p'
    for container in $(docker ps --quiet); do
        pid=$(docker inspect --format '{{.State.Pid}}' \"$container\")
        nsenter --target \"$pid\" --net $table | sed -n \"/stapel\\|NFQUEUE/s/^/rule of $container: /p\"
    done
done
docker ps --all --format '{{.Names}}' | sed -n '/stapel/s/^/container: /p'
find \"$1\" -name '.stapel-*' | sed 's/^/file: /'
find /var/lib/stapel/*/runs -type f 2>/dev/null | sed 's/^/file: /'
find /etc/cron.d /etc/systemd/system -name '*stapel*' | sed 's/^/file: /'
find /tmp /run -maxdepth 1 -name '*stapel*' | sed 's/^/file: /'
for lock in /var/lib/stapel/*/lock; do
    test ! -e \"$lock\" || flock --shared --nonblock \"$lock\" true || echo \"held: $lock\"
done";

/// Prints what there is of the sort that others have, too, a line each.
const ALL: &str = "\
docker ps --all --format 'container: {{.Names}}'
docker network ls --format 'network: {{.Name}}'
docker volume ls --format 'volume: {{.Name}}'
docker inspect --format '{{range $net, $on := .NetworkSettings.Networks}}{{range $on.Aliases}}alias: {{$net}} {{.}}
{{end}}{{end}}' convertik-api | grep . | grep -Ev ' [0-9a-f]{12}$'
ip rule | sed 's/^/rule: /'
ip -6 rule | sed 's/^/rule 6: /'
docker images --filter dangling=false --format 'tag: {{.Repository}}:{{.Tag}}' | grep -v ':stapel-'
true";

/// What a server has that a release has no part in: containers, networks, the service's aliases, volumes, routing rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory(BTreeSet<String>);

impl Inventory {
    /// What there is now.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn take(server: &Server) -> Result<Self> {
        Ok(Self(lines(server, ALL)?.into_iter().collect()))
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let come = now.0.difference(&self.0).map(|what| format!("new: {what}"));
        come.chain(self.0.difference(&now.0).map(|what| format!("gone: {what}"))).collect()
    }
}

/// What of ours is on the server now, in words: rules, containers, processes, files, locks, database sessions.
///
/// # Errors
/// When the server cannot be asked.
pub fn left(server: &Server) -> Result<Vec<String>> {
    let mut left = lines(server, OURS)?;
    let agents = server.processes()?.into_iter().filter(|process| process.is_agent(""));
    left.extend(agents.map(|process| format!("process: {} {}", process.pid, process.args)));
    left.extend(sessions(server)?);
    Ok(left)
}

/// Waits until nothing of ours is left, and, with an inventory, all else is as it was then.
///
/// # Errors
/// With what is left.
pub fn none(server: &Server, before: Option<&Inventory>) -> Result<()> {
    let look = || -> Result<Vec<String>> {
        let mut found = left(server)?;
        if let Some(before) = before {
            found.extend(before.differences(&Inventory::take(server)?));
        }
        Ok(found)
    };
    let clean =
        until_every(EVERY, "nothing is left over", LIMIT, || Ok(look().is_ok_and(|f| f.is_empty()).then_some(())));
    if clean.is_ok() {
        return Ok(());
    }
    match look()? {
        found if found.is_empty() => Ok(()),
        found => bail!("left over: {}", found.join("; ")),
    }
}

/// Sessions of the database that are not the service's: a dump or a migration that died may leave one.
fn sessions(server: &Server) -> Result<Vec<String>> {
    if !server.docker_exec(&["test", "-d", convertik::PATH])?.ok() {
        // Another app, without a database.
        return Ok(Vec::new());
    }
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    let addresses = server.docker_exec(&["docker", "inspect", "--format", format, "convertik-api"])?.stdout;
    let sql = "select coalesce(host(client_addr), 'local'), application_name, state, regexp_replace(left(query, 60), E'\\\\s+', ' ', 'g') from pg_stat_activity \
               where backend_type = 'client backend' and pid <> pg_backend_pid()";
    let all = convertik::sql(server, sql)?;
    let foreign = all.lines().filter(|line| {
        let from = line.split('|').next().unwrap_or_default();
        !addresses.split_whitespace().any(|address| address == from)
    });
    Ok(foreign.map(|line| format!("database session: {line}")).collect())
}

fn lines(server: &Server, script: &str) -> Result<Vec<String>> {
    let out = server.docker_exec(&["sh", "-c", script, "residue", convertik::PATH])?;
    ensure!(out.ok(), "looking for what is left: {}", out.stderr.trim());
    Ok(out.stdout.lines().map(str::to_owned).collect())
}

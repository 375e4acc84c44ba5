//! What one sees of convertik from outside: through the ways in, in its database, on the disk.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::{DOMAIN, PATH, PORT, compose};
use crate::http;
use crate::servers::Server;

/// Whether the app's `/health` is well through the proxy.
#[must_use]
pub fn answers(server: &Server) -> bool {
    version_at(server, 80, DOMAIN).is_some()
}

/// The version that answers on each way in (through the proxy, on the published port from outside, on the same from the
/// server itself) and is well; `None` where none does.
#[must_use]
pub fn versions(server: &Server) -> [(&'static str, Option<String>); 3] {
    let url = format!("http://127.0.0.1:{PORT}/health");
    // Within the bound that the load's clients have, too.
    let inside = server.docker_exec(&["curl", "--silent", "--fail", "--max-time", "10", &url]);
    [
        ("caddy", version_at(server, 80, DOMAIN)),
        ("port", version_at(server, PORT, "any.example")),
        ("localhost", inside.ok().filter(crate::Output::ok).and_then(|out| version_of(&out.stdout))),
    ]
}

/// Whether this version, and no other, answers on every way in; `None`: whether any does.
#[must_use]
pub fn serves(server: &Server, version: Option<&str>) -> bool {
    versions(server).iter().all(|(_, found)| match (found, version) {
        (Some(found), Some(version)) => found == version,
        (found, _) => found.is_some(),
    })
}

fn version_at(server: &Server, port: u16, host: &str) -> Option<String> {
    let answer = http::get(server.ip().into(), port, host, "/health").ok()?;
    (answer.status == 200).then(|| version_of(&answer.body)).flatten()
}

fn version_of(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body["version"].as_str().map(str::to_owned)
}

/// The revision of the schema, asked of the database: version 1 cannot name one that it does not have.
///
/// # Errors
/// When the database cannot be asked.
pub fn revision(server: &Server) -> Result<String> {
    sql(server, "select version_num from alembic_version")
}

/// Takes the schema down to that of version 1, whatever serves.
///
/// # Errors
/// When the database refuses.
pub fn schema_of_version_1(server: &Server) -> Result<()> {
    sql(server, "alter table events drop column if exists source; update alembic_version set version_num = '0003'")
        .map(drop)
}

/// How often the id of each event is stored.
///
/// # Errors
/// When the database cannot be asked.
pub fn stored(server: &Server) -> Result<BTreeMap<String, usize>> {
    let rows = sql(server, "select client_id, count(*) from events group by client_id")?;
    rows.lines()
        .map(|line| {
            let (id, count) = line.split_once('|').with_context(|| format!("psql said {line:?}"))?;
            Ok((id.to_owned(), count.trim().parse()?))
        })
        .collect()
}

/// What the database says to this: a line for each row, `|` between columns.
///
/// # Errors
/// When it cannot be asked or refuses.
pub fn sql(server: &Server, sql: &str) -> Result<String> {
    let psql = "psql -v ON_ERROR_STOP=1 -U \"$POSTGRES_USER\" -d \"$POSTGRES_DB\" -Atq -c \"$1\"";
    let out = compose(server, &["exec", "-T", "convertik-db", "sh", "-c", psql, "psql", sql])?;
    Ok(out.trim().to_owned())
}

/// A hash of all files of the app on the server: names, modes and contents.
///
/// # Errors
/// When the server cannot be asked.
pub fn tree(server: &Server) -> Result<String> {
    let script = "cd \"$1\" && { find . -type f -printf '%m %p\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum";
    let out = server.docker_exec(&["sh", "-c", script, "tree", PATH])?;
    ensure!(out.ok(), "the app's files: {}", out.stderr.trim());
    Ok(out.stdout.trim().to_owned())
}

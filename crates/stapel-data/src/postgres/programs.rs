//! PostgreSQL's tools on the host: which of those that there are goes with a server. An older one refuses a newer server; a
//! newer one writes and restores what an older server may not understand, so the same version comes first.

use std::path::{Path, PathBuf};

use stapel_host::Command;
use stapel_text::{Problem, problem};

/// Where distributions keep a directory for each version: `/usr/lib/postgresql/15/bin`, `/usr/pgsql-15/bin`.
const VERSIONS: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// The program of this name that goes with a server of that major version; with whatever server where it is not known.
///
/// # Errors
/// `data-postgres-no-tools`, `data-postgres-old-tools`.
pub(super) async fn find(name: &str, server: Option<u32>) -> Result<PathBuf, Problem> {
    let package = server.map_or_else(|| "postgresql-client".to_owned(), |server| format!("postgresql-client-{server}"));
    let mut found = versioned(name);
    if let Some(program) = choose(&found, server).filter(|_| server.is_none_or(|s| found.iter().any(|(v, _)| *v == s)))
    {
        return Ok(program.clone());
    }
    if let Some(program) = on_path(name)
        && let Some(version) = version(&program).await
    {
        found.push((version, program));
    }
    if let Some(program) = choose(&found, server) {
        return Ok(program.clone());
    }
    match (found.iter().map(|(version, _)| version).max(), server) {
        (Some(newest), Some(server)) => Err(problem!(
            Refused,
            "data-postgres-old-tools",
            tool = name,
            found = newest.to_string(),
            server = server.to_string(),
            package = package
        )),
        _ => Err(problem!(Refused, "data-postgres-no-tools", tool = name, package = package)),
    }
}

/// The one of the server's version, else the oldest that is newer; the newest of all where the server is not known.
fn choose(found: &[(u32, PathBuf)], server: Option<u32>) -> Option<&PathBuf> {
    let chosen = match server {
        Some(server) => found.iter().filter(|(version, _)| *version >= server).min_by_key(|(version, _)| *version),
        None => found.iter().max_by_key(|(version, _)| *version),
    };
    chosen.map(|(_, program)| program)
}

fn versioned(name: &str) -> Vec<(u32, PathBuf)> {
    let mut all = Vec::new();
    for (dir, prefix) in VERSIONS {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let version = entry.file_name().to_str().and_then(|n| n.strip_prefix(prefix)?.parse().ok());
            let program = entry.path().join("bin").join(name);
            all.extend(version.filter(|_| program.is_file()).map(|version| (version, program)));
        }
    }
    all
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/local/bin", "/usr/bin", "/usr/local/pgsql/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(usual).map(|dir| dir.join(name)).find(|program| program.is_file())
}

async fn version(program: &Path) -> Option<u32> {
    major(&Command::new(program).arg("--version").run().await.ok()?.stdout)
}

/// 15 of `pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_version_comes_first_and_an_older_one_never() {
        let found = [13, 15, 17].map(|version| (version, PathBuf::from(format!("/{version}/pg_dump"))));
        let chosen = |server| choose(&found, server).map(|program| program.display().to_string());
        assert_eq!(chosen(Some(15)).as_deref(), Some("/15/pg_dump"));
        assert_eq!(chosen(Some(14)).as_deref(), Some("/15/pg_dump"));
        assert_eq!(chosen(Some(18)), None);
        assert_eq!(chosen(None).as_deref(), Some("/17/pg_dump"));
    }

    #[test]
    fn versions_as_the_tools_print_them() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major("psql (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("busybox\n"), None);
    }

    #[tokio::test]
    async fn what_is_missing_is_named_with_its_package() {
        let problem = find("pg_no_such_tool", Some(15)).await.unwrap_err();
        assert_eq!(problem.code(), "data-postgres-no-tools");
        let rendered = stapel_text::Catalogue::new(stapel_text::Lang::En).problem(&problem);
        assert!(rendered.remedy.contains("postgresql-client-15"), "{}", rendered.remedy);
        if !versioned("pg_dump").is_empty() {
            assert_eq!(find("pg_dump", Some(99)).await.unwrap_err().code(), "data-postgres-old-tools");
        }
    }
}

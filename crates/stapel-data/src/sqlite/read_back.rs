use std::io::Read;

use camino::Utf8Path;
use rusqlite::Connection;
use stapel_text::{Problem, problem};

use super::copy::open_dump;
use crate::{Proof, file};

/// The first bytes of an SQLite file. Source: <https://www.sqlite.org/fileformat.html>, "The Database Header".
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Reads a dump back whole. SQLite takes an empty file for an empty database, so its size and its beginning are looked
/// at as well.
pub(super) fn read_back(dump: &Utf8Path) -> Result<Proof, Problem> {
    let unproven = |why: &str| {
        let what = problem!(Failed, "data-sqlite-failed", path = dump.as_str(), error = why);
        problem!(Failed, "data-unproven", file = dump.as_str()).because(what)
    };
    let mut start = Vec::new();
    let file = std::fs::File::open(dump).map_err(|e| file::failed(dump, &e))?;
    let bytes = file.metadata().map_err(|e| file::failed(dump, &e))?.len();
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(|e| file::failed(dump, &e))?;
    if start != MAGIC {
        return Err(unproven("no SQLite header"));
    }
    let connection = open_dump(dump)?;
    let says = |e: rusqlite::Error| unproven(&e.to_string());
    let verdict = integrity(&connection).map_err(says)?;
    if verdict != ["ok"] {
        return Err(unproven(&verdict.join("; ")));
    }
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    let whole = number("page_count").map_err(says)? * number("page_size").map_err(says)?;
    if whole != bytes {
        return Err(unproven(&format!("{bytes} != {whole} bytes")));
    }
    let (tables, rows) = count(&connection).map_err(says)?;
    Ok(Proof { tables, rows: Some(rows), bytes })
}

fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("PRAGMA integrity_check(5)")?.query_map([], |row| row.get(0))?.collect()
}

/// Tables and their rows. What a virtual table (full text search) holds lies in ordinary ones, which are no tables of
/// the app's.
fn count(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let names: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut rows = 0;
    for (name, _) in names.iter().filter(|(_, kind)| kind == "table") {
        let name = name.replace('"', "\"\"");
        rows += connection.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get::<_, u64>(0))?;
    }
    Ok((names.len() as u64, rows))
}

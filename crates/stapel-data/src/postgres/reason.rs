//! Why a server has not let anybody in, told by what it says. Where it speaks another language, what it says is shown all the
//! same.

use stapel_text::{Problem, problem};

/// What a tool on the host said that failed, as a problem with a remedy for the reason.
pub(super) fn reason(database: &str, command: &str, said: &str) -> Problem {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["runuser: user "]) {
        return problem!(Failed, "data-postgres-account", database = database, said = said);
    }
    if has(&["eer authentication failed"]) {
        return problem!(Failed, "data-postgres-peer", database = database, said = said);
    }
    if has(&["password authentication failed", "no password supplied"]) {
        return problem!(Failed, "data-postgres-password", database = database, said = said);
    }
    if has(&["no pg_hba.conf entry", "pg_hba.conf rejects"]) {
        return problem!(Failed, "data-postgres-hba", database = database, said = said);
    }
    // What a statement says of roles and databases is not about the way there.
    let fatal = said.contains("FATAL:");
    if fatal && said.contains("role \"") && said.contains("does not exist") {
        return problem!(Failed, "data-postgres-role", database = database, said = said);
    }
    if fatal && said.contains("database \"") && said.contains("does not exist") {
        return problem!(Failed, "data-postgres-database", database = database, said = said);
    }
    let lost = ["could not connect", "could not translate", "Connection refused", "No such file or directory"];
    if has(&["connection to server", "could not connect to server"]) && (has(&lost) || has(&["timeout expired"])) {
        return problem!(Failed, "data-postgres-silent", database = database, said = said);
    }
    problem!(Failed, "data-postgres-host-failed", database = database, command = command, said = said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        let at = "psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: ";
        for (said, code) in [
            ("FATAL:  Peer authentication failed for user \"app\"", "data-postgres-peer"),
            ("FATAL:  password authentication failed for user \"app\"", "data-postgres-password"),
            ("fe_sendauth: no password supplied", "data-postgres-password"),
            ("FATAL:  no pg_hba.conf entry for host \"10.0.0.2\"", "data-postgres-hba"),
            ("FATAL:  role \"app\" does not exist", "data-postgres-role"),
            ("FATAL:  database \"shop\" does not exist", "data-postgres-database"),
            ("No such file or directory\n\tIs the server running locally", "data-postgres-silent"),
            ("Connection refused", "data-postgres-silent"),
            ("timeout expired", "data-postgres-silent"),
            ("FATAL:  the database system is starting up", "data-postgres-host-failed"),
        ] {
            assert_eq!(reason("main", "psql", &format!("{at}{said}")).code(), code, "{said}");
        }
        assert_eq!(reason("main", "psql", "runuser: user app does not exist").code(), "data-postgres-account");
        let statement = "pg_restore: error: could not execute query: ERROR:  role \"x\" does not exist";
        assert_eq!(reason("main", "pg_restore", statement).code(), "data-postgres-host-failed");
    }
}

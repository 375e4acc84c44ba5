/// As whom, and to which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) database: String,
}

impl Login {
    /// The options `--username` and `--dbname`.
    pub(crate) fn options(&self) -> [String; 3] {
        ["--no-password".into(), format!("--username={}", self.user), format!("--dbname={}", self.connection())]
    }

    /// The database for `--dbname`. PostgreSQL takes that as a connection string when it has a `=` or looks like a URL;
    /// a name that could be taken so is written as a connection string that says nothing but the name.
    fn connection(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.database.chars().all(plain) {
            self.database.clone()
        } else {
            format!("dbname='{}'", self.database.replace('\\', r"\\").replace('\'', r"\'"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_name_is_never_a_connection_string() {
        let login = |database: &str| Login { user: "app".into(), database: database.into() };
        assert_eq!(login("checksite_db").options()[2], "--dbname=checksite_db");
        assert_eq!(login("x host=evil.example").options()[2], "--dbname=dbname='x host=evil.example'");
        assert_eq!(login(r"it's\").options()[2], r"--dbname=dbname='it\'s\\'");
    }
}

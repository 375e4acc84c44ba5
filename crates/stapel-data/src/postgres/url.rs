use std::fmt;

/// A database's address in a URL, as the variables that PostgreSQL's tools read. Nothing of it is ever an argument, which
/// everybody on the host could see.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// Variables with their values.
    pub(crate) env: Vec<(String, String)>,
    /// What must not be shown.
    secrets: Vec<String>,
    /// Whether it names a driver (`postgresql+asyncpg://`), which only the app's own library knows.
    pub(crate) driver: bool,
}

/// Parameters of a URL and the variables that say the same (postgresql.org, "Environment Variables" of libpq). Those that an app's
/// own driver has besides mean nothing to the tools.
const PARAMETERS: [(&str, &str); 20] = [
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("sslmode", "PGSSLMODE"),
    ("ssl", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("hostaddr", "PGHOSTADDR"),
    ("passfile", "PGPASSFILE"),
    ("sslcrl", "PGSSLCRL"),
    ("gssencmode", "PGGSSENCMODE"),
    ("requirepeer", "PGREQUIREPEER"),
    ("require_auth", "PGREQUIREAUTH"),
];

impl Url {
    /// From its text; `None` where it is no URL of a PostgreSQL database.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let (kind, driver) = scheme.split_once('+').map_or((scheme, None), |(kind, driver)| (kind, Some(driver)));
        if !matches!(kind, "postgres" | "postgresql") {
            return None;
        }
        let mut url = Self { driver: driver.is_some(), ..Self::default() };
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        // A password may hold an `@` that nobody has encoded.
        let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(login, hosts)| (login, hosts));
        let (user, password) = login.split_once(':').map_or((login, ""), |(user, password)| (user, password));
        if login.is_empty() && path.contains('@') {
            // A password with a `/` in it that nobody has encoded: what it is part of cannot be told.
            return None;
        }
        url.set("PGUSER", user)?;
        url.set("PGPASSWORD", password)?;
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in hosts.split(',').filter(|host| !host.is_empty()) {
            let (name, port) = match host.strip_prefix('[') {
                Some(six) => {
                    let (name, after) = six.split_once(']')?;
                    (name, after.strip_prefix(':').unwrap_or(""))
                }
                None => host.split_once(':').map_or((host, ""), |(name, port)| (name, port)),
            };
            if !port.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
            names.push(name);
            ports.push(port);
        }
        url.set("PGHOST", &names.join(","))?;
        if ports.iter().any(|port| !port.is_empty()) {
            url.set("PGPORT", &ports.join(","))?;
        }
        url.set("PGDATABASE", path)?;
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            // Some drivers have a word of their own for it.
            let value = match (name, value) {
                ("ssl", value) if ["true", "1"].contains(&value.to_ascii_lowercase().as_str()) => "require",
                ("ssl", value) if ["false", "0"].contains(&value.to_ascii_lowercase().as_str()) => "disable",
                ("ssl" | "sslmode", "no-verify") => "require",
                (_, value) => value,
            };
            if let Some((_, variable)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
                url.set(variable, value)?;
            }
        }
        // One that names neither would lead to whatever the host has.
        let leads =
            ["PGHOST", "PGHOSTADDR", "PGDATABASE"].iter().any(|name| url.env.iter().any(|(known, _)| known == name));
        leads.then_some(url)
    }

    /// A later one counts.
    fn set(&mut self, variable: &str, encoded: &str) -> Option<()> {
        let value = decoded(encoded)?;
        if value.is_empty() {
            return Some(());
        }
        if variable == "PGPASSWORD" {
            self.secrets.extend([value.clone(), encoded.to_owned()]);
        }
        self.env.retain(|(known, _)| known != variable);
        self.env.push((variable.to_owned(), value));
        Some(())
    }

    /// A text of others without the password.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Url").field("env", &names).finish_non_exhaustive()
    }
}

/// With `%xx` as the byte that it stands for; `None` where that is no UTF-8, or holds a byte 0.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(url: &str) -> String {
        let url = Url::read(url).unwrap();
        url.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_url_says_the_same_as_the_variables() {
        assert_eq!(
            env("postgresql://app:s%40cret@10.0.0.1:5433/shop?sslmode=require&application_name=x"),
            "PGUSER=app PGPASSWORD=s@cret PGHOST=10.0.0.1 PGPORT=5433 PGDATABASE=shop PGSSLMODE=require"
        );
        assert_eq!(env("postgres://app@db/shop"), "PGUSER=app PGHOST=db PGDATABASE=shop");
        assert_eq!(env("postgresql+asyncpg://a:p@t@h/d"), "PGUSER=a PGPASSWORD=p@t PGHOST=h PGDATABASE=d");
        assert_eq!(env("postgresql://[::1]:5432,b:5433/d"), "PGHOST=::1,b PGPORT=5432,5433 PGDATABASE=d");
        assert_eq!(env("postgresql:///shop?host=/run/postgresql"), "PGDATABASE=shop PGHOST=/run/postgresql");
        assert_eq!(env("postgresql://app@/d?user=other"), "PGDATABASE=d PGUSER=other");
        assert_eq!(
            env("postgres://h/d?ssl=true&options=-c%20search_path%3Dshop"),
            "PGHOST=h PGDATABASE=d PGSSLMODE=require PGOPTIONS=-c search_path=shop"
        );
        assert!(Url::read("postgresql+psycopg://h/d").unwrap().driver);
    }

    #[test]
    fn what_is_none_is_told() {
        for wrong in
            ["mysql://a@b/c", "shop", "postgresql://a@b:port/c", "postgresql://a:%zz@b/c", "postgresql://a:%00@b/c"]
        {
            assert_eq!(Url::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = Url::read("postgresql://app:s%40cret@h/d").unwrap();
        assert!(!format!("{url:?}").contains("cret"));
        assert_eq!(url.mask("no s@cret and no s%40cret"), "no *** and no ***");
    }
}

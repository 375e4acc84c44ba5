use std::ffi::OsString;

use camino::Utf8Path;

/// What compose takes a variable of its own from: the process's environment first, then the project's `.env`.
///
/// Only for the few `COMPOSE_…` variables that decide names; what the app's variables mean is compose's business.
pub(crate) fn setting(file: &Utf8Path, name: &str) -> Option<String> {
    let own = std::env::var_os(name).map(OsString::into_string).and_then(Result::ok);
    own.or_else(|| value(&std::fs::read_to_string(file).ok()?, name)).filter(|v| !v.is_empty())
}

fn value(content: &str, name: &str) -> Option<String> {
    let found = content.lines().rev().find_map(|line| {
        let line = line.trim_start();
        let (key, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })?;
    let quoted = ['"', '\''].into_iter().find_map(|q| found.strip_prefix(q)?.strip_suffix(q));
    Some(quoted.unwrap_or_else(|| found.split(" #").next().unwrap_or(found).trim_end()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts() {
        let file = "# COMPOSE_PROJECT_NAME=no\nCOMPOSE_PROJECT_NAME=one\nX=1\nexport COMPOSE_PROJECT_NAME='two' \n";
        assert_eq!(value(file, "COMPOSE_PROJECT_NAME").as_deref(), Some("two"));
        assert_eq!(value("A=b # c\n", "A").as_deref(), Some("b"));
        assert_eq!(value("AB=b\n", "A"), None);
    }
}

use stapel_text::{Problem, problem};

/// How many names a message lists before it only counts.
const LISTED: usize = 10;

/// Whether a path of a manifest can be taken below a root: relative, plain components, no NUL.
pub(crate) fn check_path(path: &str) -> Result<(), Problem> {
    let plain = |c: &str| !c.is_empty() && c != "." && c != "..";
    if path.contains('\0') || !path.split('/').all(plain) {
        return Err(problem!(Refused, "tree-path-unsafe", path = path.escape_debug().to_string()));
    }
    Ok(())
}

/// The directory part and the last component; the directory of a path in the root is empty.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The path of a name in a directory, the reverse of [`split`].
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// Every directory above a path, the outermost first.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Whether a link at `path` with this target leads out of the tree by its words alone.
pub(crate) fn target_leaves(path: &str, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || target.contains('\0') {
        return true;
    }
    let mut depth = ancestors(path).count();
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// The name under which the new content of `path` lies beside it until it is renamed. It is the same for the same path,
/// so that what a crash left is found again.
pub(crate) fn temporary(path: &str) -> String {
    let hash = blake3::hash(path.as_bytes()).to_hex();
    format!(".stapel-{}.tmp", &hash[..16])
}

/// Whether a name is one that [`temporary`] gives.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_prefix(".stapel-")
        .and_then(|rest| rest.strip_suffix(".tmp"))
        .is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Names for a message, the first few of them.
pub(crate) fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_root_are_refused() {
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\0b", "..", "a/.."] {
            assert_eq!(check_path(path).unwrap_err().code(), "tree-path-unsafe", "{path:?}");
        }
        for path in ["a", "a/b", "..a", "a..", "a b/ü", "-rf", "a\nb"] {
            assert!(check_path(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn targets_are_followed_by_their_words() {
        for (path, target) in [("a", "/etc"), ("a", ".."), ("d/a", "../../x"), ("d/a", "x/../../../y"), ("a", "")] {
            assert!(target_leaves(path, target), "{path} -> {target}");
        }
        for (path, target) in [("a", "b"), ("d/a", "../b"), ("d/a", "./x//../y"), ("d/e/a", "../../b")] {
            assert!(!target_leaves(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn temporary_names_are_recognised_and_others_are_not() {
        assert!(is_temporary(&temporary("a/b")));
        for name in [".stapel-.tmp", ".stapel-0123456789abcdeg.tmp", "stapel.tmp", ".stapel-0123456789abcdef"] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}

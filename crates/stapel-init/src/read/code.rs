use crate::place::{Found, Place, expression};
use crate::sign::Sign;
use crate::tree::{Tree, name};

/// What the code itself says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Code {
    /// Telling words, each with its file.
    pub(crate) signs: Vec<(Sign, String, Place)>,
    /// Routes that tell how the app is.
    pub(crate) health: Vec<HealthRoute>,
}

/// A route such as `/health`.
#[derive(Debug, Clone)]
pub(crate) struct HealthRoute {
    /// The path as it is written.
    pub(crate) path: Found<String>,
    /// Whether it stands on the app itself and not on a router, which may have a prefix.
    pub(crate) whole: bool,
}

/// Larger projects have their routes near the beginning of some file all the same.
const FILES: usize = 3000;

expression!(
    ROUTE,
    r#"(?:@(\w+)\.(?:get|route|api_route)\(|\b(\w+)\.(?:get|all|use|GET|Get)\(|\bHandleFunc\(|@GetMapping\(|\bpath\(|\bre_path\(|^\s*get )\s*['"`]/?((?:[a-z0-9_-]+/)*(?:health|healthz|healthcheck|ping|ready|readyz|livez|up)/?)['"`]"#
);

/// Reads the code below the project, tests and other people's left out.
pub(crate) fn code(tree: &Tree) -> Code {
    let mut found = Code::default();
    let ending = |f: &&str| [".py", ".js", ".mjs", ".ts", ".go", ".rb", ".java", ".php"].iter().any(|e| f.ends_with(e));
    for file in tree.files().filter(ending).filter(|f| !is_test(f)).take(FILES) {
        let Some(text) = tree.text(file) else { continue };
        for (sign, words, line) in Sign::all(&text) {
            // A Makefile's or a migration's own words about migrating are no start.
            if sign != Sign::Migrates || text.contains("subprocess") || text.contains("child_process") {
                found.signs.push((sign, words, Place::line(file, line)));
            }
        }
        for (at, line) in text.lines().enumerate() {
            let Some(route) = ROUTE.captures(line) else { continue };
            let owner = route.get(1).or_else(|| route.get(2)).map_or("", |m| m.as_str());
            let path = format!("/{}", &route[3]);
            let whole = matches!(owner, "app" | "server" | "application")
                || line.contains("http.HandleFunc(")
                || file.ends_with("config/routes.rb");
            found.health.push(HealthRoute { path: Found::new(path, Place::line(file, at + 1)), whole });
        }
    }
    found
}

fn is_test(path: &str) -> bool {
    let name = name(path);
    path.split('/').any(|part| {
        matches!(part, "tests" | "test" | "__tests__" | "spec" | "docs" | "migrations" | "versions" | "scripts")
    }) || name.starts_with("test_")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name == "conftest.py"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_several_frameworks() {
        for (line, path, owner) in [
            ("@app.get(\"/health\")", "health", "app"),
            ("@router.get('/healthz')", "healthz", "router"),
            ("app.get('/api/health', (req, res) => {", "api/health", "app"),
            ("    path(\"health/\", views.health),", "health/", ""),
            ("\thttp.HandleFunc(\"/ping\", ping)", "ping", ""),
        ] {
            let found = ROUTE.captures(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(&found[3], path);
            assert_eq!(found.get(1).or_else(|| found.get(2)).map_or("", |m| m.as_str()), owner);
        }
        assert!(!ROUTE.is_match("requests.post('/health')"));
    }
}

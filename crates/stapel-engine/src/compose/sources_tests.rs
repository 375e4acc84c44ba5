use super::*;

const MAIN: &str = "include: [more/inc.yml]\nservices:\n  api:\n    image: x:${TAG:-1}\n    env_file: [api.env]\n    \
                    extends: {file: base/b.yml, service: b}\n";

/// The files of an app with everything in it that compose reads.
const FILES: [(&str, &str); 6] = [
    ("c.yml", MAIN),
    ("more/inc.yml", "services: {inc: {image: y}}\n"),
    ("base/b.yml", "services: {b: {env_file: [b.env], extends: {file: root.yml, service: r}}}\n"),
    ("base/root.yml", "services: {r: {image: r}}\n"),
    ("api.env", "A=1\n"),
    (".env", "TAG=2\n"),
];

fn app() -> (tempfile::TempDir, Project) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
    for (name, text) in FILES {
        std::fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
        std::fs::write(path.join(name), text).unwrap();
    }
    (dir, Project::new(path, ["c.yml"]))
}

fn compose() -> Compose {
    Compose::of("docker compose", "2.26.1").unwrap()
}

#[test]
fn whatever_compose_reads_makes_a_difference() {
    let (_dir, project) = app();
    let sources = || project.sources(&compose());
    let mut before = sources().unwrap();
    assert_eq!(sources().unwrap(), before);
    // Also what is not there yet.
    for name in FILES.map(|file| file.0).into_iter().chain(["more/.env", "base/b.env"]) {
        let path = project.directory.join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, format!("{text}#\n")).unwrap();
        let now = sources().unwrap();
        assert_ne!(now, before, "{name}");
        before = now;
    }
    let other = Compose::of("docker compose", "2.27.0").unwrap();
    assert_ne!(project.sources(&other).unwrap(), before);
    let named = Project { name: Some("other".into()), ..project.clone() };
    assert_ne!(named.sources(&compose()).unwrap(), before);
}

#[test]
fn what_cannot_be_followed_is_not_told() {
    let unknown = [
        "services: {a: {extends: {file: nowhere.yml, service: b}}}",
        "services: {a: {extends: {file: \"${X}.yml\", service: b}}}",
        "services: {a: {env_file: \"${X}.env\"}}",
        "services: {a: {label_file: labels}}",
        "include: [{path: more/inc.yml, project_directory: .}]",
        "include: [\"https://git.example/inc.git\"]",
        "services: [",
    ];
    for text in unknown {
        let (_dir, project) = app();
        std::fs::write(project.directory.join("c.yml"), text).unwrap();
        assert_eq!(project.sources(&compose()), None, "{text}");
    }
}

#[test]
fn variables_are_found_where_compose_finds_them() {
    let found = |text| named(text).collect::<Vec<_>>();
    assert_eq!(found("a: $A-${B:-${C_1?no}} $$D $ ${}"), ["A", "B", "C_1", "D"]);
}

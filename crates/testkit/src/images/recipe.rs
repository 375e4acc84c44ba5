use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{LABEL, debian, id};
use crate::place::{place, private_dir};
use crate::tool::Tool;

/// How an image is made where no registry serves it.
pub(super) struct Recipe {
    /// Name and tag.
    pub(super) name: &'static str,
    /// Whether the world knows an image of this name, which is then better than ours.
    pub(super) public: bool,
    from: From,
}

enum From {
    /// A minimal Debian of this suite.
    Suite(&'static str),
    /// A Dockerfile over the image `base`, with these files beside it, and with this machine's own where it needs them.
    Dockerfile { base: &'static str, text: &'static str, files: &'static [(&'static str, &'static str)], own: bool },
}

macro_rules! image_file {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/images/", $path))
    };
}

const SERVER: &[(&str, &str)] = &[
    ("entry.sh", image_file!("server/entry.sh")),
    ("identify.sh", image_file!("server/identify.sh")),
    ("start-dockerd.sh", image_file!("server/start-dockerd.sh")),
];

const BARE: &[(&str, &str)] = &[
    ("entry-bare.sh", image_file!("server/entry-bare.sh")),
    ("identify-bare.sh", image_file!("server/identify-bare.sh")),
    ("identify.sh", image_file!("server/identify.sh")),
];

const BARE_SYSTEMD: &[(&str, &str)] = &[
    ("identify-bare.sh", image_file!("server/identify-bare.sh")),
    ("identify.sh", image_file!("server/identify.sh")),
    ("identify.service", image_file!("server-bare-systemd/identify.service")),
    ("sshd.conf", image_file!("server-systemd/sshd.conf")),
];

const SYSTEMD: &[(&str, &str)] = &[
    ("identify.service", image_file!("server-systemd/identify.service")),
    ("docker.conf", image_file!("server-systemd/docker.conf")),
    ("sshd.conf", image_file!("server-systemd/sshd.conf")),
];

const BOOKWORM: &str = "debian:bookworm-slim";
const TRIXIE: &str = "debian:trixie-slim";

/// All of them, each after what it is made from.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe { name: BOOKWORM, public: true, from: From::Suite("bookworm") },
    over(BOOKWORM, "python:3.11-slim", image_file!("python/Dockerfile"), &[]).with_own_files(),
    over(
        BOOKWORM,
        "postgres:15",
        image_file!("postgres/Dockerfile"),
        &[("entry.sh", image_file!("postgres/entry.sh"))],
    ),
    over(BOOKWORM, "redis:7", image_file!("redis/Dockerfile"), &[("entry.sh", image_file!("redis/entry.sh"))]),
    over(BOOKWORM, "caddy:2", image_file!("caddy/Dockerfile"), &[]),
    over(BOOKWORM, "nginx:1", image_file!("nginx/Dockerfile"), &[]),
    over(BOOKWORM, "stapel-server:bookworm", image_file!("server-bookworm/Dockerfile"), SERVER).of_ours(),
    over("stapel-server:bookworm", "stapel-server:systemd", image_file!("server-systemd/Dockerfile"), SYSTEMD)
        .of_ours(),
    over(BOOKWORM, "stapel-server:bare-bookworm", image_file!("server-bare-bookworm/Dockerfile"), BARE).of_ours(),
    over(BOOKWORM, "stapel-server:bare-systemd", image_file!("server-bare-systemd/Dockerfile"), BARE_SYSTEMD).of_ours(),
    Recipe { name: TRIXIE, public: true, from: From::Suite("trixie") },
    over(TRIXIE, "stapel-server:trixie", image_file!("server-trixie/Dockerfile"), SERVER).of_ours(),
    over(TRIXIE, "stapel-server:bare-trixie", image_file!("server-bare-trixie/Dockerfile"), BARE).of_ours(),
];

const fn over(
    base: &'static str,
    name: &'static str,
    text: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Recipe {
    Recipe { name, public: true, from: From::Dockerfile { base, text, files, own: false } }
}

impl Recipe {
    const fn of_ours(mut self) -> Self {
        self.public = false;
        self
    }

    const fn with_own_files(mut self) -> Self {
        if let From::Dockerfile { own, .. } = &mut self.from {
            *own = true;
        }
        self
    }

    /// A hash of all that goes into the image, its base among it.
    pub(super) fn hash(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        match &self.from {
            From::Suite(suite) => hasher.update(debian::VERSION.as_bytes()).update(suite.as_bytes()),
            From::Dockerfile { base, .. } => hasher.update(id(base).context("the base image is missing")?.as_bytes()),
        };
        for (name, content) in self.files() {
            hasher.update(name.as_bytes()).update(&content.len().to_le_bytes()).update(content.as_bytes());
        }
        Ok(hasher.finalize().to_hex()[..16].to_owned())
    }

    /// Makes the image.
    pub(super) fn make(&self) -> Result<()> {
        let label = format!("{LABEL}={}", self.hash()?);
        if let From::Suite(suite) = self.from {
            return debian::make(suite, self.name, &label);
        }
        let context = private_dir(place()?.join(format!("context-{}", std::process::id())))?;
        let built = self.build(&context, &label);
        std::fs::remove_dir_all(&context)?;
        built
    }

    fn build(&self, context: &Path, label: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        for (name, content) in self.files() {
            let path = context.join(&name);
            std::fs::write(&path, content)?;
            let mode = if name.ends_with(".sh") { 0o755 } else { 0o644 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        }
        let buildkit = if Tool::docker(["buildx", "version"]).succeeds() { "1" } else { "0" };
        // Host networking: a machine whose Docker bridge has no way out can still make its images.
        Tool::docker(["build", "--quiet", "--network=host", "--label", label, "--tag", self.name])
            .arg(context)
            .env("DOCKER_BUILDKIT", buildkit)
            .run()?;
        Ok(())
    }

    /// The Dockerfile and what lies beside it; nothing for a Debian.
    fn files(&self) -> Vec<(String, String)> {
        let From::Dockerfile { text, files, own, .. } = &self.from else { return Vec::new() };
        let mut all: Vec<_> = files.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect();
        let mut dockerfile = (*text).to_owned();
        if *own {
            all.push(("ca-certificates.crt".into(), certificates()));
            all.push(("pip.conf".into(), std::fs::read_to_string("/etc/pip.conf").unwrap_or_default()));
            dockerfile.push_str(&pip_settings());
        }
        all.push(("Dockerfile".into(), dockerfile));
        all
    }
}

/// The certificates that this machine trusts; empty where none are found.
fn certificates() -> String {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    named
        .into_iter()
        .chain(usual.map(PathBuf::from))
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_default()
}

/// `ENV` lines with the pip settings of this environment that mean the same inside a container.
fn pip_settings() -> String {
    ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT", "PIP_DISABLE_PIP_VERSION_CHECK"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok().map(|value| format!("ENV {name}={}\n", quoted(&value))))
        .collect()
}

/// A value as a Dockerfile's `ENV` takes it literally.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dockerfile_begins_with_the_base_that_is_made_before_it() {
        let mut made = Vec::new();
        for recipe in RECIPES {
            if let From::Dockerfile { base, text, .. } = &recipe.from {
                assert!(text.starts_with(&format!("FROM {base}\n")), "{}", recipe.name);
                assert!(made.contains(base), "{} comes before {base}", recipe.name);
            }
            made.push(recipe.name);
        }
    }

    #[test]
    fn a_setting_stays_literal() {
        assert_eq!(quoted(r#"a$b"c\d"#), r#""a\$b\"c\\d""#);
    }
}

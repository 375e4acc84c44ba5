//! What `docker login` has noted for a registry, where it lies in Docker's own file. Helpers that keep it elsewhere are not
//! asked: `docker pull` does that itself.

use std::collections::HashMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;

/// The name of Docker's own registry in that file.
const HUB: &str = "https://index.docker.io/v1/";

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    auths: HashMap<String, Auth>,
}

#[derive(Deserialize, Default)]
struct Auth {
    auth: Option<String>,
}

/// The credentials for the registry of this image.
pub(crate) fn of(image: &str) -> Option<DockerCredentials> {
    let dir = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let dir = dir.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker")))?;
    read(&std::fs::read_to_string(dir.join("config.json")).ok()?, registry(image))
}

/// The registry in an image's name: what stands before the first slash, if it looks like a host.
fn registry(image: &str) -> &str {
    let first = image.split_once('/').map(|(first, _)| first);
    let host = first.filter(|host| host.contains(['.', ':']) || *host == "localhost");
    host.filter(|host| !["docker.io", "index.docker.io"].contains(host)).unwrap_or(HUB)
}

fn read(config: &str, registry: &str) -> Option<DockerCredentials> {
    let mut config: Config = serde_json::from_str(config).ok()?;
    let noted = config.auths.remove(registry).or_else(|| config.auths.remove(&format!("https://{registry}")))?;
    let plain = String::from_utf8(STANDARD.decode(noted.auth?).ok()?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some(DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_what_looks_like_a_host() {
        for (image, expected) in [
            ("postgres:15", HUB),
            ("team/api", HUB),
            ("docker.io/team/api", HUB),
            ("registry.example/team/api:1", "registry.example"),
            ("localhost:5000/api", "localhost:5000"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }

    #[test]
    fn what_docker_login_has_noted_is_read() {
        let config = format!(
            r#"{{"auths": {{"registry.example": {{"auth": "{}"}}, "x.example": {{}}}}}}"#,
            STANDARD.encode("bot:s:3")
        );
        let found = read(&config, "registry.example").unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("bot"), Some("s:3")));
        assert!(
            read(&config, "x.example").is_none() && read(&config, "y.example").is_none() && read("{", "x").is_none()
        );
    }
}

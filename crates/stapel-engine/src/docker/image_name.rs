/// An image's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageName {
    /// Registry and path, as Docker shows it.
    pub(super) repository: String,
    /// The tag; none where the name is pinned to a digest.
    pub(super) tag: Option<String>,
}

impl ImageName {
    /// `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. The names that Docker itself shortens are shortened.
    pub(super) fn parse(name: &str) -> Self {
        let (name, digest) = name.split_once('@').map_or((name, None), |(n, d)| (n, Some(d)));
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match name[slash..].rfind(':') {
            Some(colon) => (&name[..slash + colon], Some(&name[slash + colon + 1..])),
            None => (name, None),
        };
        let repository =
            ["docker.io/", "index.docker.io/"].iter().find_map(|p| repository.strip_prefix(p)).unwrap_or(repository);
        let repository = repository.strip_prefix("library/").unwrap_or(repository);
        let tag = digest.is_none().then(|| tag.unwrap_or("latest").to_owned());
        Self { repository: repository.to_owned(), tag }
    }

    /// The name with another tag.
    pub(super) fn tagged(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, repository, tag) in [
            ("api", "api", Some("latest")),
            ("convertik-api:latest", "convertik-api", Some("latest")),
            ("registry.example:5000/team/api", "registry.example:5000/team/api", Some("latest")),
            ("registry.example:5000/team/api:v1", "registry.example:5000/team/api", Some("v1")),
            ("docker.io/library/postgres:15", "postgres", Some("15")),
            ("docker.io/team/api:1", "team/api", Some("1")),
            ("postgres:15@sha256:0123", "postgres", None),
        ] {
            let parsed = ImageName::parse(name);
            assert_eq!((parsed.repository.as_str(), parsed.tag.as_deref()), (repository, tag), "{name}");
        }
    }
}

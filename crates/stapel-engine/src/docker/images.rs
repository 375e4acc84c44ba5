use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use bollard::errors::Error;
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions, TagImageOptions};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use stapel_core::observation::Registry;
use stapel_core::ports::{ImageId, Images, Instances, Lines, Parts};
use stapel_text::{Problem, problem};

use super::Docker;
use super::containers::{PROJECT, SERVICE};
use super::image_name::ImageName;
use crate::compose::{Build, Generation, Redacted, success};
use crate::engine::{failed, found};

impl Docker {
    /// The name of a service's image: what the definition says, else the one this compose gives to what it builds.
    ///
    /// # Errors
    /// `engine-service-unknown`.
    pub fn image_name(&self, service: &str) -> Result<String, Problem> {
        if let Some(image) = &self.service(service)?.image {
            return Ok(image.clone());
        }
        let compatible = || self.project.setting("COMPOSE_COMPATIBILITY").is_some_and(|v| v == "1" || v == "true");
        Ok(match self.compose.generation {
            Generation::V1 => format!("{}_{service}", self.name().trim_start_matches(['_', '-'])),
            Generation::V2 if compatible() => format!("{}_{service}", self.name()),
            Generation::V2 => format!("{}-{service}", self.name()),
        })
    }

    fn repository(&self, service: &str) -> Result<ImageName, Problem> {
        Ok(ImageName::parse(&self.image_name(service)?))
    }

    async fn image(&self, name: &str) -> Result<Option<ImageId>, Problem> {
        Ok(found(name, self.engine.api.inspect_image(name).await)?.and_then(|i| i.id).map(ImageId))
    }

    async fn tag(&self, image: &ImageId, repository: &str, tag: &str) -> Result<(), Problem> {
        let options = TagImageOptions { repo: Some(repository.to_owned()), tag: Some(tag.to_owned()) };
        self.engine.api.tag_image(&image.0, Some(options)).await.map_err(|e| failed(&format!("{repository}:{tag}"), &e))
    }

    async fn untag(&self, name: &str, force: bool) -> Result<(), Error> {
        let options = RemoveImageOptions { force, ..Default::default() };
        self.engine.api.remove_image(name, Some(options), None).await.map(drop)
    }

    /// Whether a running container was made from this image.
    async fn runs(&self, image: &ImageId) -> Result<bool, Problem> {
        let running = self.engine.api.list_containers(None::<bollard::query_parameters::ListContainersOptions>);
        let running = running.await.map_err(|e| failed("containers", &e))?;
        Ok(running.iter().any(|c| c.image_id.as_ref() == Some(&image.0)))
    }
}

#[async_trait]
impl Images for Docker {
    async fn in_use(&self, service: &str) -> Result<Option<ImageId>, Problem> {
        Ok(self.real(service).await?.filter(|i| i.running).map(|i| i.image))
    }

    async fn pointed(&self, service: &str) -> Result<Option<ImageId>, Problem> {
        self.image(&self.image_name(service)?).await
    }

    async fn parts(&self, service: &str) -> Result<Option<Parts>, Problem> {
        let (definition, root) = (self.service(service)?, &self.project.directory);
        let copies = definition.replicas;
        let inside = |path: &Utf8Path| within(root, path);
        let build = self.builder(service)?;
        let image = match build {
            None => Some(Vec::new()),
            // From elsewhere, or from more than can be told.
            Some(build) if build.more => None,
            Some(build) => inside(Utf8Path::new(&build.context)).map(|context| {
                let dockerfile = Utf8Path::new(&build.context).join(&build.dockerfile);
                [context].into_iter().chain(inside(&dockerfile)).collect()
            }),
        };
        let mounts = definition.volumes.iter().filter(|volume| volume.bind);
        let mounts = mounts.filter_map(|volume| volume.source.as_ref());
        // What a config or a secret comes from is seen in the container, too.
        let mounts = mounts.map(Utf8Path::new).chain(self.resolved.files.iter().map(Utf8PathBuf::as_path));
        let mounts = mounts.flat_map(|source| named_and_meant(root, source)).collect();
        let writes = definition.volumes.iter().any(|volume| !volume.read_only);
        let (unsure, named): (Vec<_>, Vec<_>) = definition.env_files.iter().partition(|f| f.as_str().contains('$'));
        let env = named.into_iter().filter_map(|file| inside(file)).collect();
        let unsure = unsure.into_iter().filter_map(|file| inside(&pattern(file))).collect();
        let files = self.project.files.iter().map(|file| root.join(file));
        let definition = files.chain(self.resolved.files.iter().map(|file| root.join(file)));
        let definition = definition.filter_map(|file| inside(&file)).collect();
        let pulled = build.is_none();
        let after = self.resolved.before(service);
        Ok(Some(Parts { image, pulled, env, mounts, definition, unsure, after, copies, writes }))
    }

    async fn point(&self, service: &str, image: &ImageId) -> Result<(), Problem> {
        if self.pointed(service).await?.as_ref() == Some(image) {
            return Ok(());
        }
        let name = self.repository(service)?;
        let Some(tag) = &name.tag else {
            return Err(problem!(Refused, "engine-image-pinned", service = service, image = self.image_name(service)?));
        };
        self.tag(image, &name.repository, tag).await
    }

    async fn unpoint(&self, service: &str) -> Result<(), Problem> {
        let name = self.repository(service)?;
        match &name.tag {
            Some(tag) => self.drop_tag(service, tag).await,
            None => Ok(()),
        }
    }

    async fn build(
        &self,
        service: &str,
        no_cache: bool,
        args: &BTreeMap<String, String>,
        lines: &dyn Lines,
    ) -> Result<ImageId, Problem> {
        self.service(service)?;
        let mut command = self.compose_command(None).arg("build");
        if no_cache {
            command = command.arg("--no-cache");
        }
        for (name, value) in args {
            command = command.arg("--build-arg").arg(format!("{name}={value}"));
        }
        success(command.arg(service).stream(&Redacted::new(lines)).await?, "build")?;
        self.required(service).await
    }

    async fn pull(&self, service: &str, lines: &dyn Lines) -> Result<ImageId, Problem> {
        let name = self.image_name(service)?;
        // Another one cannot come under the name of a content, nor from anywhere what was made on this host.
        if let Some(here) = found(&name, self.engine.api.inspect_image(&name).await)?
            && (name.contains('@') || here.repo_digests.unwrap_or_default().is_empty())
        {
            lines.line(&format!("{name} is here"));
            return self.required(service).await;
        }
        let command = self.compose_command(None).arg("pull").arg(service);
        success(command.stream(&Redacted::new(lines)).await?, "pull")?;
        self.required(service).await
    }

    async fn offered(&self, service: &str) -> Result<Registry, Problem> {
        let name = self.image_name(service)?;
        let here = found(&name, self.engine.api.inspect_image(&name).await)?;
        let Some(here) = here else { return Ok(Registry::Newer) };
        let digests = here.repo_digests.unwrap_or_default();
        if name.contains('@') || digests.is_empty() {
            return Ok(Registry::Same);
        }
        let credentials = crate::credentials::of(&name);
        match self.engine.api.inspect_registry_image(&name, credentials).await {
            Ok(there) => {
                let digest = there.descriptor.digest.unwrap_or_default();
                let same = digests.iter().any(|one| one.ends_with(&format!("@{digest}")));
                Ok(if same { Registry::Same } else { Registry::Newer })
            }
            Err(why) => {
                tracing::info!(%why, name, "the registry does not tell what it has");
                Ok(Registry::Silent)
            }
        }
    }

    async fn keep(&self, service: &str, image: &ImageId, tag: &str) -> Result<String, Problem> {
        let name = self.repository(service)?;
        self.tag(image, &name.repository, tag).await?;
        Ok(name.tagged(tag))
    }

    async fn kept(&self, service: &str, tag: &str) -> Result<Option<ImageId>, Problem> {
        self.image(&self.repository(service)?.tagged(tag)).await
    }

    async fn drop_tag(&self, service: &str, tag: &str) -> Result<(), Problem> {
        let name = self.repository(service)?.tagged(tag);
        let Some(image) = self.image(&name).await? else { return Ok(()) };
        let answer = match self.untag(&name, false).await {
            // The last name of an image that a container was made from. Where that one runs, the daemon takes only the
            // name off; with a stopped one it would take the layers too, and that container could never start again.
            Err(Error::DockerResponseServerError { status_code: 409, .. }) if self.runs(&image).await? => {
                self.untag(&name, true).await
            }
            other => other,
        };
        found(&name, answer).map(drop)
    }

    async fn tags(&self, service: &str, prefix: &str) -> Result<Vec<String>, Problem> {
        let begin = self.repository(service)?.tagged(prefix);
        let at = begin.len() - prefix.len();
        let images = self.engine.api.list_images(None::<ListImagesOptions>).await.map_err(|e| failed("images", &e))?;
        let names = images.into_iter().flat_map(|i| i.repo_tags);
        let mut tags: Vec<_> = names.filter(|n| n.starts_with(&begin)).map(|n| n[at..].to_owned()).collect();
        tags.sort();
        Ok(tags)
    }

    async fn drop_unnamed(&self, service: &str, built: &[ImageId], needed: &[ImageId]) -> Result<usize, Problem> {
        let filters = [("dangling".to_owned(), vec!["true".to_owned()])].into();
        let options = ListImagesOptions { filters: Some(filters), ..Default::default() };
        let unnamed = self.engine.api.list_images(Some(options)).await.map_err(|e| failed("images", &e))?;
        let mut gone = 0;
        for image in unnamed {
            let label = |name: &str| image.labels.get(name).map(String::as_str);
            let labelled = (label(PROJECT), label(SERVICE)) == (Some(self.name()), Some(service));
            // What has a digest came from a registry.
            let local = image.repo_digests.iter().all(|digest| digest.starts_with("<none>"));
            let id = ImageId(image.id);
            if needed.contains(&id) || !local || !(built.contains(&id) || labelled) {
                continue;
            }
            match self.untag(&id.0, false).await {
                Ok(()) => gone += 1,
                // A container was made from it, or another image.
                Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => {}
                Err(error) => return Err(failed(&id.0, &error)),
            }
        }
        Ok(gone)
    }

    async fn prune_cache(&self, keep: u64) -> Result<u64, Problem> {
        self.engine.prune_cache(keep).await
    }

    async fn run_once(
        &self,
        service: &str,
        image: &ImageId,
        argv: &[String],
        lines: &dyn Lines,
    ) -> Result<i32, Problem> {
        self.once(service, image, argv, lines).await
    }
}

/// A path with `*` for each variable in it: what these stand for compose knows, from its environment and its `.env`.
fn pattern(path: &Utf8Path) -> Utf8PathBuf {
    let (mut pattern, mut rest) = (String::new(), path.as_str());
    while let Some((before, after)) = rest.split_once('$') {
        pattern.push_str(before);
        rest = match after.as_bytes().first() {
            // A literal one.
            Some(b'$') => {
                pattern.push('$');
                &after[1..]
            }
            Some(b'{') => {
                pattern.push('*');
                behind_brace(&after[1..])
            }
            _ => {
                pattern.push('*');
                after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
            }
        };
    }
    Utf8PathBuf::from(pattern + rest)
}

/// What stands behind the brace that closes one; there may be others inside (`${A:-${B}}`).
fn behind_brace(text: &str) -> &str {
    let mut open = 1_u32;
    let closes = text.char_indices().find(|(_, c)| {
        open += u32::from(*c == '{');
        open -= u32::from(*c == '}');
        open == 0
    });
    closes.map_or("", |(at, _)| &text[at + 1..])
}

/// As [`below`], where the directory may be a link that compose has followed.
fn within(root: &Utf8Path, path: &Utf8Path) -> Option<String> {
    let real = || root.canonicalize_utf8().ok().and_then(|real| below(&real, path));
    below(root, path).or_else(real)
}

/// A path that is mounted, from this directory on, and where it leads to if it is a link.
fn named_and_meant(root: &Utf8Path, path: &Utf8Path) -> BTreeSet<String> {
    let meant = root.join(path).canonicalize_utf8().ok();
    within(root, path).into_iter().chain(meant.and_then(|meant| within(root, &meant))).collect()
}

/// A path from this directory on, `.` for itself; `None` where it does not lie below.
fn below(root: &Utf8Path, path: &Utf8Path) -> Option<String> {
    let mut plain = Utf8PathBuf::new();
    for part in root.join(path).components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    let inside = plain.strip_prefix(root).ok()?;
    Some(if inside.as_str().is_empty() { ".".to_owned() } else { inside.as_str().to_owned() })
}

impl Docker {
    /// How the image of a service is built: by itself, or by another one of the same image.
    fn builder(&self, service: &str) -> Result<Option<&Build>, Problem> {
        let own = self.service(service)?;
        let same = || self.resolved.services.values().find(|other| other.build.is_some() && other.image == own.image);
        let other = own.image.as_ref().and_then(|_| same()).and_then(|other| other.build.as_ref());
        Ok(own.build.as_ref().or(other))
    }

    /// The image that the next start takes, which must be there: compose would build or pull it otherwise.
    pub(super) async fn required(&self, service: &str) -> Result<ImageId, Problem> {
        let there = self.pointed(service).await?;
        match there {
            Some(image) => Ok(image),
            None => Err(problem!(Failed, "engine-image-missing", service = service, image = self.image_name(service)?)),
        }
    }

    /// As [`Docker::required`], of any image.
    pub(super) async fn required_image(&self, service: &str, image: &ImageId) -> Result<(), Problem> {
        match self.image(&image.0).await? {
            Some(_) => Ok(()),
            None => Err(problem!(Failed, "engine-image-missing", service = service, image = &image.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_may_stand_for_anything() {
        for (path, expected) in [
            ("/a/${NAME:-b}.env", "/a/*.env"),
            ("/a/$NAME.env", "/a/*.env"),
            ("/a/$$x/${A}-${B}", "/a/$x/*-*"),
            ("/a/${open", "/a/*"),
            ("/a/.env", "/a/.env"),
        ] {
            assert_eq!(pattern(Utf8Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_directory_may_be_a_link_and_so_may_what_is_mounted() {
        let dir = tempfile::tempdir().unwrap();
        let real = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
        let (app, link) = (real.join("releases/app"), real.join("current"));
        std::fs::create_dir_all(app.join("v2/templates")).unwrap();
        std::os::unix::fs::symlink(&app, &link).unwrap();
        std::os::unix::fs::symlink("v2/templates", app.join("templates")).unwrap();
        assert_eq!(within(&link, &app.join("v2")), Some("v2".to_owned()));
        assert_eq!(within(&link, &link.join("v2")), Some("v2".to_owned()));
        assert_eq!(within(&link, &app), Some(".".to_owned()));
        assert_eq!(within(&link, Utf8Path::new("/etc")), None);
        let both = ["templates".to_owned(), "v2/templates".to_owned()].into();
        for root in [&link, &app] {
            assert_eq!(named_and_meant(root, &app.join("templates")), both);
        }
    }
}

use std::collections::BTreeMap;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use stapel_core::observation::Registry;
use stapel_core::ports::{ImageId, Images, Lines, Parts};
use stapel_host::Command;
use stapel_text::{Problem, problem};

use super::Embedded;
use super::definition::{Definition, FILE};
use super::image::Image;
use super::processes::{MARK, Place};
use super::record::Slot;
use crate::files;

#[async_trait]
impl Images for Embedded {
    async fn in_use(&self, _service: &str) -> Result<Option<ImageId>, Problem> {
        Ok(self.record(Slot::Real)?.filter(|r| r.process.id().alive()).map(|r| r.image))
    }

    async fn pointed(&self, _service: &str) -> Result<Option<ImageId>, Problem> {
        Ok(files::read(&self.pointed_file())?.map(ImageId))
    }

    /// An image is made of what `app.toml` says; there is no registry.
    async fn parts(&self, _service: &str) -> Result<Option<Parts>, Problem> {
        Ok(Some(Parts { image: Some(vec![FILE.to_owned()]), ..Parts::default() }))
    }

    async fn pull(&self, service: &str, lines: &dyn Lines) -> Result<ImageId, Problem> {
        self.build(service, false, &BTreeMap::new(), lines).await
    }

    async fn offered(&self, _service: &str) -> Result<Registry, Problem> {
        Ok(Registry::Silent)
    }

    async fn point(&self, _service: &str, image: &ImageId) -> Result<(), Problem> {
        self.image(image)?;
        files::replace(&self.pointed_file(), image.0.as_bytes())
    }

    async fn unpoint(&self, _service: &str) -> Result<(), Problem> {
        files::remove(&self.pointed_file())
    }

    async fn build(
        &self,
        service: &str,
        _no_cache: bool,
        args: &BTreeMap<String, String>,
        lines: &dyn Lines,
    ) -> Result<ImageId, Problem> {
        let definition = Definition::read(&self.app)?;
        lines.line(&format!("{service}: version {}, database {}", definition.version, definition.database));
        for (name, value) in args {
            lines.line(&format!("{service}: {name}={value}"));
        }
        let id = self.store_image(&Image::new(definition.version, definition.database))?;
        lines.line(&format!("{service}: {id}"));
        self.point(service, &id).await?;
        Ok(id)
    }

    async fn keep(&self, service: &str, image: &ImageId, tag: &str) -> Result<String, Problem> {
        self.image(image)?;
        files::replace(&self.tag_file(tag)?, image.0.as_bytes())?;
        Ok(format!("{service}:{tag}"))
    }

    async fn kept(&self, _service: &str, tag: &str) -> Result<Option<ImageId>, Problem> {
        Ok(files::read(&self.tag_file(tag)?)?.map(ImageId))
    }

    async fn drop_tag(&self, service: &str, tag: &str) -> Result<(), Problem> {
        let Some(image) = self.kept(service, tag).await? else { return Ok(()) };
        files::remove(&self.tag_file(tag)?)?;
        if !self.named_or_used(service, &image).await? {
            files::remove(&self.image_file(&image)?)?;
        }
        Ok(())
    }

    async fn tags(&self, _service: &str, prefix: &str) -> Result<Vec<String>, Problem> {
        let mut tags = files::names(&self.tags_dir())?;
        tags.retain(|tag| tag.starts_with(prefix));
        Ok(tags)
    }

    async fn drop_unnamed(&self, service: &str, built: &[ImageId], needed: &[ImageId]) -> Result<usize, Problem> {
        let mut gone = 0;
        for image in built.iter().filter(|image| !needed.contains(image)) {
            let file = self.image_file(image)?;
            if file.exists() && !self.named_or_used(service, image).await? {
                files::remove(&file)?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// There is none: what is built is a description.
    async fn prune_cache(&self, _keep: u64) -> Result<u64, Problem> {
        Ok(0)
    }

    async fn run_once(
        &self,
        _service: &str,
        image: &ImageId,
        argv: &[String],
        lines: &dyn Lines,
    ) -> Result<i32, Problem> {
        let image = self.image(image)?;
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let command = match words.as_slice() {
            ["migrate", command @ ("current" | "heads" | "upgrade")] | ["migrate", command @ "upgrade", "head"] => {
                vec![*command]
            }
            // The dashes keep a revision from being taken for an option.
            ["migrate", "downgrade", to] => vec!["downgrade", "--", to],
            _ => return Err(problem!(Usage, "embedded-argv-unknown", argv = argv.join(" "))),
        };
        let finished = Command::new(&self.program)
            .args(&self.leading_args)
            .args(["migrate", "--version", &image.version.to_string()])
            .args(["--database", self.app.join(&image.database).as_str()])
            .args(command)
            .env(MARK, self.mark(Place::Once))
            .current_dir("/")
            .stream(lines)
            .await?;
        Ok(finished.code)
    }
}

impl Embedded {
    fn pointed_file(&self) -> Utf8PathBuf {
        self.root.join("pointed")
    }

    fn tags_dir(&self) -> Utf8PathBuf {
        self.root.join("tags")
    }

    /// Where a tag lies. The grammar is Docker's, which is one of file names too.
    fn tag_file(&self, tag: &str) -> Result<Utf8PathBuf, Problem> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let first = tag.bytes().next().is_some_and(word);
        if first && tag.len() <= 128 && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-') {
            Ok(self.tags_dir().join(tag))
        } else {
            Err(problem!(Usage, "embedded-tag-invalid", tag = tag))
        }
    }

    async fn named_or_used(&self, service: &str, image: &ImageId) -> Result<bool, Problem> {
        if self.pointed(service).await?.as_ref() == Some(image) {
            return Ok(true);
        }
        for slot in Slot::ALL {
            if self.record(slot)?.is_some_and(|r| r.image == *image) {
                return Ok(true);
            }
        }
        for tag in self.tags(service, "").await? {
            if self.kept(service, &tag).await?.as_ref() == Some(image) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use stapel_core::ports::Silent;

    use super::*;

    fn world(dir: &tempfile::TempDir) -> Embedded {
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        Embedded::new(dir.join("root"), dir, "/nowhere", [""; 0]).unwrap()
    }

    async fn build(world: &Embedded, version: u32) -> ImageId {
        std::fs::write(world.app.join("app.toml"), format!("version = {version}")).unwrap();
        world.build("api", false, &BTreeMap::new(), &Silent).await.unwrap()
    }

    #[tokio::test]
    async fn the_same_definition_is_the_same_image() {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        assert_eq!(world.pointed("api").await.unwrap(), None);
        let (one, two) = (build(&world, 1).await, build(&world, 2).await);
        assert_ne!(one, two);
        assert_eq!(world.pointed("api").await.unwrap(), Some(two));
        assert_eq!(build(&world, 1).await, one);
        assert_eq!(world.pointed("api").await.unwrap(), Some(one));
    }

    #[tokio::test]
    async fn an_image_goes_with_the_last_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        let one = build(&world, 1).await;
        for _ in 0..2 {
            assert_eq!(world.keep("api", &one, "stapel-r1").await.unwrap(), "api:stapel-r1");
        }
        world.keep("api", &one, "other").await.unwrap();
        assert_eq!(world.tags("api", "stapel-").await.unwrap(), ["stapel-r1"]);
        build(&world, 2).await;
        for _ in 0..2 {
            world.drop_tag("api", "stapel-r1").await.unwrap();
            world.image(&one).unwrap();
        }
        world.drop_tag("api", "other").await.unwrap();
        assert_eq!(world.image(&one).unwrap_err().code(), "embedded-image-missing");
        assert_eq!(world.point("api", &one).await.unwrap_err().code(), "embedded-image-missing");
    }

    #[tokio::test]
    async fn what_nothing_names_goes_if_it_was_built_here_and_is_not_needed() {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        let (one, two, three) = (build(&world, 1).await, build(&world, 2).await, build(&world, 3).await);
        world.keep("api", &two, "stapel-r2").await.unwrap();
        let all = [one.clone(), two.clone(), three.clone()];
        assert_eq!(world.drop_unnamed("api", &all, &all).await.unwrap(), 0);
        assert_eq!(world.drop_unnamed("api", &[], &[]).await.unwrap(), 0);
        // The second has a name, the third is what the definition means.
        for gone in [1, 0] {
            assert_eq!(world.drop_unnamed("api", &all, &[]).await.unwrap(), gone);
            assert_eq!(world.image(&one).unwrap_err().code(), "embedded-image-missing");
            assert!(world.image(&two).is_ok() && world.image(&three).is_ok());
        }
    }

    #[tokio::test]
    async fn a_tag_is_no_path_and_an_unknown_command_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        let one = build(&world, 1).await;
        for tag in ["", "../pointed", "a/b", ".hidden"] {
            assert_eq!(world.keep("api", &one, tag).await.unwrap_err().code(), "embedded-tag-invalid");
        }
        let problem = world.run_once("api", &one, &["sh".into()], &Silent).await.unwrap_err();
        assert_eq!(problem.code(), "embedded-argv-unknown");
    }
}

use async_trait::async_trait;
use bollard::errors::Error;
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions, TagImageOptions};
use stapel_core::ports::{ImageId, Images, Instances, Lines};
use stapel_text::{Problem, problem};

use super::Docker;
use super::image_name::ImageName;
use crate::compose::{Generation, Redacted, success};
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

    async fn build(&self, service: &str, no_cache: bool, lines: &dyn Lines) -> Result<ImageId, Problem> {
        self.service(service)?;
        let mut command = self.compose_command(None).arg("build");
        if no_cache {
            command = command.arg("--no-cache");
        }
        success(command.arg(service).stream(&Redacted::new(lines)).await?, "build")?;
        self.required(service).await
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

impl Docker {
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

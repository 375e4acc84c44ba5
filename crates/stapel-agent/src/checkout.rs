//! New versions from the host's own git checkout: what is fetched becomes a manifest with its objects in the store, and from
//! there on it is a tree like any other.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use camino::Utf8Path;
use stapel_core::config::SourceKind;
use stapel_core::observation::CheckoutFacts;
use stapel_core::plan::Goal;
use stapel_git::{Checkout, Wanted};
use stapel_text::Problem;
use stapel_tree::{Entry, Hash, Manifest, Rules};

use crate::Site;
use crate::protocol::{Ask, Fetched};

impl Site {
    /// The checkout that the app's directory is.
    pub(crate) async fn checkout(&self) -> Result<Checkout, Problem> {
        Checkout::open(&self.target.path).await
    }

    /// Whether new versions come from there.
    pub(crate) fn has_checkout(&self) -> bool {
        self.config.source.from == SourceKind::Checkout
    }

    /// Fetches what is wanted and brings its tree into the store, with these files of the operator's.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        reference: Option<String>,
        may_drop: bool,
        env: BTreeMap<String, Entry>,
    ) -> Result<Fetched, Problem> {
        let checkout = self.checkout().await?;
        // Files with secrets that are shipped are not as the commit has them, and their difference is not for the screen.
        let mut rules = self.checkout_rules();
        rules.exclude.extend(self.config.source.env.iter().map(|file| format!("/{file}")));
        let unclean = checkout.unclean(&rules).await?;
        let wanted = Wanted { branch: self.config.source.branch.clone(), reference, may_drop };
        let commit = checkout.fetch(&wanted).await?;
        let deployed = match self.journal.in_service()? {
            Some(last) => self.commit_of(&last.plan.goal)?,
            None => checkout.head().await?,
        };
        let since = match deployed {
            Some(deployed) => Some(checkout.since(&deployed, &commit).await),
            None => None,
        };
        let mut manifest = self.tree_at(&checkout, &commit).await?;
        manifest.entries.extend(env);
        manifest.check()?;
        let manifest = self.store_manifest(manifest).await?;
        let subject = checkout.subject(&commit).await?;
        Ok(Fetched { ask: Ask::Deploy { manifest, commit: Some(commit), subject }, since, unclean })
    }

    /// What the checkout itself has put in the app's directory: that is what a release may remove there.
    pub(crate) async fn checked_out(self: &Arc<Self>) -> Result<Option<Arc<Manifest>>, Problem> {
        let checkout = self.checkout().await?;
        let Some(head) = checkout.head().await? else { return Ok(None) };
        let ours = match self.journal.in_service()? {
            Some(last) if self.commit_of(&last.plan.goal)?.as_ref() == Some(&head) => Some(last),
            _ => None,
        };
        match ours {
            Some(last) => self.tree_of(&last.plan.goal).map(Some),
            None => self.tree_at(&checkout, &head).await.map(|tree| Some(Arc::new(tree))),
        }
    }

    /// Where the checkout stands.
    pub(crate) async fn checkout_facts(&self, goal: &Goal) -> Result<Option<CheckoutFacts>, Problem> {
        if !self.has_checkout() {
            return Ok(None);
        }
        let head = self.checkout().await?.head().await?;
        Ok(Some(CheckoutFacts { head, goal: self.commit_of(goal)? }))
    }

    /// The manifest of a commit, with its contents in the store.
    async fn tree_at(self: &Arc<Self>, checkout: &Checkout, commit: &str) -> Result<Manifest, Problem> {
        // What is left out of a tree may be another thing the next time.
        let rules = Hash::of(self.config.exclusions().join("\n").as_bytes()).to_string();
        let noted = self.place.trees().join(format!("{commit}-{}", &rules[..8]));
        let known = std::fs::read_to_string(&noted).ok().and_then(|hash| hash.trim().parse::<Hash>().ok());
        let known = known.and_then(|hash| self.manifest(&hash.to_string()).ok());
        let mut manifest = match known.filter(|known| self.store.missing(known).is_empty()) {
            Some(known) => Manifest::clone(&known),
            None => {
                let snapshot = checkout.lay_out(commit).await?;
                let (site, rules) = (Arc::clone(self), self.checkout_rules());
                let manifest = crate::blocking(move || {
                    let manifest = snapshot.manifest(&rules)?;
                    let files = manifest.entries.iter().filter(|(_, entry)| entry.hash().is_some());
                    files.map(|(path, _)| snapshot.tree().join(path)).try_for_each(|file| {
                        site.store.put_file(&file)?;
                        Ok::<_, Problem>(())
                    })?;
                    Ok(manifest)
                });
                let manifest: Manifest = manifest.await?;
                let hash = self.store_manifest(manifest.clone()).await?;
                // Only for the next time; it is laid out again where it cannot be noted.
                let _ = std::fs::create_dir_all(self.place.trees())
                    .and_then(|()| std::fs::write(&noted, format!("{hash}\n")));
                manifest
            }
        };
        // git knows only whether a file can be run: the other permissions are the host's.
        for (path, entry) in &mut manifest.entries {
            as_there(&self.target.path.join(path), entry);
        }
        Ok(manifest)
    }

    /// What the team leaves out, and git's own directory. What else is never shipped is in a checkout because it was
    /// committed.
    fn checkout_rules(&self) -> Rules {
        let mut rules = Rules::everything();
        rules.exclude.push(".git".to_owned());
        rules.exclude.extend(self.config.exclusions());
        rules
    }
}

/// Takes over the permissions of a file that is there, if they agree on whether it can be run.
fn as_there(path: &Utf8Path, entry: &mut Entry) {
    let Entry::File { mode, .. } = entry else { return };
    if let Ok(there) = path.symlink_metadata()
        && there.is_file()
        && (there.permissions().mode() & 0o100 == 0) == (*mode & 0o100 == 0)
    {
        *mode = there.permissions().mode() & 0o777;
    }
}

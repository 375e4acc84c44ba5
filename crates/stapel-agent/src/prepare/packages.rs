//! Which of the packages that apt knows bring a Docker and a compose that suits it. Chosen by what there is, not by the
//! distribution's name: what a release has differs with its update pockets, and with the sources that a team has added.

use std::collections::BTreeMap;

/// All packages that are asked about.
pub(super) const ASKED: [&str; 13] = [
    "docker-ce",
    "docker-ce-cli",
    "containerd.io",
    "docker-compose-plugin",
    "docker-buildx-plugin",
    "docker.io",
    "docker-cli",
    "docker-compose-v2",
    "docker-compose",
    "docker-buildx",
    "iptables",
    "ca-certificates",
    "apparmor",
];

/// The first Docker whose images have no `ContainerConfig`, which compose 1.x reads when it makes a container anew; see
/// [`stapel_engine::Compose::suits`].
const WITHOUT_CONTAINER_CONFIG: u32 = 26;

/// A package, as `apt-cache policy` tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Package {
    /// The version that is installed.
    pub(super) installed: Option<String>,
    /// The version that would be.
    pub(super) candidate: Option<String>,
}

/// What apt knows of [`ASKED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Packages(BTreeMap<String, Package>);

/// Packages to install, and what they bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) packages: Vec<String>,
    pub(super) brings: String,
}

impl Packages {
    /// From what `apt-cache policy` prints in the C locale.
    pub(super) fn read(policy: &str) -> Self {
        let mut all: BTreeMap<String, Package> = BTreeMap::new();
        let mut at = None;
        for line in policy.lines() {
            if let Some(name) = line.strip_suffix(':').filter(|_| !line.starts_with(' ')) {
                at = Some(name.to_owned());
            }
            let Some(package) = at.as_ref().map(|name| all.entry(name.clone()).or_default()) else { continue };
            let version = |version: &str| Some(version.trim().to_owned()).filter(|version| version != "(none)");
            match line.trim_start().split_once(": ") {
                Some(("Installed", said)) => package.installed = version(said),
                Some(("Candidate", said)) => package.candidate = version(said),
                _ => {}
            }
        }
        Self(all)
    }

    fn candidate(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.candidate.as_deref()
    }

    fn installed(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.installed.as_deref()
    }

    /// The major version of the Docker that is installed from a package.
    pub(super) fn engine(&self) -> Option<u32> {
        ["docker-ce", "docker.io"].into_iter().find_map(|name| major(self.installed(name)?))
    }

    /// A Docker with compose, for a host that has none. Docker's own, where a team has added its source; else what the
    /// distribution has.
    pub(super) fn docker(&self) -> Option<Choice> {
        let own = ["docker-ce", "docker-ce-cli", "containerd.io", "docker-compose-plugin"];
        if own.iter().all(|name| self.candidate(name).is_some()) {
            return Some(self.choice(&own, &["docker-buildx-plugin"]));
        }
        let compose = self.compose_beside(major(self.candidate("docker.io")?)?, "docker.io")?;
        // Since Debian 13 the command is a package of its own.
        Some(self.choice(&["docker.io", compose], &["docker-cli", "docker-buildx"]))
    }

    /// A compose for a Docker of this major version that is there already; `None`: nobody knows its version.
    pub(super) fn compose(&self, engine: Option<u32>) -> Option<Choice> {
        let beside = if self.installed("docker-ce").is_some() { "docker-ce" } else { "docker.io" };
        let compose = self.compose_beside(engine.unwrap_or(WITHOUT_CONTAINER_CONFIG), beside)?;
        Some(self.choice(&[compose], &[]))
    }

    /// The package with the newest compose that goes with this Docker. Those of Docker's own are not mixed with those of the
    /// distribution: both bring the same files.
    fn compose_beside(&self, engine: u32, docker: &str) -> Option<&'static str> {
        let names: &[&'static str] = match docker {
            "docker-ce" => &["docker-compose-plugin"],
            _ => &["docker-compose-v2", "docker-compose"],
        };
        let suits = |version: &str| match major(version) {
            Some(0) | None => false,
            Some(1) => engine < WITHOUT_CONTAINER_CONFIG,
            Some(_) => true,
        };
        names.iter().copied().find(|name| self.candidate(name).is_some_and(suits))
    }

    /// These, with those of the others that there are. Docker's rules are made by `iptables`; without certificates no
    /// registry is believed.
    fn choice(&self, needed: &[&str], also: &[&str]) -> Choice {
        let also = also.iter().chain(&["iptables", "ca-certificates", "apparmor"]);
        let also = also.filter(|name| self.candidate(name).is_some() && self.installed(name).is_none());
        let packages = needed.iter().chain(also).map(|name| (*name).to_owned()).collect();
        let main = needed.iter().filter(|name| !["docker-ce-cli", "containerd.io"].contains(name));
        let brings: Vec<_> = main.map(|name| format!("{name} {}", self.candidate(name).unwrap_or_default())).collect();
        Choice { packages, brings: brings.join(", ") }
    }

    /// What there is of Docker, for people.
    pub(super) fn words(&self) -> String {
        let known = ["docker.io", "docker-ce", "docker-compose", "docker-compose-v2", "docker-compose-plugin"];
        let known = known.iter().filter_map(|name| Some(format!("{name} {}", self.candidate(name)?)));
        let known: Vec<_> = known.collect();
        if known.is_empty() { "–".to_owned() } else { known.join(", ") }
    }

    /// Whether the kernel's AppArmor needs its tools, which Docker calls; they are left out where the kernel has none.
    pub(super) fn without_apparmor(mut self) -> Self {
        self.0.remove("apparmor");
        self
    }
}

/// The first number of a Debian version, without its epoch: 28 of `5:28.0.1-1~debian.12~bookworm`.
fn major(version: &str) -> Option<u32> {
    let upstream = version.split_once(':').map_or(version, |(_, upstream)| upstream);
    upstream.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(all: &[(&str, &str, &str)]) -> Packages {
        let said = all.iter().map(|(name, installed, candidate)| {
            format!("{name}:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n     1.0 500\n        500 http://deb.debian.org x\n")
        });
        Packages::read(&said.collect::<String>())
    }

    fn names(choice: Option<Choice>) -> Vec<String> {
        choice.map(|choice| choice.packages).unwrap_or_default()
    }

    #[test]
    fn what_each_distribution_has() {
        let no = "(none)";
        let bookworm = known(&[
            ("docker.io", no, "20.10.24+dfsg1-1+deb12u1"),
            ("docker-compose", no, "1.29.2-3"),
            ("iptables", no, "1.8.9-2"),
            ("ca-certificates", "20230311", "20230311"),
        ]);
        assert_eq!(names(bookworm.docker()), ["docker.io", "docker-compose", "iptables"]);
        assert_eq!(
            bookworm.docker().map(|c| c.brings).as_deref(),
            Some("docker.io 20.10.24+dfsg1-1+deb12u1, docker-compose 1.29.2-3")
        );
        let trixie = known(&[
            ("docker.io", no, "26.1.5+dfsg1-9+b9"),
            ("docker-cli", no, "26.1.5+dfsg1-9+b9"),
            ("docker-compose", no, "2.26.1-4"),
            ("docker-buildx", no, "0.13.1+ds1-3"),
            ("iptables", "1.8.11-2", "1.8.11-2"),
        ]);
        assert_eq!(names(trixie.docker()), ["docker.io", "docker-compose", "docker-cli", "docker-buildx"]);
        let jammy = known(&[
            ("docker.io", no, "28.2.2-0ubuntu1~22.04.1"),
            ("docker-compose", no, "1.29.2-1"),
            ("docker-compose-v2", no, "2.37.1+ds1-0ubuntu2~22.04.1"),
            ("apparmor", no, "3.0.4"),
        ]);
        assert_eq!(names(jammy.docker()), ["docker.io", "docker-compose-v2", "apparmor"]);
        assert_eq!(names(jammy.without_apparmor().docker()), ["docker.io", "docker-compose-v2"]);
        let own = known(&[
            ("docker-ce", no, "5:28.0.1-1~debian.12~bookworm"),
            ("docker-ce-cli", no, "5:28.0.1-1~debian.12~bookworm"),
            ("containerd.io", no, "1.7.25-1"),
            ("docker-compose-plugin", no, "2.33.1-1~debian.12~bookworm"),
            ("docker.io", no, "20.10.24+dfsg1-1+deb12u1"),
        ]);
        assert_eq!(names(own.docker()), ["docker-ce", "docker-ce-cli", "containerd.io", "docker-compose-plugin"]);
    }

    #[test]
    fn a_pair_that_dies_is_never_chosen() {
        let no = "(none)";
        let apart = known(&[("docker.io", no, "28.2.2-0ubuntu1~22.04.1"), ("docker-compose", no, "1.29.2-1")]);
        assert_eq!(apart.docker(), None);
        assert_eq!(apart.words(), "docker.io 28.2.2-0ubuntu1~22.04.1, docker-compose 1.29.2-1");
        assert_eq!(known(&[("docker.io", no, "20.10.24")]).docker(), None);
        assert_eq!(known(&[("docker.io", no, no), ("docker-compose", no, "2.26.1-4")]).docker(), None);
        assert_eq!(Packages::read("").words(), "–");
    }

    #[test]
    fn a_compose_beside_a_docker_that_stays() {
        let no = "(none)";
        let old = known(&[("docker.io", "20.10.24", "20.10.24"), ("docker-compose", no, "1.29.2-3")]);
        assert_eq!(names(old.compose(old.engine())), ["docker-compose"]);
        // Of an engine that somebody put there by hand nobody knows the version.
        assert_eq!(old.compose(None), None);
        assert_eq!(old.compose(Some(26)), None);
        let own = known(&[
            ("docker-ce", "5:28.0.1-1", "5:28.0.1-1"),
            ("docker-compose-v2", no, "2.37.1"),
            ("docker-compose-plugin", no, "2.33.1-1"),
        ]);
        assert_eq!(own.engine(), Some(28));
        assert_eq!(names(own.compose(own.engine())), ["docker-compose-plugin"]);
    }
}

//! Which distribution a host has, and what a person types there.

use std::collections::BTreeMap;

/// A distribution, as `/etc/os-release` describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct System {
    /// Its name for people.
    pub(super) name: String,
    /// Itself and what it is made from, the nearest first: `ubuntu`, `debian`.
    kin: Vec<String>,
}

/// What brings Docker, with compose, where apt does not; by `ID` or `ID_LIKE` (docs.docker.com, "Install Docker Engine", and
/// the distributions' own packages).
const BY_HAND: [(&str, &str); 6] = [
    ("alpine", "apk add docker docker-cli-compose; rc-update add docker; service docker start"),
    ("fedora", "dnf install moby-engine docker-compose; systemctl enable --now docker"),
    (
        "rhel",
        "dnf config-manager --add-repo https://download.docker.com/linux/rhel/docker-ce.repo; \
         dnf install docker-ce docker-ce-cli containerd.io docker-compose-plugin; systemctl enable --now docker",
    ),
    (
        "centos",
        "dnf config-manager --add-repo https://download.docker.com/linux/centos/docker-ce.repo; \
         dnf install docker-ce docker-ce-cli containerd.io docker-compose-plugin; systemctl enable --now docker",
    ),
    ("arch", "pacman -S docker docker-compose docker-buildx; systemctl enable --now docker"),
    ("suse", "zypper install docker docker-compose; systemctl enable --now docker"),
];

/// Where Docker says how it is installed.
const INSTRUCTIONS: &str = "https://docs.docker.com/engine/install/";

impl System {
    /// From the text of `/etc/os-release`.
    pub(super) fn read(os_release: &str) -> Self {
        let pairs = os_release.lines().filter_map(|line| line.split_once('='));
        let all: BTreeMap<&str, &str> =
            pairs.map(|(name, value)| (name.trim(), value.trim().trim_matches(['"', '\'']))).collect();
        let of = |name: &str| all.get(name).copied().filter(|value| !value.is_empty());
        let kin = [of("ID"), of("ID_LIKE")].into_iter().flatten().flat_map(str::split_whitespace);
        let name = of("PRETTY_NAME").or_else(|| of("NAME")).or_else(|| of("ID")).unwrap_or("Linux");
        Self { name: name.to_owned(), kin: kin.map(str::to_owned).collect() }
    }

    /// Whether it is Debian or made from it.
    pub(super) fn is_debian(&self) -> bool {
        self.kin.iter().any(|kin| kin == "debian" || kin == "ubuntu")
    }

    /// The commands that a person types there, or where it says how.
    pub(super) fn by_hand(&self) -> &'static str {
        let known =
            |kin: &String| BY_HAND.iter().find(|(id, _)| id == kin || kin.starts_with("opensuse") && *id == "suse");
        self.kin.iter().find_map(known).map_or(INSTRUCTIONS, |(_, commands)| commands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_say_who_they_are() {
        let debian = System::read("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n");
        assert_eq!(debian.name, "Debian GNU/Linux 12 (bookworm)");
        assert!(debian.is_debian());
        assert!(System::read("ID=ubuntu\nID_LIKE=debian\n").is_debian());
        assert!(System::read("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n").is_debian());
        let rocky = System::read("NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n");
        assert!(!rocky.is_debian() && rocky.by_hand().contains("linux/rhel/docker-ce.repo"));
        assert!(System::read("ID=alpine\n").by_hand().starts_with("apk add"));
        assert!(System::read("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n").by_hand().starts_with("zypper"));
        assert_eq!(System::read("ID=mine\n").by_hand(), INSTRUCTIONS);
        assert_eq!(System::read("").name, "Linux");
    }
}

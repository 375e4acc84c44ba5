use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::place::{place, private_dir};
use crate::tool::Tool;

/// Changes with what [`make`] does, so that images made by an older one are made again.
pub(super) const VERSION: &str = "1";

/// What the official slim images leave out, and keep out when packages are installed over them.
const SLIM: &str = "\
path-exclude /usr/share/doc/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
path-include /usr/share/locale/locale.alias
";

/// Nothing is started by a package's script inside a build, as in the official images.
const NO_SERVICES: &str = "#!/bin/sh\nexit 101\n";

const APT: &str = "\
APT::Install-Recommends \"false\";
Acquire::Languages \"none\";
Acquire::GzipIndexes \"true\";
Binary::apt::APT::Keep-Downloaded-Packages \"false\";
DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true\"; };
";

/// Makes a minimal Debian of this suite with debootstrap and imports it as `name`.
pub(super) fn make(suite: &str, name: &str, label: &str) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("no registry serves {name}, and only root can make it with debootstrap");
    }
    let root = private_dir(place()?.join(format!("debian-{suite}")))?;
    // A former run that was cut off leaves half a system, which debootstrap would take for a good one.
    std::fs::remove_dir_all(&root)?;
    let made = bootstrap(suite, &root).and_then(|()| import(&root, name, label));
    std::fs::remove_dir_all(&root).with_context(|| format!("failed to clear {}", root.display()))?;
    made
}

fn bootstrap(suite: &str, root: &Path) -> Result<()> {
    Tool::new("nice").args(["debootstrap", "--variant=minbase", "--include=ca-certificates", suite]).arg(root).run()?;
    for leftover in ["var/lib/apt/lists", "var/cache/apt/archives", "usr/share/doc", "usr/share/man", "usr/share/info"]
    {
        let dir = root.join(leftover);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
    }
    for needed in ["var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "usr/share/man"] {
        std::fs::create_dir_all(root.join(needed))?;
    }
    std::fs::write(root.join("etc/dpkg/dpkg.cfg.d/slim"), SLIM)?;
    std::fs::write(root.join("etc/apt/apt.conf.d/slim"), APT)?;
    // The name servers and the name of this machine are no business of the image.
    std::fs::write(root.join("etc/resolv.conf"), "")?;
    std::fs::write(root.join("etc/hostname"), "debian\n")?;
    let policy = root.join("usr/sbin/policy-rc.d");
    std::fs::write(&policy, NO_SERVICES)?;
    Tool::new("chmod").arg("755").arg(policy).run()?;
    Ok(())
}

fn import(root: &Path, name: &str, label: &str) -> Result<()> {
    let tar = Tool::new("tar").arg("-C").arg(root).args([
        "--numeric-owner",
        "--exclude=./proc/*",
        "--exclude=./sys/*",
        "-c",
        ".",
    ]);
    tar.pipe_into(Tool::docker([
        "import",
        "--change",
        "CMD [\"bash\"]",
        "--change",
        &format!("LABEL {label}"),
        "-",
        name,
    ]))?;
    Ok(())
}

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo;

/// What the program is built for, and how.
struct Build {
    /// Cargo's name of it.
    triple: &'static str,
    /// What `uname -sm` says there, as a directory of the bundle is named.
    uname: &'static str,
    /// C compilers that make and link programs for it, the first that is there is taken; each with the machine that it is
    /// looked for on (what `uname -sm` says here), or any.
    compilers: &'static [(Option<&'static str>, &'static str)],
    /// The C library is linked in, so that it runs on any Linux of that machine.
    flags: &'static str,
    /// What a person types on a machine that can build it, and on which.
    there: (&'static str, &'static str),
}

const BUILDS: [Build; 4] = [
    Build {
        triple: "x86_64-unknown-linux-gnu",
        uname: "Linux-x86_64",
        compilers: &[(Some("Linux-x86_64"), "cc"), (None, "x86_64-linux-gnu-gcc")],
        flags: "-C target-feature=+crt-static",
        there: ("a Linux on x86_64, or one with gcc-x86-64-linux-gnu", "rustup target add x86_64-unknown-linux-gnu"),
    },
    Build {
        triple: "aarch64-unknown-linux-musl",
        uname: "Linux-aarch64",
        compilers: &[(Some("Linux-aarch64"), "musl-gcc"), (None, "aarch64-linux-musl-gcc")],
        flags: "",
        there: (
            "a Linux on aarch64 with musl-tools, or one with a cross compiler aarch64-linux-musl-gcc",
            "rustup target add aarch64-unknown-linux-musl",
        ),
    },
    Build {
        triple: "x86_64-apple-darwin",
        uname: "Darwin-x86_64",
        compilers: &[(Some("Darwin-x86_64"), "cc"), (Some("Darwin-arm64"), "cc")],
        flags: "",
        there: ("a Mac with the Xcode command line tools", "rustup target add x86_64-apple-darwin"),
    },
    Build {
        triple: "aarch64-apple-darwin",
        uname: "Darwin-arm64",
        compilers: &[(Some("Darwin-arm64"), "cc"), (Some("Darwin-x86_64"), "cc")],
        flags: "",
        there: ("a Mac with the Xcode command line tools", "rustup target add aarch64-apple-darwin"),
    },
];

/// Builds what is given to people, for each machine for which that can be done here, and lays it out as the program looks
/// for it: `bundle/stapel` for this machine, and `bundle/agents/<System>-<machine>/stapel` for every one. What cannot be built
/// here is said, with the reason and the command that builds it where it can be.
pub(crate) fn run() -> Result<()> {
    let target = cargo::target();
    let bundle = target.join("bundle");
    let here = here();
    let mut left = Vec::new();
    for build in &BUILDS {
        let place = bundle.join("agents").join(build.uname).join("stapel");
        let lacking = build.lacking(&here);
        if !lacking.is_empty() {
            left.push((build, lacking, place));
            continue;
        }
        let binary = build.make(&here, &target)?;
        put(&binary, &place)?;
        let bytes = std::fs::metadata(&binary).with_context(|| binary.display().to_string())?.len();
        let megabytes = f64::from(u32::try_from(bytes)?) / 1e6;
        let kind = if build.uname.starts_with("Linux") { "static, stripped" } else { "stripped" };
        println!("{} {bytes} bytes ({megabytes:.1} MB), {kind}", place.display());
        if build.uname == here {
            put(&binary, &bundle.join("stapel"))?;
        }
    }
    for (build, lacking, place) in left {
        println!("\nnot built here: {} ({}): {}", build.triple, build.uname, lacking.join("; "));
        println!("  on {}:", build.there.0);
        println!("    {} && cargo xtask dist", build.there.1);
        let state =
            if place.exists() { "there is one of an earlier day at" } else { "bring the file that it prints to" };
        println!("  {state} {}", place.display());
    }
    Ok(())
}

impl Build {
    /// What is not there to build it with.
    fn lacking(&self, here: &str) -> Vec<String> {
        let mut lacking = Vec::new();
        if !has_std(self.triple) {
            lacking.push("the Rust target is not installed".to_owned());
        }
        if self.compiler(here).is_none() {
            let sought: Vec<_> = self.sought(here).collect();
            lacking.push(match sought.as_slice() {
                [] => "it can only be linked on macOS".to_owned(),
                all => format!("no C compiler and linker ({})", all.join(", ")),
            });
        }
        lacking
    }

    fn sought(&self, here: &str) -> impl Iterator<Item = &'static str> {
        self.compilers.iter().filter(move |(on, _)| on.is_none_or(|on| on == here)).map(|(_, program)| *program)
    }

    fn compiler(&self, here: &str) -> Option<&'static str> {
        self.sought(here)
            .find(|program| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success()))
    }

    fn make(&self, here: &str, target: &Path) -> Result<PathBuf> {
        let mut build = cargo::cargo();
        build.env("RUSTFLAGS", self.flags);
        if let Some(compiler) = self.compiler(here).filter(|c| *c != "cc") {
            let name = self.triple.replace('-', "_");
            build.env(format!("CC_{name}"), compiler);
            build.env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), compiler);
        }
        build.args(["build", "--profile", "dist", "--package", "stapel", "--target", self.triple]);
        cargo::run(&mut build)?;
        Ok(target.join(self.triple).join("dist/stapel"))
    }
}

/// What `uname -sm` says here, as a directory of the bundle is named.
fn here() -> String {
    let uname = rustix::system::uname();
    format!("{}-{}", uname.sysname().to_string_lossy(), uname.machine().to_string_lossy())
}

/// Whether the standard library for a target is installed.
fn has_std(triple: &str) -> bool {
    let mut rustc = Command::new("rustc");
    let asked = rustc.args(["--print", "target-libdir", "--target", triple]).current_dir(cargo::root()).output();
    let Ok(said) = asked else { return false };
    let dir = PathBuf::from(String::from_utf8_lossy(&said.stdout).trim());
    let mut files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Copies a program to its place, in one step: an old one may be running.
fn put(program: &Path, place: &Path) -> Result<()> {
    let dir = place.parent().context("a place without a directory")?;
    let draft = dir.join(".stapel.new");
    std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::copy(program, &draft).map(drop))
        .and_then(|()| std::fs::rename(&draft, place))
        .with_context(|| place.display().to_string())
}

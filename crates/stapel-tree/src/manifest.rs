use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufWriter, Write};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use stapel_text::{Problem, problem};

use crate::names::{ancestors, check_path, split, target_leaves};
use crate::{Entry, Hash};

/// A directory's content: every path below it, with `/` between components, and what lies there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format, [`Manifest::FORMAT`] where it is written.
    pub format: u32,
    /// What lies where. Directories are implied by the paths in them.
    #[serde(deserialize_with = "sorted")]
    pub entries: BTreeMap<String, Entry>,
}

/// Reads entries in one go, as they were written in their order: they are many.
fn sorted<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Entry>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<String, Entry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("entries by their paths")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(all.into_iter().collect())
        }
    }

    from.deserialize_map(Entries)
}

impl Default for Manifest {
    fn default() -> Self {
        Self { format: Self::FORMAT, entries: BTreeMap::new() }
    }
}

impl Manifest {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// Reads a manifest from JSON and checks it.
    ///
    /// # Errors
    /// `tree-manifest-unreadable`, and those of [`Manifest::check`].
    pub fn from_json(json: &[u8]) -> Result<Self, Problem> {
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|e| problem!(Failed, "tree-manifest-unreadable", error = e.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Writes it as JSON; its hash is the manifest's name in a store.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Plain data: it always serializes.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The hash of its JSON, without having all of that at once.
    #[must_use]
    pub fn name(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        // The hasher takes small pieces slowly.
        let mut writer = BufWriter::with_capacity(1 << 16, &mut hasher);
        // Neither serializing plain data nor hashing fails.
        let _ = serde_json::to_writer(&mut writer, self);
        let _ = writer.flush();
        drop(writer);
        hasher.finalize().into()
    }

    /// Whether it can be made true below a root without touching anything outside of it. Whoever uses a manifest that
    /// came from elsewhere asks first; what is here does.
    ///
    /// # Errors
    /// `tree-format-unknown`, `tree-path-unsafe`, `tree-symlink-out`, `tree-path-blocked` (a path that lies below a
    /// file or a link).
    pub fn check(&self) -> Result<(), Problem> {
        if self.format != Self::FORMAT {
            return Err(problem!(Failed, "tree-format-unknown", format = self.format, known = Self::FORMAT));
        }
        // What lies together has the same directories above it.
        let mut clear = "";
        for (path, entry) in &self.entries {
            check_path(path)?;
            if let Entry::Symlink { target } = entry
                && target_leaves(path, target)
            {
                return Err(problem!(Refused, "tree-symlink-out", names = format!("{path} -> {target}")));
            }
            if split(path).0 == clear {
                continue;
            }
            if let Some(above) = ancestors(path).find(|a| self.entries.get(*a).is_some_and(|e| !e.is_directory())) {
                return Err(problem!(Refused, "tree-path-blocked", path = path, above = above));
            }
            clear = split(path).0;
        }
        Ok(())
    }

    /// A hash of everything in it; equal for equal manifests, today and in later versions.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(b"stapel manifest 1");
        for (path, entry) in &self.entries {
            field(path.as_bytes());
            match entry {
                Entry::File { hash, size, mode } => {
                    field(b"file");
                    field(hash.as_bytes());
                    field(&size.to_le_bytes());
                    field(&mode.to_le_bytes());
                }
                Entry::Symlink { target } => {
                    field(b"symlink");
                    field(target.as_bytes());
                }
                Entry::Directory => field(b"directory"),
            }
        }
        hasher.finalize().into()
    }

    /// Every directory in it, implied or named, the outer before the inner.
    #[must_use]
    pub fn directories(&self) -> BTreeSet<String> {
        let mut directories = BTreeSet::new();
        let mut parent = "";
        for (path, entry) in &self.entries {
            if split(path).0 != parent {
                parent = split(path).0;
                directories.extend(ancestors(path).map(ToOwned::to_owned));
            }
            if entry.is_directory() {
                directories.insert(path.clone());
            }
        }
        directories
    }

    /// The paths at which it is not as another one, in order.
    #[must_use]
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        if std::ptr::eq(self, other) {
            return Vec::new();
        }
        let (mut ours, mut theirs) = (self.entries.iter().peekable(), other.entries.iter().peekable());
        let mut differing = Vec::new();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return differing,
            };
            let a = if order.is_le() { ours.next() } else { None };
            let b = if order.is_ge() { theirs.next() } else { None };
            if a != b {
                differing.extend(a.or(b).map(|(path, _)| path.as_str()));
            }
        }
    }

    /// The hash and size of every file's content, each hash once.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<Hash, u64> {
        let content = |e: &Entry| match e {
            Entry::File { hash, size, .. } => Some((*hash, *size)),
            Entry::Symlink { .. } | Entry::Directory => None,
        };
        self.entries.values().filter_map(content).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: u32) -> Entry {
        Entry::File { hash: Hash::of(b"x"), size: 1, mode }
    }

    fn manifest(entries: &[(&str, Entry)]) -> Manifest {
        let entries = entries.iter().map(|(p, e)| ((*p).to_owned(), e.clone())).collect();
        Manifest { entries, ..Manifest::default() }
    }

    fn refused(entries: &[(&str, Entry)]) -> String {
        manifest(entries).check().unwrap_err().code().to_owned()
    }

    #[test]
    fn what_would_leave_the_root_is_refused() {
        let link = |target: &str| Entry::Symlink { target: target.into() };
        assert_eq!(refused(&[("../x", file(0o644))]), "tree-path-unsafe");
        assert_eq!(refused(&[("a", link("/etc"))]), "tree-symlink-out");
        assert_eq!(refused(&[("a", link("b")), ("a/passwd", file(0o644))]), "tree-path-blocked");
        assert!(manifest(&[("a", Entry::Directory), ("a/b", file(0o644)), ("c", link("a/b"))]).check().is_ok());
    }

    #[test]
    fn directories_are_implied_or_named() {
        let some =
            manifest(&[("a/b/c", file(0o644)), ("a/b/d", file(0o644)), ("a/e", Entry::Directory), ("f", file(0o644))]);
        assert_eq!(some.directories().into_iter().collect::<Vec<_>>(), ["a", "a/b", "a/e"]);
        let blocked = [("a", file(0o644)), ("a/b", file(0o644)), ("a/c", file(0o644))];
        assert_eq!(refused(&blocked), "tree-path-blocked");
        assert_eq!(
            refused(&[("a/b/c", file(0o644)), ("a/b/d", file(0o644)), ("a/b", file(0o644))]),
            "tree-path-blocked"
        );
    }

    #[test]
    fn it_is_said_where_two_differ() {
        let one = manifest(&[("a", file(0o644)), ("b", file(0o644)), ("c", file(0o644)), ("e", file(0o644))]);
        let other = manifest(&[("b", file(0o755)), ("c", file(0o644)), ("d", file(0o644)), ("f", Entry::Directory)]);
        for (one, other) in [(&one, &other), (&other, &one)] {
            assert_eq!(one.differing(other), ["a", "b", "d", "e", "f"]);
        }
        assert_eq!(one.differing(&Manifest::default()), ["a", "b", "c", "e"]);
        assert!(one.differing(&one).is_empty());
    }

    #[test]
    fn the_fingerprint_sees_every_field() {
        let all = [
            manifest(&[("a", file(0o644))]),
            manifest(&[("a", file(0o755))]),
            manifest(&[("b", file(0o644))]),
            manifest(&[("a", Entry::Directory)]),
            manifest(&[("a", Entry::Symlink { target: "b".into() })]),
            manifest(&[]),
        ];
        let fingerprints: BTreeSet<_> = all.iter().map(Manifest::fingerprint).collect();
        assert_eq!(fingerprints.len(), all.len());
    }

    #[test]
    fn format_1_stays_readable() {
        let manifest = Manifest::from_json(include_bytes!("../fixtures/manifest-1.json")).unwrap();
        assert_eq!(manifest.entries.len(), 3);
        assert_eq!(
            manifest.fingerprint().to_string(),
            "4f0f68474ae6564bf9851f7e690730a2d94b2b83ab31792548e8cc8d6dafa66b",
            "the fingerprint of a released format must never change"
        );
    }

    #[test]
    fn its_name_is_the_hash_of_its_json() {
        for manifest in [Manifest::default(), manifest(&[("a/ü", file(0o644)), ("b", Entry::Directory)])] {
            assert_eq!(manifest.name(), Hash::of(&manifest.to_json()));
        }
    }

    #[test]
    fn a_later_format_is_refused_by_number() {
        let problem = Manifest::from_json(br#"{"format":2,"entries":{}}"#).unwrap_err();
        assert_eq!(problem.code(), "tree-format-unknown");
        assert_eq!(Manifest::from_json(b"{").unwrap_err().code(), "tree-manifest-unreadable");
    }
}

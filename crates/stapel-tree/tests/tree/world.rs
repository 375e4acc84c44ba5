//! Helpers of the tests: small directories, and everything that can be seen of one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::Problem;
use stapel_tree::{Access, Block, Entry, Manifest, Memory, ObjectStore, Rules, Wanted, compress_group, group, scan};
use tempfile::TempDir;

/// A directory to ship, a directory on the host and a store, gone at the end.
pub(crate) struct World {
    _dir: TempDir,
    pub(crate) source: Utf8PathBuf,
    pub(crate) root: Utf8PathBuf,
    pub(crate) store: ObjectStore,
    pub(crate) memory: Memory,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        for name in ["source", "root"] {
            fs::create_dir(base.join(name)).unwrap();
        }
        let store = ObjectStore::open(base.join("state/objects")).unwrap();
        let memory = Memory::at(base.join("state/memory"));
        Self { source: base.join("source"), root: base.join("root"), store, memory, _dir: dir }
    }

    /// Scans the source and brings what the store has not.
    pub(crate) fn ship(&self) -> Manifest {
        self.ship_with(&Rules::default())
    }

    pub(crate) fn ship_with(&self, rules: &Rules) -> Manifest {
        let manifest = scan(&self.source, rules, &self.memory).unwrap();
        let missing = self.store.missing(&manifest);
        let wanted = manifest.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::File { hash, size, .. } if missing.contains(hash) => {
                Some(Wanted { hash: *hash, size: *size, path: self.source.join(path), access: Access::Group })
            }
            _ => None,
        });
        let blocks: Vec<_> = group(wanted.collect()).iter().map(|group| compress_group(group).unwrap()).collect();
        put(&self.store, &blocks).unwrap();
        self.store.flush().unwrap();
        assert!(self.store.missing(&manifest).is_empty());
        manifest
    }
}

/// Puts blocks in a store as they come over the line.
pub(crate) fn put(store: &ObjectStore, blocks: &[Block]) -> Result<(), Problem> {
    let blocks = blocks.iter().map(|Block { parts, bytes, access }| Block {
        parts: parts.clone(),
        bytes: bytes.as_slice(),
        access: *access,
    });
    store.put_many(&blocks.collect::<Vec<_>>())
}

/// Writes a file with this mode, with the directories above it.
pub(crate) fn file(root: &Utf8Path, path: &str, content: &str, mode: u32) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(&full, content).unwrap();
    fs::set_permissions(&full, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn link(root: &Utf8Path, path: &str, target: &str) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    symlink(target, full).unwrap();
}

/// Every path below with type, mode and content.
pub(crate) fn snapshot(root: &Utf8Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    collect(root, root, &mut all);
    all
}

fn collect(root: &Utf8Path, dir: &Utf8Path, all: &mut BTreeMap<String, String>) {
    for entry in dir.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        let meta = path.symlink_metadata().unwrap();
        let mode = meta.permissions().mode() & 0o7777;
        let seen = if meta.is_symlink() {
            format!("-> {}", path.read_link_utf8().unwrap())
        } else if meta.is_dir() {
            collect(root, &path, all);
            format!("directory {mode:o}")
        } else if !meta.is_file() {
            "special".to_owned()
        } else {
            format!("{mode:o} {}", fs::read_to_string(&path).unwrap())
        };
        all.insert(path.strip_prefix(root).unwrap().to_string(), seen);
    }
}

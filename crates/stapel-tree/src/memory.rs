//! What files held when they were read last, so that those which have not changed need not be read again.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::Stat;

use crate::Hash;
use crate::observe::hash;

/// What the file of a memory begins with; the version of this format is in it. Another version is as good as none.
const MAGIC: &[u8; 16] = b"stapel memory 2\n";
/// Bytes of a path's entry behind the path: the stamp and the hash.
const ENTRY: usize = 7 * 8 + 32;
/// A file that was changed later than this before it was read may be changed again without a sign of it: the times of files
/// are coarse, on some file systems two seconds.
const YOUNG_NS: i128 = 2_000_000_000;

/// By what a change of a file is seen without reading it: device, inode, size, and the times of the last change of its
/// content and of anything about it, in seconds and nanoseconds. The last one cannot be set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([i64; 7]);

impl Stamp {
    pub(crate) fn of(about: &Metadata) -> Self {
        let [device, inode, size] = [about.dev(), about.ino(), about.size()].map(u64::cast_signed);
        Self([device, inode, size, about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()])
    }

    /// The same; the types of these fields are not the same on all systems.
    pub(crate) fn of_stat(about: &Stat) -> Self {
        let what = [i128::from(about.st_dev), i128::from(about.st_ino), i128::from(about.st_size)];
        let content = [i128::from(about.st_mtime), i128::from(about.st_mtime_nsec)];
        let [device, inode, size] = what.map(|part| part as i64);
        let [mtime, mtime_ns] = content.map(|part| part as i64);
        let [ctime, ctime_ns] = [i128::from(about.st_ctime), i128::from(about.st_ctime_nsec)].map(|part| part as i64);
        Self([device, inode, size, mtime, mtime_ns, ctime, ctime_ns])
    }

    /// The size of the file, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.0[2].cast_unsigned()
    }

    /// Whether it may stay as it is while the content changes.
    fn young(&self, now: SystemTime) -> bool {
        let [.., mtime, mtime_ns, ctime, ctime_ns] = self.0.map(i128::from);
        let changed = (mtime * 1_000_000_000 + mtime_ns).max(ctime * 1_000_000_000 + ctime_ns);
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().cast_signed();
        changed + YOUNG_NS > now
    }
}

/// Fewer bytes than this, a file counted as a page, are read faster than it is looked up what they were.
const WORTH: u64 = 1 << 20;
const PAGE: u64 = 1 << 12;

/// The hashes of files below one directory as they were when they were read last, kept in a file. What it says of a file holds
/// as long as the file's device, inode, size and times are the same. It is an aid only: whatever is wrong with it, files are read.
pub struct Memory {
    file: Option<Utf8PathBuf>,
    worth: u64,
    written: OnceLock<Written>,
    learned: Mutex<BTreeMap<String, (Stamp, Hash)>>,
    /// Whether something was learned that is not written down.
    fresh: AtomicBool,
}

impl Memory {
    /// One that forgets everything with itself.
    #[must_use]
    pub fn none() -> Self {
        Self {
            file: None,
            worth: WORTH,
            written: OnceLock::new(),
            learned: Mutex::default(),
            fresh: AtomicBool::new(false),
        }
    }

    /// The one that is kept in `file`, which is read when it is needed.
    #[must_use]
    pub fn at(file: Utf8PathBuf) -> Self {
        Self { file: Some(file), ..Self::none() }
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| {
            let bytes = self.file.as_ref().and_then(|file| fs::read(file).ok());
            bytes.and_then(Written::read).unwrap_or_default()
        })
    }

    fn learned(&self) -> MutexGuard<'_, BTreeMap<String, (Stamp, Hash)>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of what lies at `path`, if it is what it was then.
    pub(crate) fn recall(&self, path: &str, stamp: Stamp) -> Option<Hash> {
        let same = |(then, _): &(Stamp, Hash)| *then == stamp;
        let written = self.written().recall(path).filter(same);
        let known = written.or_else(|| self.learned().get(path).copied().filter(same));
        known.map(|(_, hash)| hash)
    }

    /// Reads a file to its end and remembers what it holds. Gives its hash and size.
    pub(crate) fn learn(&self, path: &str, file: &mut File) -> io::Result<(Hash, u64)> {
        self.learn_at(path, file, SystemTime::now())
    }

    fn learn_at(&self, path: &str, file: &mut File, now: SystemTime) -> io::Result<(Hash, u64)> {
        let before = Stamp::of(&file.metadata()?);
        let (hash, size) = hash(file)?;
        if !before.young(now) && Stamp::of(&file.metadata()?) == before {
            self.learned().insert(path.to_owned(), (before, hash));
            self.fresh.store(true, Relaxed);
        }
        Ok((hash, size))
    }

    /// Writes down what it knows, if it has learned anything and that is worth it: without those that nobody has asked for,
    /// which are gone. What cannot be written is learned again.
    pub(crate) fn keep(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.fresh.swap(false, Relaxed)) else { return };
        let learned = self.learned();
        let written = self.written();
        let mut all: BTreeMap<&str, (Stamp, Hash)> = written.asked_for().collect();
        all.extend(learned.iter().map(|(path, known)| (path.as_str(), *known)));
        let bytes: u64 = all.values().map(|(stamp, _)| stamp.size().max(PAGE)).sum();
        if bytes >= self.worth {
            let _ = encode(&all).and_then(|bytes| replace(file, &bytes));
        }
    }
}

/// What was written down, as it lies in the file: magic, hash of the rest, the number of entries, where each begins, and the
/// entries in the order of their paths (length, path, stamp, hash). Nothing of it is taken apart before it is asked for, since
/// a tree may have very many files, and each command asks.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    entries: usize,
    /// Which were asked for: the others are of files that are gone.
    asked: Vec<AtomicBool>,
    /// The one behind the last that was asked for: most are asked for in their order.
    next: AtomicUsize,
}

const HEAD: usize = 16 + 32 + 4;

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let (number, _) = bytes.get(at..)?.split_first_chunk()?;
    usize::try_from(u32::from_le_bytes(*number)).ok()
}

impl Written {
    /// `None` if it is not whole: it is not made durable, so a machine that goes down may leave anything.
    fn read(bytes: Vec<u8>) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk()?;
        let (sum, rest) = rest.split_first_chunk::<32>()?;
        if magic != MAGIC || Hash::of(rest).as_bytes() != sum {
            return None;
        }
        let entries = number(&bytes, HEAD - 4)?;
        let asked = (0..entries).map(|_| AtomicBool::new(false)).collect();
        Some(Self { bytes, entries, asked, next: AtomicUsize::new(0) })
    }

    /// The path of an entry, and what is behind it.
    fn entry(&self, index: usize) -> Option<(&str, &[u8; ENTRY])> {
        let at = number(&self.bytes, HEAD + 4 * index)?;
        let (path, rest) = self.bytes.get(at + 4..)?.split_at_checked(number(&self.bytes, at)?)?;
        Some((str::from_utf8(path).ok()?, rest.first_chunk()?))
    }

    fn find(&self, path: &str) -> Option<usize> {
        let is = |index: usize| Some(self.entry(index)?.0.cmp(path));
        let next = self.next.load(Relaxed);
        if next < self.entries && is(next)? == Ordering::Equal {
            return Some(next);
        }
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low.midpoint(high);
            match is(middle)? {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn recall(&self, path: &str) -> Option<(Stamp, Hash)> {
        let index = self.find(path)?;
        self.next.store(index + 1, Relaxed);
        self.asked.get(index)?.store(true, Relaxed);
        self.known(index).map(|(_, known)| known)
    }

    fn known(&self, index: usize) -> Option<(&str, (Stamp, Hash))> {
        let (path, entry) = self.entry(index)?;
        let (stamp, hash) = entry.split_at(7 * 8);
        let mut parts = [0; 7];
        for (part, bytes) in parts.iter_mut().zip(stamp.chunks_exact(8)) {
            *part = i64::from_le_bytes(bytes.try_into().ok()?);
        }
        let hash: [u8; 32] = hash.try_into().ok()?;
        Some((path, (Stamp(parts), blake3::Hash::from_bytes(hash).into())))
    }

    fn asked_for(&self) -> impl Iterator<Item = (&str, (Stamp, Hash))> {
        let asked = self.asked.iter().enumerate().filter(|(_, asked)| asked.load(Relaxed));
        asked.filter_map(|(index, _)| self.known(index))
    }
}

fn encode(all: &BTreeMap<&str, (Stamp, Hash)>) -> io::Result<Vec<u8>> {
    let number = |n: usize| u32::try_from(n).map(u32::to_le_bytes).map_err(io::Error::other);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[0; 32]);
    bytes.extend_from_slice(&number(all.len())?);
    let mut at = HEAD + 4 * all.len();
    for path in all.keys() {
        bytes.extend_from_slice(&number(at)?);
        at += 4 + path.len() + ENTRY;
    }
    for (path, (stamp, hash)) in all {
        bytes.extend_from_slice(&number(path.len())?);
        bytes.extend_from_slice(path.as_bytes());
        stamp.0.iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
        bytes.extend_from_slice(hash.as_bytes());
    }
    let sum = Hash::of(&bytes[48..]);
    bytes[16..48].copy_from_slice(sum.as_bytes());
    Ok(bytes)
}

/// Under another name first: whoever reads it meanwhile sees a whole one. Should two write at once, the sum does not fit.
fn replace(file: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    let temporary = file.with_extension("tmp");
    let mut made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    made.write_all(bytes)?;
    fs::rename(&temporary, file)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct World {
        dir: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn path(&self, name: &str) -> Utf8PathBuf {
            Utf8Path::from_path(self.dir.path()).unwrap().join(name)
        }

        fn memory(&self) -> Memory {
            Memory { worth: 0, ..Memory::at(self.path("cache/memory")) }
        }

        /// Has the memory learn this file as if it were read so much later.
        fn learn(&self, memory: &Memory, name: &str, later: Duration) -> Hash {
            let mut file = File::open(self.path(name)).unwrap();
            memory.learn_at(name, &mut file, SystemTime::now() + later).unwrap().0
        }

        fn recall(&self, memory: &Memory, name: &str) -> Option<Hash> {
            let about = rustix::fs::stat(self.path(name).as_std_path()).unwrap();
            assert_eq!(Stamp::of_stat(&about), Stamp::of(&fs::metadata(self.path(name)).unwrap()));
            memory.recall(name, Stamp::of_stat(&about))
        }
    }

    const LATER: Duration = Duration::from_secs(10);

    #[test]
    fn what_has_not_changed_is_remembered_also_by_the_next_process() {
        let world = World::new();
        fs::write(world.path("a"), "one").unwrap();
        let memory = world.memory();
        assert_eq!(world.recall(&memory, "a"), None);
        assert_eq!(world.learn(&memory, "a", LATER), Hash::of(b"one"));
        assert_eq!(world.recall(&memory, "a"), Some(Hash::of(b"one")));
        memory.keep();
        assert_eq!(world.recall(&world.memory(), "a"), Some(Hash::of(b"one")));
    }

    #[test]
    fn little_is_not_worth_a_file() {
        let world = World::new();
        let memory = Memory { worth: WORTH, ..world.memory() };
        fs::write(world.path("a"), "one").unwrap();
        world.learn(&memory, "a", LATER);
        memory.keep();
        assert!(!world.path("cache/memory").exists());
        File::create(world.path("b")).unwrap().set_len(WORTH).unwrap();
        world.learn(&memory, "b", LATER);
        memory.keep();
        assert!(world.recall(&world.memory(), "a").is_some());
    }

    #[test]
    fn one_that_was_changed_a_moment_ago_may_change_again_unseen() {
        let world = World::new();
        fs::write(world.path("a"), "one").unwrap();
        let memory = world.memory();
        assert_eq!(world.learn(&memory, "a", Duration::ZERO), Hash::of(b"one"));
        assert_eq!(world.recall(&memory, "a"), None);
        memory.keep();
        assert!(!world.path("cache/memory").exists());
    }

    #[test]
    fn an_edit_is_seen_though_size_and_date_are_the_same() {
        let world = World::new();
        fs::write(world.path("a"), "one").unwrap();
        fs::write(world.path("b"), "one").unwrap();
        let memory = world.memory();
        world.learn(&memory, "a", LATER);
        world.learn(&memory, "b", LATER);
        let date = fs::metadata(world.path("a")).unwrap().modified().unwrap();
        // The clock of the file system is coarse: the edit is repeated until it has moved on.
        while world.recall(&memory, "a").is_some() {
            fs::write(world.path("a"), "two").unwrap();
            File::options().write(true).open(world.path("a")).unwrap().set_modified(date).unwrap();
        }
        fs::rename(world.path("a"), world.path("b")).unwrap();
        assert_eq!(world.recall(&memory, "b"), None, "another file has taken its place");
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten() {
        let world = World::new();
        let memory = world.memory();
        for name in ["a", "b"] {
            fs::write(world.path(name), name).unwrap();
            world.learn(&memory, name, LATER);
        }
        memory.keep();
        fs::write(world.path("c"), "c").unwrap();
        let memory = world.memory();
        world.recall(&memory, "a").unwrap();
        world.learn(&memory, "c", LATER);
        memory.keep();
        let memory = world.memory();
        assert_eq!(["a", "b", "c"].map(|name| world.recall(&memory, name).is_some()), [true, false, true]);
    }

    #[test]
    fn one_that_is_not_whole_or_of_another_version_is_as_good_as_none() {
        let world = World::new();
        fs::write(world.path("a"), "one").unwrap();
        let memory = world.memory();
        world.learn(&memory, "a", LATER);
        memory.keep();
        let whole = fs::read(world.path("cache/memory")).unwrap();
        assert!(Written::read(whole.clone()).is_some());
        for cut in 0..whole.len() {
            assert!(Written::read(whole[..cut].to_vec()).is_none(), "cut to {cut}");
        }
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert!(Written::read(other).is_none(), "byte {at}");
        }
        fs::write(world.path("cache/memory"), "stapel memory 3\n").unwrap();
        assert_eq!(world.recall(&world.memory(), "a"), None);
    }
}

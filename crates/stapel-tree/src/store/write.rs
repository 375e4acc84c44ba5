use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::PoisonError;

use camino::Utf8Path;
use stapel_text::{Problem, problem};

use super::compress::{pack, small, unpacked};
use super::pack::Extent;
use super::packs::{Coming, Objects};
use super::temporary::Temporary;
use super::{Access, Block, ObjectStore, Part, make_dir};
use crate::durable::{MANY, file_system, one_by_one};
use crate::observe::hash as hash_of;
use crate::parallel::parallel;
use crate::{Hash, io as failed};

/// How many objects wait at once to be made durable, each with its file open, and how many bytes: what waits is lost with
/// the line over which it came.
const AT_ONCE: usize = 256;
const BYTES_AT_ONCE: u64 = 32 << 20;

/// What was put and is no object yet.
#[derive(Default)]
pub(super) struct Waiting {
    objects: Vec<(Temporary, Hash)>,
    bytes: u64,
    /// What will be in one file.
    pack: Option<Coming>,
}

/// Passes on what it reads, and writes it as well.
struct Tee<R, W>(R, W);

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1.write_all(&buffer[..n])?;
        Ok(n)
    }
}

impl ObjectStore {
    /// Puts in what [`super::compress`] made of a content with this hash, after checking that it did. Reads to the end
    /// even if the content is there already. It is there at the latest after [`ObjectStore::flush`]: many are made durable
    /// together.
    ///
    /// # Errors
    /// `tree-object-wrong` if it is something else, `io-failed`.
    pub fn put_compressed(&self, hash: &Hash, mut from: impl Read, access: Access) -> Result<(), Problem> {
        let path = self.path(hash);
        if self.has(hash) {
            return io::copy(&mut from, &mut io::sink()).map(drop).map_err(|e| failed(&path, e));
        }
        let temporary = self.temporary(access, Some(hash))?;
        let mut decoder = zstd::Decoder::new(Tee(from, &temporary.file)).map_err(|e| failed(&path, e))?;
        match hash_of(&mut decoder) {
            Ok((found, _)) if found == *hash => {}
            Err(e) if e.raw_os_error().is_some() => return Err(failed(&path, e)),
            Ok(_) | Err(_) => return Err(wrong(hash)),
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = temporary.file.metadata().map_or(0, |about| about.len());
        waiting.bytes += bytes;
        waiting.objects.push((temporary, *hash));
        let more = waiting.objects.len() < AT_ONCE && waiting.bytes < BYTES_AT_ONCE;
        if more { Ok(()) } else { self.settle(&mut waiting) }
    }

    /// Makes what waits durable, and then objects of it.
    pub(super) fn settle(&self, waiting: &mut Waiting) -> Result<(), Problem> {
        let one_by_one = one_by_one(waiting.objects.len());
        if !one_by_one {
            File::open(&self.dir).and_then(file_system).map_err(|e| failed(&self.dir, e))?;
        }
        waiting.bytes = 0;
        for (temporary, hash) in waiting.objects.drain(..) {
            if one_by_one {
                temporary.sync()?;
            }
            self.reveal(temporary, &hash)?;
        }
        waiting.pack.take().map_or(Ok(()), |pack| self.packs.add(pack))
    }

    /// Puts in what [`super::compress_group`] made, as [`ObjectStore::put_compressed`] does, by as many threads as there are
    /// processors. Many come into one file together, but for secrets, which nobody but the owner may read, and for large ones.
    ///
    /// # Errors
    /// As there: the first.
    pub fn put_many(&self, blocks: &[Block<&[u8]>]) -> Result<(), Problem> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.packs.look()?;
        let objects: usize = blocks.iter().map(|block| block.parts.len()).sum();
        let many = objects >= MANY || waiting.pack.is_some();
        let (alone, together): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| {
            block.parts.len() == 1 && !(many && block.access == Access::Group && small(block.bytes))
        });
        for (good, block) in parallel(&together, |block| self.check(block)).into_iter().zip(together) {
            let Some(objects) = good? else { continue };
            let pack = match &mut waiting.pack {
                Some(pack) => pack,
                None => waiting.pack.insert(self.packs.begin()?),
            };
            pack.append(&objects, block.bytes)?;
            if pack.bytes() >= BYTES_AT_ONCE {
                self.settle(&mut waiting)?;
            }
        }
        drop(waiting);
        let put = parallel(&alone, |block| {
            block.parts.iter().try_for_each(|part| self.put_compressed(&part.hash, block.bytes, block.access))
        });
        put.into_iter().collect()
    }

    /// Where which object is in a block; `None` if all are here already.
    fn check(&self, block: &Block<&[u8]>) -> Result<Option<Objects>, Problem> {
        if block.parts.iter().all(|part| self.there(&part.hash)) {
            return Ok(None);
        }
        let first = block.parts.first().map_or_else(|| Hash::of(b""), |part| part.hash);
        // They lie where the group may read them.
        if block.access != Access::Group {
            return Err(wrong(&first));
        }
        let checked = unpacked(block.bytes, |content| {
            let mut start = 0;
            let mut objects = Vec::with_capacity(block.parts.len());
            for Part { hash, size } in &block.parts {
                let extent = Extent::new(start, *size).ok().filter(|e| e.of(content).map(Hash::of) == Some(*hash));
                objects.push((*hash, extent.ok_or(*hash)?));
                start += size;
            }
            match objects.as_mut_slice() {
                _ if start != content.len() as u64 => Err(first),
                [(_, extent)] => {
                    *extent = Extent::WHOLE;
                    Ok(objects)
                }
                _ => Ok(objects),
            }
        });
        checked.unwrap_or(Err(first)).map(Some).map_err(|hash| wrong(&hash))
    }

    /// Puts in a file's content.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn put_file(&self, path: &Utf8Path) -> Result<Hash, Problem> {
        let file = File::open(path).map_err(|e| failed(path, e))?;
        self.put_open(&file, path)
    }

    /// Puts in a content from memory.
    ///
    /// # Errors
    /// `io-failed`.
    pub fn put_bytes(&self, content: &[u8]) -> Result<Hash, Problem> {
        let temporary = self.temporary(Access::Group, None)?;
        let (hash, _) = pack(content, &mut &temporary.file).map_err(|e| failed(&temporary.path, e))?;
        if !self.has(&hash) {
            self.keep(temporary, &hash)?;
        }
        Ok(hash)
    }

    /// As [`ObjectStore::put_file`], of a file that is open already; `shown` is its name for messages.
    pub(crate) fn put_open(&self, file: &File, shown: &Utf8Path) -> Result<Hash, Problem> {
        let mode = file.metadata().map_err(|e| failed(shown, e))?.mode();
        let temporary = self.temporary(Access::of_mode(mode), None)?;
        let (hash, _) = pack(file, &mut &temporary.file).map_err(|e| failed(shown, e))?;
        if !self.has(&hash) {
            self.keep(temporary, &hash)?;
        }
        Ok(hash)
    }

    /// Where its hash is known it lies beside its place: many in one directory are slow to make.
    fn temporary(&self, access: Access, hash: Option<&Hash>) -> Result<Temporary, Problem> {
        let place = hash.map(|hash| self.path(hash));
        let dir =
            place.as_ref().and_then(|place| place.parent()).map_or_else(|| self.dir.join("00"), Utf8Path::to_owned);
        self.make(&dir)?;
        Temporary::new(&dir, access)
    }

    /// Makes a temporary file the object of this hash.
    fn keep(&self, temporary: Temporary, hash: &Hash) -> Result<(), Problem> {
        temporary.sync()?;
        self.reveal(temporary, hash)
    }

    /// The same with one that is durable already.
    fn reveal(&self, temporary: Temporary, hash: &Hash) -> Result<(), Problem> {
        let path = self.path(hash);
        let dir = path.parent().unwrap_or(&self.dir);
        self.make(dir)?;
        temporary.keep(&path)?;
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(dir.to_owned());
        Ok(())
    }

    fn make(&self, dir: &Utf8Path) -> Result<(), Problem> {
        match fs::symlink_metadata(dir) {
            Ok(_) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(failed(dir, e)),
        }
        make_dir(dir).map_err(|e| failed(dir, e))?;
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(self.dir.clone());
        Ok(())
    }
}

fn wrong(hash: &Hash) -> Problem {
    problem!(Failed, "tree-object-wrong", hash = hash.to_string())
}

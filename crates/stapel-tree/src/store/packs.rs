use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::Problem;

use super::pack::{self, Index, Place, Writer};
use super::temporary::Temporary;
use super::{Access, gone, list, make_dir};
use crate::{Hash, io as failed};

/// What the name of a pack ends with.
const PACK: &str = ".pack";

/// The packs of a store. Other processes may add some and let some go at any time.
pub(super) struct Packs {
    dir: Utf8PathBuf,
    known: Mutex<Known>,
    /// The one that was read last: what is read together was mostly brought together.
    open: Mutex<Option<(Arc<str>, Arc<File>)>>,
}

#[derive(Default)]
struct Known {
    packs: BTreeSet<Arc<str>>,
    objects: HashMap<Hash, (Arc<str>, Place)>,
}

impl Known {
    fn add(&mut self, name: Arc<str>, index: Index) {
        self.objects.extend(index.into_iter().map(|(hash, place)| (hash, (Arc::clone(&name), place))));
        self.packs.insert(name);
    }
}

/// A pack on its way in.
pub(super) struct Coming {
    temporary: Temporary,
    writer: Writer<BufWriter<File>>,
}

impl Coming {
    pub(super) fn append(&mut self, hash: Hash, packed: &[u8]) -> Result<(), Problem> {
        self.writer.append(hash, packed).map_err(|e| failed(&self.temporary.path, e))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes()
    }
}

impl Packs {
    pub(super) fn new(dir: Utf8PathBuf) -> Self {
        Self { dir, known: Mutex::default(), open: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees what has come and gone since it looked last.
    pub(super) fn look(&self) -> Result<(), Problem> {
        let there = self.names(PACK)?;
        let mut known = self.known();
        if !known.packs.iter().all(|name| there.contains(&**name)) {
            // What was in a pack that is gone may be in another one as well.
            *known = Known::default();
        }
        for name in there {
            if known.packs.contains(name.as_str()) {
                continue;
            }
            let path = self.dir.join(&name);
            match File::open(&path).and_then(|file| pack::index(&file)) {
                Ok(Some(index)) => known.add(name.into(), index),
                // It was whole when it got its name. What was in it can be brought again.
                Ok(None) => fs::rename(&path, path.with_extension("damaged")).map_err(|e| failed(&path, e))?,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(failed(&path, e)),
            }
        }
        Ok(())
    }

    /// The names in it that end so.
    pub(super) fn names(&self, end: &str) -> Result<BTreeSet<String>, Problem> {
        let names = if self.dir.is_dir() { list(&self.dir)? } else { Vec::new() };
        Ok(names.into_iter().filter(|name| name.ends_with(end)).collect())
    }

    /// Whether an object is in one of those that it has seen.
    pub(super) fn seen(&self, hash: &Hash) -> bool {
        self.known().objects.contains_key(hash)
    }

    /// What an object is compressed to; `None` if no pack has it.
    pub(super) fn read(&self, hash: &Hash) -> Result<Option<Vec<u8>>, Problem> {
        // Whoever takes an object out of a pack makes a new one of it, perhaps between our two looks.
        for _ in 0..3 {
            if !self.seen(hash) {
                self.look()?;
            }
            let Some((name, place)) = self.known().objects.get(hash).cloned() else { return Ok(None) };
            match self.file(&name).and_then(|file| pack::read(&file, place)) {
                Ok(packed) => return Ok(Some(packed)),
                Err(e) if e.kind() == ErrorKind::NotFound => self.look()?,
                // It has become shorter: whoever checks finds that it is not what it should be.
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(Some(Vec::new())),
                Err(e) => return Err(failed(self.dir.join(&*name), e)),
            }
        }
        Ok(None)
    }

    fn file(&self, name: &Arc<str>) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.as_ref().filter(|(of, _)| of == name) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(self.dir.join(&**name))?);
        *open = Some((Arc::clone(name), Arc::clone(&file)));
        Ok(file)
    }

    /// A new pack.
    pub(super) fn begin(&self) -> Result<Coming, Problem> {
        make_dir(&self.dir).map_err(|e| failed(&self.dir, e))?;
        let temporary = Temporary::new(&self.dir, Access::Group)?;
        let file = temporary.file.try_clone().map_err(|e| failed(&temporary.path, e))?;
        Ok(Coming { temporary, writer: Writer::new(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Makes it durable, and then one of ours.
    pub(super) fn add(&self, coming: Coming) -> Result<(), Problem> {
        let Coming { temporary, writer } = coming;
        let (index, sum) = writer.finish().map_err(|e| failed(&temporary.path, e))?;
        temporary.sync()?;
        let name = format!("{}{PACK}", &sum[..32]);
        temporary.keep(&self.dir.join(&name))?;
        self.flush()?;
        self.known().add(name.into(), index);
        Ok(())
    }

    fn flush(&self) -> Result<(), Problem> {
        let parent = self.dir.parent().unwrap_or(&self.dir);
        for dir in [&self.dir, parent] {
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(|e| failed(dir, e))?;
        }
        Ok(())
    }

    /// The hashes of all objects in them.
    pub(super) fn hashes(&self) -> Result<Vec<Hash>, Problem> {
        self.look()?;
        Ok(self.known().objects.keys().copied().collect())
    }

    /// Lets objects go: a pack that has some of them is replaced by one with the others, which is durable before the former
    /// goes. What `goes` makes of the former is up to the caller.
    pub(super) fn remove(
        &self,
        objects: &BTreeSet<Hash>,
        goes: impl Fn(&Utf8Path) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for name in self.names(PACK)? {
            let path = self.dir.join(&name);
            let failed = |e: io::Error| failed(&path, e);
            let file = match File::open(&path) {
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                opened => opened.map_err(failed)?,
            };
            let index = pack::index(&file).map_err(failed)?.unwrap_or_default();
            let (go, stay): (Vec<_>, Vec<_>) = index.into_iter().partition(|(hash, _)| objects.contains(hash));
            if go.is_empty() {
                continue;
            }
            let mut coming = None;
            for (hash, place) in stay {
                let packed = pack::read(&file, place).map_err(failed)?;
                let coming: &mut Coming = match &mut coming {
                    Some(coming) => coming,
                    None => coming.insert(self.begin()?),
                };
                coming.append(hash, &packed)?;
            }
            coming.map_or(Ok(()), |coming| self.add(coming))?;
            goes(&path)?;
        }
        self.look()
    }

    /// As [`Packs::remove`], of an object that is not what it should be: its pack is kept aside until it is swept.
    pub(super) fn set_aside(&self, hash: &Hash) -> Result<(), Problem> {
        self.remove(&BTreeSet::from([*hash]), |path| {
            fs::rename(path, path.with_extension("damaged")).map_err(|e| failed(path, e))
        })
    }

    /// Lets them go for good.
    pub(super) fn forget(&self, objects: &BTreeSet<Hash>) -> Result<(), Problem> {
        self.remove(objects, gone)
    }
}

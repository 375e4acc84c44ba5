use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Problem, problem};

use super::compress::{compress_bytes, unpacked};
use super::pack::{self, Extent, Index, Place, Writer};
use super::temporary::Temporary;
use super::{Access, gone, list, make_dir};
use crate::durable::Ahead;
use crate::{Hash, io as failed};

/// What the name of a pack ends with.
const PACK: &str = ".pack";

/// After so many bytes more it goes to the disk while the next ones come.
const STRETCH: u64 = 4 << 20;

/// How many blocks are kept as they were before they were compressed: what is read one after the other lies together, and a
/// few read at once.
const KEPT: usize = 8;

/// The packs of a store. Other processes may add some and let some go at any time.
pub(super) struct Packs {
    dir: Utf8PathBuf,
    known: Mutex<Known>,
    /// The one that was read last: what is read together was mostly brought together.
    open: Mutex<Option<(Arc<str>, Arc<File>)>>,
    /// The blocks that were read last.
    blocks: Mutex<VecDeque<Unpacked>>,
}

/// A block as it was before it was compressed.
struct Unpacked {
    pack: Arc<str>,
    offset: u64,
    content: Arc<Vec<u8>>,
}

/// The objects of a block, and where in it they are.
pub(super) type Objects = Vec<(Hash, Extent)>;

/// An object, or what lies where it should.
pub(super) struct Found {
    block: Arc<Vec<u8>>,
    extent: Extent,
}

impl Found {
    /// Its content, which nobody has checked; `None` if there is none.
    pub(super) fn content(&self) -> Option<&[u8]> {
        self.extent.of(&self.block)
    }
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
    ahead: Ahead,
    /// How much was there when it was made durable last.
    told: u64,
}

impl Coming {
    pub(super) fn append(&mut self, objects: &[(Hash, Extent)], packed: &[u8]) -> Result<(), Problem> {
        self.writer.append(objects, packed).map_err(|e| failed(&self.temporary.path, e))?;
        if self.bytes() - self.told >= STRETCH {
            self.told = self.bytes();
            self.ahead.more();
        }
        Ok(())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes()
    }
}

impl Packs {
    pub(super) fn new(dir: Utf8PathBuf) -> Self {
        Self { dir, known: Mutex::default(), open: Mutex::default(), blocks: Mutex::default() }
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
                Err(e) if e.kind() == ErrorKind::Unsupported => {
                    return Err(problem!(Failed, "tree-pack-later", path = path.as_str()));
                }
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

    /// Those of many that are in none of these.
    pub(super) fn unseen(&self, hashes: impl Iterator<Item = Hash>) -> BTreeSet<Hash> {
        let known = self.known();
        hashes.filter(|hash| !known.objects.contains_key(hash)).collect()
    }

    /// What is where an object should be; `None` if no pack has it.
    pub(super) fn read(&self, hash: &Hash) -> Result<Option<Found>, Problem> {
        // Whoever takes an object out of a pack makes a new one of it, perhaps between our two looks.
        for _ in 0..3 {
            if !self.seen(hash) {
                self.look()?;
            }
            let Some((name, place)) = self.known().objects.get(hash).cloned() else { return Ok(None) };
            match self.block(&name, place) {
                Ok(block) => return Ok(Some(Found { block, extent: place.extent })),
                Err(e) if e.kind() == ErrorKind::NotFound => self.look()?,
                Err(e) => return Err(failed(self.dir.join(&*name), e)),
            }
        }
        Ok(None)
    }

    /// What a block was compressed from; nothing if it is damaged.
    fn block(&self, name: &Arc<str>, place: Place) -> io::Result<Arc<Vec<u8>>> {
        let blocks = || self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = blocks().iter().find(|kept| kept.pack == *name && kept.offset == place.offset) {
            return Ok(Arc::clone(&kept.content));
        }
        let packed = match pack::read(&*self.file(name)?, place) {
            // It has become shorter.
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Vec::new(),
            read => read?,
        };
        let content = Arc::new(unpacked(&packed, <[u8]>::to_vec).unwrap_or_default());
        if place.extent != Extent::WHOLE {
            let mut blocks = blocks();
            blocks.truncate(KEPT - 1);
            let (pack, offset) = (Arc::clone(name), place.offset);
            blocks.push_front(Unpacked { pack, offset, content: Arc::clone(&content) });
        }
        Ok(content)
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
        let copy = || temporary.file.try_clone().map_err(|e| failed(&temporary.path, e));
        let (file, same) = (copy()?, copy()?);
        let ahead = Ahead::new(move || same.sync_data());
        Ok(Coming { temporary, writer: Writer::new(BufWriter::with_capacity(1 << 18, file)), ahead, told: 0 })
    }

    /// Makes it durable, and then one of ours.
    pub(super) fn add(&self, coming: Coming) -> Result<(), Problem> {
        let Coming { temporary, writer, ahead, .. } = coming;
        let (index, sum) = writer.finish().map_err(|e| failed(&temporary.path, e))?;
        ahead.end().map_err(|e| failed(&temporary.path, e))?;
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
            let cut: BTreeSet<u64> = go.iter().map(|(_, place)| place.offset).collect();
            let mut blocks = BTreeMap::<u64, Vec<(Hash, Place)>>::new();
            stay.into_iter().for_each(|one| blocks.entry(one.1.offset).or_default().push(one));
            let mut coming = None;
            for (offset, objects) in blocks {
                let packed = pack::read(&file, objects[0].1).map_err(failed)?;
                let (objects, packed): (Objects, _) = match cut.contains(&offset) {
                    true => left(&objects, &packed)?,
                    false => (objects.into_iter().map(|(hash, place)| (hash, place.extent)).collect(), packed),
                };
                if objects.is_empty() {
                    continue;
                }
                let coming: &mut Coming = match &mut coming {
                    Some(coming) => coming,
                    None => coming.insert(self.begin()?),
                };
                coming.append(&objects, &packed)?;
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

/// A block of these objects alone, out of one with others. What is not what it should be stays out.
fn left(objects: &[(Hash, Place)], packed: &[u8]) -> Result<(Objects, Vec<u8>), Problem> {
    let (mut stay, mut content) = (Vec::new(), Vec::new());
    let block = unpacked(packed, <[u8]>::to_vec).unwrap_or_default();
    for (hash, place) in objects {
        let Some(object) = place.extent.of(&block).filter(|object| Hash::of(object) == *hash) else { continue };
        let extent = Extent::new(content.len() as u64, object.len() as u64).map_err(|e| failed("", e))?;
        stay.push((*hash, extent));
        content.extend_from_slice(object);
    }
    Ok((stay, compress_bytes(&content)?))
}

//! One file that holds many objects: an inode, a rename and a name to make durable for all of them, where a file for each
//! costs more than its content.
//!
//! Blocks lie one after the other, each compressed, with one or more objects in it. Behind them lies the index, sorted by
//! hash: 32 bytes of hash, offset and length of the block in 8 bytes each, and where in what it is compressed from the object
//! begins and how many bytes it has in 4 bytes each, the lowest first; all bits of the last set stand for all of it. Behind
//! that the end: the BLAKE3 hash of the index, the number of objects in it, and [`MAGIC`], in which the version of this
//! format is. In version 1 each object was a block, and there were only offset and length.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use crate::Hash;

/// What the last bytes of a pack are.
const MAGIC: &[u8; 16] = b"stapel pack 2\n\0\0";
const MAGIC_1: &[u8; 16] = b"stapel pack 1\n\0\0";
/// Bytes of an entry of the index.
const ENTRY: usize = 32 + 8 + 8 + 4 + 4;
const ENTRY_1: usize = 32 + 8 + 8;
/// Bytes behind the index.
const END: usize = 32 + 8 + MAGIC.len();

/// Where an object lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where its block begins.
    pub(super) offset: u64,
    /// The bytes of its block.
    length: u64,
    /// Where it is in what the block is compressed from.
    pub(super) extent: Extent,
}

/// A part of a block's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    start: u32,
    size: u32,
}

impl Extent {
    /// The whole content.
    pub(super) const WHOLE: Self = Self { start: 0, size: u32::MAX };

    /// # Errors
    /// If it is further than a block can be long.
    pub(super) fn new(start: u64, size: u64) -> io::Result<Self> {
        let short = |number| u32::try_from(number).map_err(io::Error::other);
        Ok(Self { start: short(start)?, size: short(size)? })
    }

    /// It out of all of it; `None` if that is shorter.
    pub(super) fn of(self, content: &[u8]) -> Option<&[u8]> {
        let (start, size) = (self.start as usize, self.size as usize);
        if self == Self::WHOLE { Some(content) } else { content.get(start..)?.get(..size) }
    }
}

/// The objects of a pack.
pub(super) type Index = BTreeMap<Hash, Place>;

/// A pack that is being written.
pub(super) struct Writer<W> {
    to: W,
    index: Index,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, index: Index::new(), bytes: 0 }
    }

    /// Takes in a block, and which objects are where in it; one of which it has all already it leaves out.
    pub(super) fn append(&mut self, objects: &[(Hash, Extent)], packed: &[u8]) -> io::Result<()> {
        if objects.iter().all(|(hash, _)| self.index.contains_key(hash)) {
            return Ok(());
        }
        self.to.write_all(packed)?;
        let (offset, length) = (self.bytes, packed.len() as u64);
        for (hash, extent) in objects {
            self.index.entry(*hash).or_insert(Place { offset, length, extent: *extent });
        }
        self.bytes += length;
        Ok(())
    }

    /// The bytes of the blocks that it has so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the index. The pack's name is made of it: equal packs have equal names.
    pub(super) fn finish(mut self) -> io::Result<(Index, String)> {
        let mut index = Vec::with_capacity(self.index.len() * ENTRY);
        for (hash, place) in &self.index {
            index.extend_from_slice(hash.as_bytes());
            index.extend_from_slice(&place.offset.to_le_bytes());
            index.extend_from_slice(&place.length.to_le_bytes());
            index.extend_from_slice(&place.extent.start.to_le_bytes());
            index.extend_from_slice(&place.extent.size.to_le_bytes());
        }
        let sum = Hash::of(&index);
        self.to.write_all(&index)?;
        self.to.write_all(sum.as_bytes())?;
        self.to.write_all(&(self.index.len() as u64).to_le_bytes())?;
        self.to.write_all(MAGIC)?;
        self.to.flush()?;
        Ok((self.index, sum.to_string()))
    }
}

/// Whether this is the end of a pack of a version that is not known yet.
fn later(magic: &[u8]) -> bool {
    let number = magic.strip_prefix(b"stapel pack ").and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    number.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// Reads the index of a pack; `None` if it is not a whole one, [`io::ErrorKind::Unsupported`] if it is of a later version.
pub(super) fn index(pack: &File) -> io::Result<Option<Index>> {
    let size = pack.metadata()?.len();
    let Some(at) = size.checked_sub(END as u64) else { return Ok(None) };
    let mut end = [0; END];
    pack.read_exact_at(&mut end, at)?;
    let (sum, rest) = end.split_at(32);
    let (count, magic) = rest.split_at(8);
    let entry_bytes = match magic {
        magic if magic == MAGIC => ENTRY,
        magic if magic == MAGIC_1 => ENTRY_1,
        // It is whole, and not for us.
        magic if later(magic) => return Err(io::ErrorKind::Unsupported.into()),
        _ => return Ok(None),
    };
    let length = number(count).checked_mul(entry_bytes as u64).filter(|length| *length <= at);
    let Some(length) = length else { return Ok(None) };
    let objects = at - length;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    pack.read_exact_at(&mut bytes, objects)?;
    if Hash::of(&bytes).as_bytes() != sum {
        return Ok(None);
    }
    let entry = |entry: &[u8]| {
        let (hash, place) = entry.split_at(32);
        let (offset, rest) = place.split_at(8);
        let (length, extent) = rest.split_at(8);
        let (start, size) = extent.split_at(extent.len() / 2);
        let short = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_le_bytes);
        let extent = short(start).zip(short(size)).map_or(Extent::WHOLE, |(start, size)| Extent { start, size });
        let hash: [u8; 32] = hash.try_into().ok()?;
        let place = Place { offset: number(offset), length: number(length), extent };
        place.offset.checked_add(place.length).filter(|end| *end <= objects)?;
        Some((Hash::from(blake3::Hash::from_bytes(hash)), place))
    };
    Ok(bytes.chunks_exact(entry_bytes).map(entry).collect())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(u64::MAX, u64::from_le_bytes)
}

/// The block in which an object is, compressed.
pub(super) fn read(pack: &File, place: Place) -> io::Result<Vec<u8>> {
    let mut packed = vec![0; usize::try_from(place.length).map_err(io::Error::other)?];
    pack.read_exact_at(&mut packed, place.offset)?;
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use super::*;

    fn pack(objects: &[&[u8]]) -> (File, Index) {
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = Writer::new(&file);
        for object in objects {
            writer.append(&[(Hash::of(object), Extent::WHOLE)], object).unwrap();
        }
        let (index, _) = writer.finish().unwrap();
        file.rewind().unwrap();
        (file, index)
    }

    #[test]
    fn what_was_written_is_found() {
        let (file, written) = pack(&[b"one", b"", b"three", b"one"]);
        let found = index(&file).unwrap().unwrap();
        assert_eq!(found, written);
        assert_eq!(found.len(), 3);
        for object in [b"one".as_slice(), b"", b"three"] {
            assert_eq!(read(&file, found[&Hash::of(object)]).unwrap(), object);
        }
        assert!(index(&pack(&[]).0).unwrap().unwrap().is_empty());
    }

    #[test]
    fn several_are_in_one_block() {
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = Writer::new(&file);
        let part = |object: &[u8], start| (Hash::of(object), Extent::new(start, object.len() as u64).unwrap());
        writer.append(&[part(b"one", 0), part(b"", 3), part(b"three", 3)], b"onethree").unwrap();
        writer.append(&[part(b"three", 0), part(b"four", 5)], b"threefour").unwrap();
        writer.append(&[part(b"one", 0), part(b"four", 3)], b"onefour").unwrap();
        assert_eq!(writer.bytes(), 17);
        let (written, _) = writer.finish().unwrap();
        file.rewind().unwrap();
        let found = index(&file).unwrap().unwrap();
        assert_eq!(found, written);
        for object in [b"one".as_slice(), b"", b"three", b"four"] {
            let place = found[&Hash::of(object)];
            assert_eq!(place.extent.of(&read(&file, place).unwrap()), Some(object));
        }
        assert_eq!(part(b"three", 6).1.of(b"onethree"), None);
    }

    #[test]
    fn one_of_a_later_version_is_no_damaged_one() {
        let (file, _) = pack(&[b"one"]);
        let at = file.metadata().unwrap().len() - MAGIC.len() as u64;
        file.write_all_at(b"stapel pack 12\n\0", at).unwrap();
        assert_eq!(index(&file).unwrap_err().kind(), io::ErrorKind::Unsupported);
        file.write_all_at(b"stapel pack x\n\0\0", at).unwrap();
        assert_eq!(index(&file).unwrap(), None);
    }

    #[test]
    fn one_that_is_not_whole_is_none() {
        let (file, _) = pack(&[b"one", b"three"]);
        let size = file.metadata().unwrap().len();
        for cut in [0, 1, END as u64 - 1, END as u64, size - 1] {
            let (file, _) = pack(&[b"one", b"three"]);
            file.set_len(cut).unwrap();
            assert_eq!(index(&file).unwrap(), None, "cut to {cut}");
        }
        // Every byte of the index and of the end counts.
        for at in b"onethree".len() as u64..size {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 1], at).unwrap();
            // The number of the version may have become a later one.
            assert!(!matches!(index(&file), Ok(Some(_))), "byte {at}");
            file.write_all_at(&byte, at).unwrap();
        }
        assert!(index(&file).unwrap().is_some());
    }
}

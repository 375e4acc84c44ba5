//! One file that holds many objects: an inode, a rename and a name to make durable for all of them, where a file for each
//! costs more than its content.
//!
//! The objects lie one after the other, each compressed. Behind them lies the index, sorted by hash: 32 bytes of hash,
//! offset and length in 8 bytes each, the lowest first. Behind that the end: the BLAKE3 hash of the index, the number of
//! objects in it, and [`MAGIC`], in which the version of this format is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use crate::Hash;

/// What the last bytes of a pack are.
const MAGIC: &[u8; 16] = b"stapel pack 1\n\0\0";
/// Bytes of an entry of the index.
const ENTRY: usize = 32 + 8 + 8;
/// Bytes behind the index.
const END: usize = 32 + 8 + MAGIC.len();

/// Where an object lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) length: u64,
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

    /// Takes in what an object is compressed to; one that it has already it leaves out.
    pub(super) fn append(&mut self, hash: Hash, packed: &[u8]) -> io::Result<()> {
        if self.index.contains_key(&hash) {
            return Ok(());
        }
        self.to.write_all(packed)?;
        let length = packed.len() as u64;
        self.index.insert(hash, Place { offset: self.bytes, length });
        self.bytes += length;
        Ok(())
    }

    /// The bytes of the objects that it has so far.
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

/// Reads the index of a pack; `None` if it is not a whole one.
pub(super) fn index(pack: &File) -> io::Result<Option<Index>> {
    let size = pack.metadata()?.len();
    let Some(at) = size.checked_sub(END as u64) else { return Ok(None) };
    let mut end = [0; END];
    pack.read_exact_at(&mut end, at)?;
    let (sum, rest) = end.split_at(32);
    let (count, magic) = rest.split_at(8);
    let length = number(count).checked_mul(ENTRY as u64).filter(|length| *length <= at);
    let (Some(length), true) = (length, magic == MAGIC) else { return Ok(None) };
    let objects = at - length;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    pack.read_exact_at(&mut bytes, objects)?;
    if Hash::of(&bytes).as_bytes() != sum {
        return Ok(None);
    }
    let entry = |entry: &[u8]| {
        let (hash, place) = entry.split_at(32);
        let (offset, length) = place.split_at(8);
        let hash: [u8; 32] = hash.try_into().ok()?;
        let place = Place { offset: number(offset), length: number(length) };
        place.offset.checked_add(place.length).filter(|end| *end <= objects)?;
        Some((Hash::from(blake3::Hash::from_bytes(hash)), place))
    };
    Ok(bytes.chunks_exact(ENTRY).map(entry).collect())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(u64::MAX, u64::from_le_bytes)
}

/// What an object in a pack is compressed to.
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
            writer.append(Hash::of(object), object).unwrap();
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
            assert_eq!(index(&file).unwrap(), None, "byte {at}");
            file.write_all_at(&byte, at).unwrap();
        }
        assert!(index(&file).unwrap().is_some());
    }
}

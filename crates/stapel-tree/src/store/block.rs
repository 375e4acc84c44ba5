use std::fs::File;
use std::io::Read;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use stapel_text::Problem;

use super::Access;
use super::compress::{SMALL, compress, compress_bytes};
use crate::durable::MANY;
use crate::{Hash, io as failed};

/// How many bytes are compressed together, about. Whoever wants one content of a block unpacks all of it, so it is no larger
/// than what that takes no time for; twice as much saves 1 % of source code.
const TOGETHER: u64 = 1 << 18;

/// A content that is to be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its hash.
    pub hash: Hash,
    /// Its bytes, when it was looked at.
    pub size: u64,
    /// The file that has it.
    pub path: Utf8PathBuf,
    /// Who may read it where it is brought.
    pub access: Access,
}

/// A content in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its hash.
    pub hash: Hash,
    /// Its bytes.
    pub size: u64,
}

/// Contents that are compressed as one, so that what they have in common is said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<Bytes = Vec<u8>> {
    /// What is in it, one after the other.
    pub parts: Vec<Part>,
    /// All of it, compressed.
    pub bytes: Bytes,
    /// Who may read it.
    pub access: Access,
}

/// Which contents are compressed together, in their order but for large ones, which are the last. Secrets and large ones are
/// alone, and all are where there are few.
#[must_use]
pub fn group(wanted: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let many = wanted.len() >= MANY;
    let (large, small): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(|one| one.size > SMALL);
    let (mut groups, mut group, mut bytes) = (Vec::new(), Vec::new(), 0);
    for one in small {
        if !many || one.access == Access::Owner {
            groups.push(vec![one]);
            continue;
        }
        if bytes + one.size > TOGETHER && !group.is_empty() {
            groups.push(std::mem::take(&mut group));
            bytes = 0;
        }
        bytes += one.size;
        group.push(one);
    }
    groups.extend(Some(group).filter(|group| !group.is_empty()));
    groups.extend(large.into_iter().map(|one| vec![one]));
    groups
}

/// Compresses a group of [`group`] for the way into a store, see [`crate::ObjectStore::put_many`]. A file that has changed
/// since it was looked at is found out there.
///
/// # Errors
/// `io-failed`.
pub fn compress_group(group: &[Wanted]) -> Result<Block, Problem> {
    let access = group.first().map_or(Access::Group, |one| one.access);
    if let [one] = group {
        let parts = vec![Part { hash: one.hash, size: one.size }];
        return Ok(Block { parts, bytes: compress(&one.path)?, access });
    }
    let mut content = Vec::with_capacity(TOGETHER as usize);
    let mut parts = Vec::with_capacity(group.len());
    for Wanted { hash, path, .. } in group {
        let read = File::open(path).and_then(|mut file| file.read_to_end(&mut content)).map_err(|e| failed(path, e))?;
        parts.push(Part { hash: *hash, size: read as u64 });
    }
    Ok(Block { parts, bytes: compress_bytes(&content)?, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(size: u64, access: Access) -> Wanted {
        Wanted { hash: Hash::of(b""), size, path: Utf8PathBuf::new(), access }
    }

    fn sizes(wanted: Vec<Wanted>) -> Vec<Vec<u64>> {
        group(wanted).iter().map(|group| group.iter().map(|one| one.size).collect()).collect()
    }

    #[test]
    fn many_small_ones_are_together_and_no_secret_is() {
        let small = |n: usize| vec![wanted(TOGETHER / 10, Access::Group); n];
        assert_eq!(sizes(small(25)).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
        assert_eq!(sizes(small(MANY - 1)).len(), MANY - 1);
        assert!(sizes(Vec::new()).is_empty());
        let mut all = vec![wanted(SMALL + 1, Access::Group), wanted(SMALL, Access::Group), wanted(7, Access::Owner)];
        all.extend(vec![wanted(0, Access::Group); MANY]);
        assert_eq!(sizes(all), [vec![7], vec![SMALL], vec![0; MANY], vec![SMALL + 1]]);
    }
}

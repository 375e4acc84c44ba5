use std::fs::File;
use std::io::{self, Read, Write};

use camino::Utf8Path;
use stapel_text::Problem;

use crate::{Hash, io as failed};

/// zstd's own default: what is shipped is text for the most part, and the line is slower than this.
pub(super) const LEVEL: i32 = 3;

/// Compresses a file for the way into a store, see [`crate::ObjectStore::put_compressed`].
///
/// # Errors
/// `io-failed`.
pub fn compress(path: &Utf8Path) -> Result<Vec<u8>, Problem> {
    let mut compressed = Vec::new();
    compress_to(path, &mut compressed)?;
    Ok(compressed)
}

/// As [`compress`], for a file that need not fit into memory. Returns the hash of what was read: it differs from the
/// manifest's if the file was changed since it was scanned.
///
/// # Errors
/// `io-failed`.
pub fn compress_to(path: &Utf8Path, to: &mut impl Write) -> Result<Hash, Problem> {
    let file = File::open(path).map_err(|e| failed(path, e))?;
    pack(file, to).map(|(hash, _)| hash).map_err(|e| failed(path, e))
}

/// Reads to the end, writes it compressed, and gives hash and size of what was read.
pub(super) fn pack(mut from: impl Read, to: &mut impl Write) -> io::Result<(Hash, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hasher.update(&buffer[..n]);
        encoder.write_all(&buffer[..n])?;
        size += n as u64;
    }
    encoder.finish()?;
    Ok((hasher.finalize().into(), size))
}

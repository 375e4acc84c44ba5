use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Write};

use camino::Utf8Path;
use stapel_text::Problem;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

use crate::{Hash, io as failed};

/// zstd's own default: what is shipped is text for the most part, and the line is slower than this.
const LEVEL: i32 = 3;

/// In a small file there is little to be found by looking longer: 3 % of source code, for twice the time.
const LEVEL_OF_SMALL: i32 = 1;

/// Up to this many bytes are compressed in one go.
pub(super) const SMALL: u64 = 1 << 20;

thread_local! {
    /// Making one costs more than compressing a small file with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    /// The same of the way back, with room for what comes out.
    static DECOMPRESSOR: RefCell<Option<(Decompressor<'static>, Vec<u8>)>> = const { RefCell::new(None) };
}

/// Compresses a file for the way into a store, see [`crate::ObjectStore::put_compressed`].
///
/// # Errors
/// `io-failed`.
pub fn compress(path: &Utf8Path) -> Result<Vec<u8>, Problem> {
    let mut file = File::open(path).map_err(|e| failed(path, e))?;
    let mut packed = Vec::new();
    let done = match file.metadata() {
        Ok(about) if about.len() <= SMALL => in_one_go(&mut file, &mut packed),
        _ => pack(file, &mut packed).map(drop),
    };
    done.map(|()| packed).map_err(|e| failed(path, e))
}

/// As [`compress`], from memory.
///
/// # Errors
/// `io-failed`.
pub fn compress_bytes(content: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut packed = Vec::new();
    in_one_go(&mut &*content, &mut packed).map_err(|e| failed("", e))?;
    Ok(packed)
}

/// What [`compress_bytes`] was given.
///
/// # Errors
/// `io-failed` if it is no such thing.
pub fn decompress_bytes(packed: &[u8]) -> Result<Vec<u8>, Problem> {
    zstd::stream::decode_all(packed).map_err(|e| failed("", e))
}

fn in_one_go(from: &mut impl Read, to: &mut Vec<u8>) -> io::Result<()> {
    let mut content = Vec::new();
    from.read_to_end(&mut content)?;
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL_OF_SMALL)?),
        };
        *to = compressor.compress(&content)?;
        Ok(())
    })
}

/// Whether what this was made of is known to be small, and so can be had in one go.
pub(super) fn small(packed: &[u8]) -> bool {
    matches!(get_frame_content_size(packed), Ok(Some(size)) if size <= SMALL)
}

/// Hands on what a small content was before [`compress`].
///
/// # Errors
/// If it is no such thing.
pub(super) fn unpacked<R>(packed: &[u8], with: impl FnOnce(&[u8]) -> R) -> io::Result<R> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let (decompressor, content) = match kept {
            Some(kept) => kept,
            None => kept.insert((Decompressor::new()?, Vec::with_capacity(SMALL as usize))),
        };
        content.clear();
        decompressor.decompress_to_buffer(packed, content)?;
        Ok(with(content))
    })
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

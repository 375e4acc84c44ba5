use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Write};

use camino::Utf8Path;
use stapel_text::Problem;
use zstd::bulk::Compressor;

use crate::{Hash, io as failed};

/// zstd's own default: what is shipped is text for the most part, and the line is slower than this.
pub(super) const LEVEL: i32 = 3;

/// Up to this many bytes a file is compressed in one go.
const SMALL: u64 = 1 << 20;

thread_local! {
    /// Making one costs more than compressing a small file with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
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

fn in_one_go(from: &mut impl Read, to: &mut Vec<u8>) -> io::Result<()> {
    let mut content = Vec::new();
    from.read_to_end(&mut content)?;
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL)?),
        };
        *to = compressor.compress(&content)?;
        Ok(())
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

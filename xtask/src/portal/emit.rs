//! Files named by their content, with their compressed twins and their integrity value.

use crate::failure::{Failure, While};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256, Sha384};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

pub struct Emitter {
    folder: PathBuf,
    files: Vec<File>,
}

struct File {
    url: String,
    bytes: Vec<u8>,
}

pub struct Written {
    pub url: String,
    pub integrity: String,
    /// What a browser loads: the brotli twin, or the file itself where packing is no use.
    pub transfer: usize,
}

impl Emitter {
    pub fn into_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            files: Vec::new(),
        }
    }

    /// Takes a file and answers its URL, `/a/<name>.<16 hex digits of sha256>.<ext>`.
    pub fn emit(&mut self, name: &str, bytes: Vec<u8>) -> String {
        let url = hashed_url(name, &bytes);
        if !self.files.iter().any(|file| file.url == url) {
            self.files.push(File {
                url: url.clone(),
                bytes,
            });
        }
        url
    }

    pub fn integrity(&self, url: &str) -> Option<String> {
        let file = self.files.iter().find(|file| file.url == url)?;
        Some(integrity_of(&file.bytes))
    }

    /// Brotli at its best takes most of the time here, so each core takes its share.
    pub fn write_all(self) -> Result<Vec<Written>, Failure> {
        fs::create_dir_all(self.folder.join("a")).while_doing("making the portal's folder")?;
        let next = AtomicUsize::new(0);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let work = || -> Result<Vec<Written>, Failure> {
                let mut written = Vec::new();
                while let Some(file) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    written.push(write(&self.folder, file)?);
                }
                Ok(written)
            };
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            let mut written = Vec::new();
            for worker in workers {
                let share = worker
                    .join()
                    .map_err(|_panic| Failure::new("compressing the portal's files failed"))?;
                written.extend(share?);
            }
            written.sort_by(|a, b| a.url.cmp(&b.url));
            Ok(written)
        })
    }
}

fn write(folder: &Path, file: &File) -> Result<Written, Failure> {
    let path = folder.join(file.url.trim_start_matches('/'));
    let save =
        |path: &Path, bytes: &[u8]| fs::write(path, bytes).while_doing(format!("writing {}", path.display()));
    save(&path, &file.bytes)?;
    let mut transfer = file.bytes.len();
    // A woff2 is brotli already.
    if path.extension().is_none_or(|extension| extension != "woff2") {
        let brotli = brotli(&file.bytes)?;
        transfer = brotli.len();
        let beside = |more: &str| PathBuf::from(format!("{}.{more}", path.display()));
        save(&beside("br"), &brotli)?;
        save(&beside("gz"), &gzip(&file.bytes)?)?;
    }
    Ok(Written {
        url: file.url.clone(),
        integrity: integrity_of(&file.bytes),
        transfer,
    })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters).while_doing("brotli")?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).while_doing("gzip")?;
    encoder.finish().while_doing("gzip")
}

fn hashed_url(name: &str, bytes: &[u8]) -> String {
    let hash = hex(Sha256::digest(bytes).get(..8).unwrap_or_default());
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("/a/{stem}.{hash}.{extension}"),
        None => format!("/a/{name}.{hash}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn integrity_of(bytes: &[u8]) -> String {
    format!("sha384-{}", base64(&Sha384::digest(bytes)))
}

/// Standard alphabet with padding, as SRI wants it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| chunk.get(index).map_or(0, |byte| u32::from(*byte));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for position in 0..4_usize {
            let six = usize::try_from(word >> (18 - 6 * position) & 63).unwrap_or_default();
            match ALPHABET.get(six) {
                Some(letter) if position <= chunk.len() => text.push(char::from(*letter)),
                _ => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_rfc_4648_says() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn integrity_is_the_value_a_browser_computes() {
        // The example of the SRI specification.
        assert_eq!(
            integrity_of(b"alert('Hello, world.');"),
            "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
        );
    }

    #[test]
    fn the_same_content_has_the_same_name_and_is_written_once() {
        let mut emitter = Emitter::into_folder(Path::new("unused"));
        let first = emitter.emit("ward.css", b"a{}".to_vec());
        assert_eq!(first, emitter.emit("ward.css", b"a{}".to_vec()));
        assert_ne!(first, emitter.emit("ward.css", b"b{}".to_vec()));
        assert_eq!(first.len(), "/a/ward.0123456789abcdef.css".len());
        assert_eq!(emitter.files.len(), 2);
    }

    #[test]
    fn brotli_and_gzip_hold_what_was_given() {
        let text = "the same words again, ".repeat(200).into_bytes();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli(&text).unwrap(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        std::io::copy(
            &mut flate2::read::GzDecoder::new(&*gzip(&text).unwrap()),
            &mut unpacked,
        )
        .unwrap();
        assert_eq!(unpacked, text);
    }
}

//! One append-only file of frames.
//!
//! ```text
//! header   magic 8 | first number 8 | crc32c 4
//! record   length 4 | crc32c 4 | number 8 | the frame's message
//! ```
//!
//! Integers are little endian; a record's crc covers number and message. A record that a crash cut
//! short is the last one and is cut off at the next start: its frame had not been taken yet.

use fleetward_common::devices::link::MAX_MESSAGE_BYTES;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"FWFRAME1";
pub(super) const HEADER_BYTES: u64 = 20;
pub(super) const RECORD_BYTES: u64 = 16;

#[derive(Debug)]
pub(super) struct Segment {
    medium: Medium,
    /// Where the next record goes.
    length: u64,
    /// Frames in it that are not final yet.
    pub live: u64,
}

#[derive(Debug)]
enum Medium {
    File { file: File, path: PathBuf },
    Memory(Vec<u8>),
}

/// What was found in a segment that an earlier run left.
#[derive(Debug)]
pub(super) struct Found {
    pub first: u64,
    pub records: Vec<Record>,
    /// Records whose checksum was wrong, or bytes behind the last whole record.
    pub damaged: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub number: u64,
    pub offset: u64,
    pub length: u32,
}

impl Segment {
    /// `path` is absent for a buffer in memory.
    pub fn create(path: Option<PathBuf>, first: u64) -> io::Result<Self> {
        let mut header = Vec::with_capacity(20);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&first.to_le_bytes());
        header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
        let medium = match path {
            Some(path) => {
                let mut file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .open(&path)?;
                file.write_all(&header)?;
                Medium::File { file, path }
            }
            None => Medium::Memory(header),
        };
        Ok(Self {
            medium,
            length: HEADER_BYTES,
            live: 0,
        })
    }

    /// `None` when the header never got to the disk: nothing was taken into such a file.
    pub fn open(path: &Path) -> io::Result<Option<(Self, Found)>> {
        let bytes = fs::read(path)?;
        let Some(first) = first_number(&bytes) else {
            return Ok(None);
        };
        let (records, length, damaged) = scan(&bytes);
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        file.set_len(length)?;
        let segment = Self {
            medium: Medium::File {
                file,
                path: path.to_owned(),
            },
            length,
            live: records.len().try_into().unwrap_or(u64::MAX),
        };
        let found = Found {
            first,
            records,
            damaged,
        };
        Ok(Some((segment, found)))
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn append(&mut self, number: u64, message: &[u8]) -> io::Result<Record> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        let mut record = Vec::with_capacity(message.len() + 16);
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&checksum(number, message).to_le_bytes());
        record.extend_from_slice(&number.to_le_bytes());
        record.extend_from_slice(message);
        match &mut self.medium {
            Medium::Memory(bytes) => bytes.extend_from_slice(&record),
            Medium::File { file, .. } => {
                file.seek(SeekFrom::Start(self.length))?;
                if let Err(source) = file.write_all(&record) {
                    // A full disk may have taken half a record; the next one must not follow it.
                    file.set_len(self.length)?;
                    return Err(source);
                }
            }
        }
        let offset = self.length;
        self.length += RECORD_BYTES + u64::from(length);
        self.live += 1;
        Ok(Record {
            number,
            offset,
            length,
        })
    }

    /// An error of kind `InvalidData` says that the bytes are not those that were written.
    pub fn read(&mut self, record: Record) -> io::Result<Vec<u8>> {
        let size = record.length as usize + RECORD_BYTES as usize;
        let mut bytes = vec![0; size];
        match &mut self.medium {
            Medium::Memory(all) => {
                let from = usize::try_from(record.offset).map_err(io::Error::other)?;
                let kept = all.get(from..from + size).ok_or(io::ErrorKind::UnexpectedEof)?;
                bytes.copy_from_slice(kept);
            }
            Medium::File { file, .. } => {
                file.seek(SeekFrom::Start(record.offset))?;
                file.read_exact(&mut bytes)?;
            }
        }
        let message = bytes.split_off(RECORD_BYTES as usize);
        match record_head(&bytes) {
            Some(head) if head.number == record.number && head.crc == checksum(head.number, &message) => {
                Ok(message)
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// A second handle to bring the file to the disk with, away from the thread that appends.
    pub fn handle(&self) -> io::Result<Option<File>> {
        match &self.medium {
            Medium::File { file, .. } => file.try_clone().map(Some),
            Medium::Memory(_) => Ok(None),
        }
    }

    pub fn remove(self) -> io::Result<()> {
        match self.medium {
            Medium::File { path, .. } => fs::remove_file(path),
            Medium::Memory(_) => Ok(()),
        }
    }
}

fn checksum(number: u64, message: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), message)
}

struct Head {
    length: u32,
    crc: u32,
    number: u64,
}

fn record_head(bytes: &[u8]) -> Option<Head> {
    Some(Head {
        length: u32::from_le_bytes(*bytes.first_chunk()?),
        crc: u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?),
        number: u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?),
    })
}

fn first_number(bytes: &[u8]) -> Option<u64> {
    let (checked, rest) = bytes.split_at_checked(16)?;
    let crc = u32::from_le_bytes(*rest.first_chunk()?);
    let first = checked.strip_prefix(MAGIC)?.first_chunk()?;
    (crc == crc32c::crc32c(checked)).then(|| u64::from_le_bytes(*first))
}

/// Whole records, the length up to which the file makes sense, and how much did not.
fn scan(bytes: &[u8]) -> (Vec<Record>, u64, u64) {
    let (mut records, mut damaged) = (Vec::new(), 0);
    let mut offset = HEADER_BYTES as usize;
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        let message = record_head(rest).and_then(|head| {
            let length = head.length as usize;
            let message = rest.get(RECORD_BYTES as usize..RECORD_BYTES as usize + length)?;
            (length <= MAX_MESSAGE_BYTES).then_some((head, message))
        });
        let Some((head, message)) = message else {
            damaged += 1;
            break;
        };
        if head.crc == checksum(head.number, message) {
            records.push(Record {
                number: head.number,
                offset: offset as u64,
                length: head.length,
            });
        } else {
            damaged += 1;
        }
        offset += RECORD_BYTES as usize + message.len();
    }
    (records, offset as u64, damaged)
}

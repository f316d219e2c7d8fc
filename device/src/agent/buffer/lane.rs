//! The segments of one sort of frame. Waves and numerics lie apart, so that giving up the oldest
//! waves is deleting a file.

use std::{collections::BTreeMap, fs::File, io, path::PathBuf};

use super::segment::{Record, Segment};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneName {
    Numerics,
    Waves,
}

impl LaneName {
    pub const fn word(self) -> &'static str {
        match self {
            LaneName::Numerics => "numerics",
            LaneName::Waves => "waves",
        }
    }
}

#[derive(Debug)]
pub(super) struct Lane {
    name: LaneName,
    /// `None` keeps the segments in memory.
    folder: Option<PathBuf>,
    segments: BTreeMap<u64, Segment>,
    /// Full files, and the folder, that were not yet brought to the disk.
    unsynced: Vec<File>,
    /// The last segment grew since it was last brought there.
    grew: bool,
}

impl Lane {
    pub fn new(name: LaneName, folder: Option<PathBuf>) -> Self {
        Self {
            name,
            folder,
            segments: BTreeMap::new(),
            unsynced: Vec::new(),
            grew: false,
        }
    }

    /// `(segment, its file)` in the order they were begun.
    pub fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let id = path
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.strip_prefix(self.name.word()))
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|rest| rest.strip_suffix(".frames"))
                .and_then(|digits| u64::from_str_radix(digits, 16).ok());
            if let Some(id) = id {
                files.push((id, path));
            }
        }
        files.sort();
        Ok(files)
    }

    pub fn adopt(&mut self, id: u64, segment: Segment) {
        self.segments.insert(id, segment);
    }

    pub fn bytes(&self) -> u64 {
        self.segments.values().map(Segment::length).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.segments.values().all(|segment| segment.live == 0)
    }

    pub fn last(&self) -> Option<(u64, u64)> {
        self.segments
            .last_key_value()
            .map(|(id, segment)| (*id, segment.length()))
    }

    pub fn begin(&mut self, id: u64, first: u64) -> io::Result<()> {
        let path = self
            .folder
            .as_ref()
            .map(|folder| folder.join(format!("{}-{id:016x}.frames", self.name.word())));
        // The segment before this one is full: it still has to reach the disk.
        self.collect_unsynced()?;
        self.segments.insert(id, Segment::create(path, first)?);
        if let Some(folder) = &self.folder {
            self.unsynced.push(File::open(folder)?);
        }
        Ok(())
    }

    pub fn append(&mut self, number: u64, message: &[u8]) -> io::Result<(u64, Record)> {
        let mut last = self.segments.last_entry().ok_or(io::ErrorKind::NotFound)?;
        let record = last.get_mut().append(number, message)?;
        self.grew = true;
        Ok((*last.key(), record))
    }

    pub fn read(&mut self, segment: u64, record: Record) -> io::Result<Vec<u8>> {
        self.segments
            .get_mut(&segment)
            .ok_or(io::ErrorKind::NotFound)?
            .read(record)
    }

    /// One frame of `segment` is final. Its file goes when all are and nothing is appended to it any more.
    pub fn settle(&mut self, segment: u64) -> io::Result<()> {
        let Some(held) = self.segments.get_mut(&segment) else {
            return Ok(());
        };
        held.live = held.live.saturating_sub(1);
        let is_last = self.segments.last_key_value().map(|(id, _)| *id) == Some(segment);
        if !is_last {
            self.remove_settled()?;
        }
        Ok(())
    }

    pub fn remove_settled(&mut self) -> io::Result<()> {
        let last = self.segments.last_key_value().map(|(id, _)| *id);
        let settled: Vec<u64> = self
            .segments
            .iter()
            .filter(|(id, segment)| segment.live == 0 && Some(**id) != last)
            .map(|(id, _)| *id)
            .collect();
        settled.into_iter().try_for_each(|id| self.remove(id))
    }

    pub fn remove(&mut self, id: u64) -> io::Result<()> {
        match self.segments.remove(&id) {
            Some(segment) => segment.remove(),
            None => Ok(()),
        }
    }

    pub fn oldest(&self) -> Option<u64> {
        self.segments.first_key_value().map(|(id, _)| *id)
    }

    fn collect_unsynced(&mut self) -> io::Result<()> {
        if let Some((_, last)) = self.segments.last_key_value()
            && std::mem::take(&mut self.grew)
        {
            self.unsynced.extend(last.handle()?);
        }
        Ok(())
    }

    pub fn take_unsynced(&mut self) -> io::Result<Vec<File>> {
        self.collect_unsynced()?;
        Ok(std::mem::take(&mut self.unsynced))
    }
}

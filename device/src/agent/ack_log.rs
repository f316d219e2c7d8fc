//! What the server has said is stored, as lines `epoch seq`: the device's own account, for comparing
//! it with what the server gives back.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

#[derive(Debug)]
pub(super) struct AckLog {
    file: File,
}

impl AckLog {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file })
    }

    /// One write, so that a killed agent leaves whole lines.
    pub fn note(&mut self, epoch: u64, seqs: &[u64]) -> io::Result<()> {
        let lines: String = seqs.iter().map(|seq| format!("{epoch} {seq}\n")).collect();
        self.file.write_all(lines.as_bytes())
    }
}

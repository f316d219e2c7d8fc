//! Frames on the device's disk until the server has them.
//!
//! Promises:
//! - A frame is written to its file before [`Buffer::append`] returns, so killing the process loses
//!   nothing. While it holds anything, its files are brought to the disk (`fdatasync`) once a second,
//!   and at a clean stop, so losing power loses at most the last second. That is the only policy there is.
//! - A number is never used twice: should power loss take frames that the server had already seen,
//!   [`Buffer::server_expects`] begins a new epoch.
//! - It never holds more bytes than its limit. When full, whole segments go, the oldest waves first,
//!   and only when no wave is left the oldest numerics. What goes is counted and returned. The
//!   sequence numbers of lost frames stay unused, so the server stores a gap and not a lie.
//!
//! Which frames are final is not written down: after a crash some are offered again, and the
//! server's `Welcome` says which of them it has.

mod lane;
mod numbering;
mod segment;
mod set_aside;

use fleetward_common::{
    devices::link::{Channel, DeviceMessage, Refusal, decode, encode},
    time::Instant,
};
use std::{
    collections::VecDeque,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;

use super::draft::FrameDraft;
use lane::{Lane, LaneName};
use numbering::Numbering;
use segment::{HEADER_BYTES, RECORD_BYTES, Record, Segment};

#[derive(Debug, Error)]
pub enum BufferError {
    #[error("another agent is using the buffer in {}", folder.display())]
    InUse { folder: PathBuf },
    #[error("could not {step}")]
    Disk {
        step: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("a frame of {bytes} bytes is larger than the whole buffer")]
    LargerThanBuffer { bytes: u64 },
}

fn failed(step: &'static str) -> impl Fn(io::Error) -> BufferError {
    move |source| BufferError::Disk { step, source }
}

/// Frames given up because the buffer was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shed {
    pub waves: u64,
    pub numerics: u64,
}

impl Shed {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a server's `Welcome` meant for the buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Agreement {
    /// These sequence numbers turned out to be final.
    Agreed { already_stored: Vec<u64> },
    /// The server has seen numbers this device doesn't remember giving: `Hello` has to be said again.
    NewEpoch { already_stored: Vec<u64> },
}

#[derive(Debug, Clone, Copy)]
struct Held {
    record: Record,
    lane: LaneName,
    segment: u64,
}

#[derive(Debug)]
pub struct Buffer {
    /// `None` keeps everything in memory.
    folder: Option<PathBuf>,
    _lock: Option<File>,
    limit: u64,
    numbering: Numbering,
    next: u64,
    /// No frame from this number on was ever on a line.
    unsent_from: u64,
    next_segment: u64,
    held: VecDeque<Held>,
    numerics: Lane,
    waves: Lane,
    damaged: u64,
}

impl Buffer {
    /// Opens what an earlier run left in `folder`, or begins anew with an epoch named after `now`.
    /// `channels` are those that the frames appended from now on will name.
    pub fn open(
        folder: &Path,
        limit: u64,
        channels: Vec<Channel>,
        now: Instant,
    ) -> Result<Self, BufferError> {
        fs::create_dir_all(folder).map_err(failed("create the buffer's folder"))?;
        let lock = lock(folder)?;
        let numbering = Numbering::load(folder).map_err(failed("read the buffer's numbering"))?;
        let mut buffer = Self::empty(Some(folder.to_owned()), limit, now);
        buffer._lock = Some(lock);
        let is_new = numbering.is_none();
        if let Some(numbering) = numbering {
            buffer.numbering = numbering;
        }
        buffer.recover().map_err(failed("read the buffered frames"))?;
        if buffer.declare(channels) || is_new {
            buffer.store_numbering()?;
        }
        Ok(buffer)
    }

    /// For load generators: nothing survives the process.
    pub fn in_memory(limit: u64, channels: Vec<Channel>, now: Instant) -> Self {
        let mut buffer = Self::empty(None, limit, now);
        buffer.declare(channels);
        buffer
    }

    fn empty(folder: Option<PathBuf>, limit: u64, now: Instant) -> Self {
        Self {
            numerics: Lane::new(LaneName::Numerics, folder.clone()),
            waves: Lane::new(LaneName::Waves, folder.clone()),
            folder,
            _lock: None,
            limit,
            numbering: Numbering::of_epoch(epoch_of(now)),
            next: 0,
            unsent_from: 0,
            next_segment: 0,
            held: VecDeque::new(),
            damaged: 0,
        }
    }

    fn recover(&mut self) -> io::Result<()> {
        let mut held = Vec::new();
        for name in [LaneName::Numerics, LaneName::Waves] {
            for (id, path) in self.lane(name).files()? {
                self.next_segment = self.next_segment.max(id + 1);
                let Some((segment, found)) = Segment::open(&path)? else {
                    fs::remove_file(&path)?;
                    continue;
                };
                self.damaged += found.damaged;
                self.next = self.next.max(found.first);
                self.lane_mut(name).adopt(id, segment);
                held.extend(found.records.into_iter().map(|record| Held {
                    record,
                    lane: name,
                    segment: id,
                }));
            }
        }
        held.sort_by_key(|held| held.record.number);
        self.held = held.into();
        if let Some(last) = self.held.back() {
            self.next = self.next.max(last.record.number + 1);
        }
        let last_era = self.numbering.eras.last().map_or(0, |era| era.since);
        self.next = self.next.max(self.numbering.starts_at).max(last_era);
        self.unsent_from = self.next;
        self.settle_below(self.numbering.starts_at)?;
        self.numerics.remove_settled()?;
        self.waves.remove_settled()
    }

    fn declare(&mut self, channels: Vec<Channel>) -> bool {
        let oldest = self.held.front().map_or(self.next, |held| held.record.number);
        self.numbering.declare(channels, self.next, oldest)
    }

    fn store_numbering(&self) -> Result<(), BufferError> {
        self.folder.as_ref().map_or(Ok(()), |folder| {
            self.numbering
                .store(folder)
                .map_err(failed("write the buffer's numbering"))
        })
    }

    fn lane(&self, name: LaneName) -> &Lane {
        match name {
            LaneName::Numerics => &self.numerics,
            LaneName::Waves => &self.waves,
        }
    }

    fn lane_mut(&mut self, name: LaneName) -> &mut Lane {
        match name {
            LaneName::Numerics => &mut self.numerics,
            LaneName::Waves => &mut self.waves,
        }
    }

    fn seq(&self, number: u64) -> u64 {
        number.saturating_sub(self.numbering.starts_at)
    }

    fn number(&self, seq: u64) -> u64 {
        self.numbering.starts_at.saturating_add(seq)
    }

    pub fn epoch(&self) -> u64 {
        self.numbering.epoch
    }

    /// The sequence number of the oldest frame held, or of the next one to be made.
    pub fn oldest_seq(&self) -> u64 {
        self.seq(self.held.front().map_or(self.next, |held| held.record.number))
    }

    pub fn next_seq(&self) -> u64 {
        self.seq(self.next)
    }

    /// The channels to say `Hello` with now, and the first sequence number that needs others.
    pub fn channels(&self) -> (Vec<Channel>, Option<u64>) {
        let oldest = self.held.front().map_or(self.next, |held| held.record.number);
        let (channels, until) = self.numbering.era_of(oldest);
        (channels, until.map(|number| self.seq(number)))
    }

    pub fn held_frames(&self) -> u64 {
        self.held.len().try_into().unwrap_or(u64::MAX)
    }

    pub fn bytes(&self) -> u64 {
        self.numerics.bytes() + self.waves.bytes()
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Records that were not what had been written. Their frames are lost, and were left out.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The sequence numbers held, oldest first.
    pub fn held(&self) -> impl Iterator<Item = u64> + '_ {
        self.held.iter().map(|held| self.seq(held.record.number))
    }

    /// Gives the draft the next sequence number. A draft with waves is a frame that may be given up
    /// first; [`FrameDraft::portions`] keeps numerics out of it.
    pub fn append(&mut self, draft: FrameDraft) -> Result<Shed, BufferError> {
        let name = if draft.waves.is_empty() {
            LaneName::Numerics
        } else {
            LaneName::Waves
        };
        let number = self.next;
        let frame = draft.numbered(self.epoch(), self.seq(number));
        let message = encode(&DeviceMessage::Frame(frame));
        let shed = self.make_room(RECORD_BYTES + message.len() as u64)?;
        let write = failed("write a frame to the buffer");
        let full = self.limit / 16;
        let needs_new = self
            .lane(name)
            .last()
            .is_none_or(|(_, length)| length >= full.clamp(512, 1 << 20));
        if needs_new {
            self.begin_segment(name).map_err(&write)?;
        }
        let (segment, record) = self.lane_mut(name).append(number, &message).map_err(&write)?;
        self.held.push_back(Held {
            record,
            lane: name,
            segment,
        });
        self.next += 1;
        Ok(shed)
    }

    fn begin_segment(&mut self, name: LaneName) -> io::Result<()> {
        let (id, first) = (self.next_segment, self.next);
        self.next_segment += 1;
        self.lane_mut(name).begin(id, first)?;
        self.lane_mut(name).remove_settled()
    }

    fn make_room(&mut self, bytes: u64) -> Result<Shed, BufferError> {
        let needed = bytes + HEADER_BYTES;
        if needed + 2 * HEADER_BYTES > self.limit {
            return Err(BufferError::LargerThanBuffer { bytes });
        }
        let mut shed = Shed::default();
        while self.bytes() + needed > self.limit {
            let before = self.bytes();
            self.make_some_room(&mut shed)
                .map_err(failed("make room in the buffer"))?;
            if self.bytes() >= before {
                return Err(BufferError::LargerThanBuffer { bytes });
            }
        }
        Ok(shed)
    }

    fn make_some_room(&mut self, shed: &mut Shed) -> io::Result<()> {
        // Segments whose frames are all final cost nothing to give up.
        for name in [LaneName::Waves, LaneName::Numerics] {
            let used = self.lane(name).last().map_or(0, |(_, length)| length);
            if self.lane(name).is_empty() && used > HEADER_BYTES {
                return self.begin_segment(name);
            }
        }
        let name = if self.waves.is_empty() {
            LaneName::Numerics
        } else {
            LaneName::Waves
        };
        let Some(victim) = self.lane(name).oldest() else {
            return Ok(());
        };
        if self.lane(name).last().map(|(id, _)| id) == Some(victim) {
            // The next number lives in the newest segment's header: never be without one.
            self.begin_segment(name)?;
        }
        let before = self.held.len();
        self.held
            .retain(|held| held.lane != name || held.segment != victim);
        let gone = (before - self.held.len()) as u64;
        match name {
            LaneName::Waves => shed.waves += gone,
            LaneName::Numerics => shed.numerics += gone,
        }
        self.lane_mut(name).remove(victim)
    }

    /// The first frame held with this sequence number or a greater one, as the message to send.
    /// Frames that turn out to be damaged are left out.
    pub fn message_from(&mut self, seq: u64) -> Result<Option<(u64, Vec<u8>)>, BufferError> {
        let number = self.number(seq);
        loop {
            let at = self.held.partition_point(|held| held.record.number < number);
            let Some(held) = self.held.get(at).copied() else {
                return Ok(None);
            };
            match self.lane_mut(held.lane).read(held.segment, held.record) {
                Ok(message) => {
                    let seq = self.seq(held.record.number);
                    return Ok(Some((seq, self.as_numbered_now(held, message))));
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.damaged += 1;
                    self.held.remove(at);
                    self.settle(held)?;
                }
                Err(source) => return Err(failed("read a frame from the buffer")(source)),
            }
        }
    }

    fn as_numbered_now(&self, held: Held, message: Vec<u8>) -> Vec<u8> {
        if held.record.number >= self.numbering.written_anew_from {
            return message;
        }
        match decode::<DeviceMessage>(&message) {
            Ok(DeviceMessage::Frame(mut frame)) => {
                frame.epoch = self.epoch();
                frame.seq = self.seq(held.record.number);
                encode(&DeviceMessage::Frame(frame))
            }
            _ => message,
        }
    }

    /// This frame is about to be on a line: from now on the server may know its number.
    pub fn note_sent(&mut self, seq: u64) {
        self.unsent_from = self.unsent_from.max(self.number(seq).saturating_add(1));
    }

    /// Every frame up to and including `through` is final. Returns those that were held.
    pub fn acknowledge(&mut self, through: u64) -> Result<Vec<u64>, BufferError> {
        let below = self.number(through).saturating_add(1);
        let at = self.held.partition_point(|held| held.record.number < below);
        let seqs = self.held().take(at).collect();
        self.settle_below(below)
            .map_err(failed("delete acknowledged frames"))?;
        Ok(seqs)
    }

    fn settle_below(&mut self, number: u64) -> io::Result<()> {
        while let Some(held) = self.held.pop_front_if(|held| held.record.number < number) {
            self.lane_mut(held.lane).settle(held.segment)?;
        }
        Ok(())
    }

    fn settle(&mut self, held: Held) -> Result<(), BufferError> {
        self.lane_mut(held.lane)
            .settle(held.segment)
            .map_err(failed("delete a frame"))
    }

    /// The server will never store this frame. Says whether it was held.
    pub fn refuse(&mut self, seq: u64, refusal: &Refusal) -> Result<bool, BufferError> {
        let number = self.number(seq);
        let at = self.held.partition_point(|held| held.record.number < number);
        let Some(held) = self.held.get(at).copied() else {
            return Ok(false);
        };
        if held.record.number != number {
            return Ok(false);
        }
        self.copy_aside(&[seq], refusal)?;
        self.held.retain(|other| other.record.number != number);
        self.settle(held)?;
        Ok(true)
    }

    /// Copies frames to where the refused ones lie; they stay in the buffer.
    pub fn copy_aside(&mut self, seqs: &[u64], refusal: &Refusal) -> Result<(), BufferError> {
        let Some(folder) = self.folder.as_ref().map(|folder| folder.join("refused")) else {
            return Ok(());
        };
        for seq in seqs {
            match self.message_from(*seq)? {
                Some((found, message)) if found == *seq => {
                    set_aside::set_aside(&folder, self.epoch(), found, &message, refusal)
                        .map_err(failed("set a refused frame aside"))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the server says it wants next of this epoch.
    pub fn server_expects(&mut self, next_seq: u64, now: Instant) -> Result<Agreement, BufferError> {
        if self.number(next_seq) <= self.unsent_from {
            let already_stored = match next_seq.checked_sub(1) {
                Some(through) => self.acknowledge(through)?,
                None => Vec::new(),
            };
            return Ok(Agreement::Agreed { already_stored });
        }
        // Only losing the end of the buffer can bring this about. All that was ever sent is below
        // what the server has, so it is final; the rest gets numbers that nobody knows yet.
        let already_stored = match self.seq(self.unsent_from).checked_sub(1) {
            Some(through) => self.acknowledge(through)?,
            None => Vec::new(),
        };
        self.numbering.epoch = epoch_of(now).max(self.numbering.epoch.saturating_add(1));
        self.numbering.starts_at = self.unsent_from;
        self.numbering.written_anew_from = self.next;
        self.store_numbering()?;
        Ok(Agreement::NewEpoch { already_stored })
    }

    /// Handles of the files that changed, for whoever may block until they are on the disk.
    pub fn take_unsynced(&mut self) -> Result<Vec<File>, BufferError> {
        let mut files = self
            .numerics
            .take_unsynced()
            .map_err(failed("open a buffer's file"))?;
        files.extend(
            self.waves
                .take_unsynced()
                .map_err(failed("open a buffer's file"))?,
        );
        Ok(files)
    }
}

/// Greater than every epoch before it as long as the device's clock does not run backwards.
fn epoch_of(now: Instant) -> u64 {
    u64::try_from(now.micros()).unwrap_or(0).max(1)
}

fn lock(folder: &Path) -> Result<File, BufferError> {
    let file = File::create(folder.join("lock")).map_err(failed("create the buffer's lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BufferError::InUse {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed("lock the buffer")(source)),
    }
}

#[cfg(test)]
mod tests;

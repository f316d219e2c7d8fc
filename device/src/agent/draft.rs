//! What a device measured, before the buffer gives it a number.

use fleetward_common::{
    devices::link::{
        DeviceMessage, Frame, MAX_MESSAGE_BYTES, NumericBlock, RawReading, RawValue, Samples, WaveBlock,
        encode,
    },
    text::FaultCode,
    time::{Instant, SampleRate},
};
use thiserror::Error;

/// A frame without epoch and sequence number. Times inside are relative to `base`.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameDraft {
    pub base: Instant,
    pub numerics: Vec<NumericBlock>,
    pub waves: Vec<WaveBlock>,
    pub faults: Option<Vec<FaultCode>>,
}

/// A list of faults can't be halved without changing its meaning.
#[derive(Debug, Error)]
#[error("a frame of {bytes} bytes is larger than one message may be, and can't be divided")]
pub struct Indivisible {
    bytes: usize,
}

impl FrameDraft {
    pub fn at(base: Instant) -> Self {
        Self {
            base,
            numerics: Vec::new(),
            waves: Vec::new(),
            faults: None,
        }
    }

    pub fn add_reading(&mut self, channel: u16, at: Instant, value: RawValue) {
        let reading = RawReading {
            at: at.offset_from(self.base),
            value,
        };
        match self.numerics.iter_mut().find(|block| block.channel == channel) {
            Some(block) => block.readings.push(reading),
            None => self.numerics.push(NumericBlock {
                channel,
                readings: vec![reading],
            }),
        }
    }

    pub fn add_samples(&mut self, channel: u16, start: Instant, samples: &[i32]) {
        if !samples.is_empty() {
            self.waves.push(WaveBlock {
                channel,
                start: start.offset_from(self.base),
                samples: Samples::pack(samples),
            });
        }
    }

    pub fn with_reading(mut self, channel: u16, at: Instant, value: RawValue) -> Self {
        self.add_reading(channel, at, value);
        self
    }

    pub fn with_samples(mut self, channel: u16, start: Instant, samples: &[i32]) -> Self {
        self.add_samples(channel, start, samples);
        self
    }

    /// All faults active now; an empty list says that there are none any more.
    pub fn with_faults(mut self, faults: Vec<FaultCode>) -> Self {
        self.faults = Some(faults);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.numerics.is_empty() && self.waves.is_empty() && self.faults.is_none()
    }

    pub fn readings(&self) -> usize {
        self.numerics.iter().map(|block| block.readings.len()).sum()
    }

    pub fn numbered(self, epoch: u64, seq: u64) -> Frame {
        Frame {
            epoch,
            seq,
            base: self.base,
            numerics: self.numerics,
            waves: self.waves,
            faults: self.faults,
        }
    }

    /// The same content as frames that each fit into one message, numerics and waves apart: a full
    /// buffer gives up waves, and must not lose a heart rate that happened to travel with them.
    pub fn portions(
        mut self,
        rate_of: &dyn Fn(u16) -> Option<SampleRate>,
    ) -> Result<Vec<FrameDraft>, Indivisible> {
        let waves = FrameDraft {
            waves: std::mem::take(&mut self.waves),
            ..FrameDraft::at(self.base)
        };
        let mut portions = Vec::new();
        for part in [self, waves] {
            if !part.is_empty() {
                part.divide(rate_of, &mut portions)?;
            }
        }
        Ok(portions)
    }

    fn divide(
        self,
        rate_of: &dyn Fn(u16) -> Option<SampleRate>,
        into: &mut Vec<FrameDraft>,
    ) -> Result<(), Indivisible> {
        let bytes = encode(&DeviceMessage::Frame(self.clone().numbered(u64::MAX, u64::MAX))).len();
        if bytes <= MAX_MESSAGE_BYTES {
            into.push(self);
            return Ok(());
        }
        let (first, second) = self.halved(rate_of);
        if first.is_empty() || second.is_empty() {
            return Err(Indivisible { bytes });
        }
        first.divide(rate_of, into)?;
        second.divide(rate_of, into)
    }

    fn halved(mut self, rate_of: &dyn Fn(u16) -> Option<SampleRate>) -> (FrameDraft, FrameDraft) {
        let mut second = FrameDraft::at(self.base);
        match self.numerics.as_mut_slice() {
            [] => {}
            [only] => {
                let readings = only.readings.split_off(only.readings.len() / 2);
                let channel = only.channel;
                if !readings.is_empty() {
                    second.numerics.push(NumericBlock { channel, readings });
                }
            }
            several => {
                let middle = several.len() / 2;
                second.numerics = self.numerics.split_off(middle);
            }
        }
        match self.waves.as_mut_slice() {
            [] => {}
            [only] => {
                if let Some(rest) = halve_block(only, self.base, rate_of(only.channel)) {
                    second.waves.push(rest);
                }
            }
            several => {
                let middle = several.len() / 2;
                second.waves = self.waves.split_off(middle);
            }
        }
        (self, second)
    }
}

/// Takes the later half out of `block`. `None` when its channel has no rate, so the time of the
/// later half is unknown.
fn halve_block(block: &mut WaveBlock, base: Instant, rate: Option<SampleRate>) -> Option<WaveBlock> {
    let rate = rate?;
    let middle = block.samples.len() / 2;
    let rest = match &mut block.samples {
        Samples::Narrow(samples) => Samples::Narrow(samples.split_off(middle)),
        Samples::Wide(samples) => Samples::Wide(samples.split_off(middle)),
    };
    let start = rate.instant_of(base.shifted(block.start), u64::try_from(middle).ok()?);
    Some(WaveBlock {
        channel: block.channel,
        start: start.offset_from(base),
        samples: rest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::unit::Decimal;

    const RATE: SampleRate = SampleRate::hertz(250);

    fn noon() -> Instant {
        Instant::from_millis(1_764_072_000_000)
    }

    #[test]
    fn an_hour_of_ecg_is_divided_into_messages_that_join_without_a_seam() {
        let samples: Vec<i32> = (0..900_000).map(|n| n % 30_000).collect();
        let draft = FrameDraft::at(noon()).with_samples(7, noon(), &samples);
        let portions = draft.portions(&|_| Some(RATE)).unwrap();

        let mut joined = Vec::new();
        for portion in &portions {
            let bytes = encode(&DeviceMessage::Frame(portion.clone().numbered(1, 1))).len();
            assert!(bytes <= MAX_MESSAGE_BYTES, "{bytes}");
            for block in &portion.waves {
                let expected = RATE.instant_of(noon(), joined.len() as u64);
                assert_eq!(noon().shifted(block.start), expected);
                joined.extend(block.samples.iter());
            }
        }
        assert_eq!(joined, samples);
    }

    #[test]
    fn a_heart_rate_never_shares_a_frame_with_the_waves_that_may_be_given_up() {
        let value = RawValue::Known(Decimal::whole(72));
        let draft = FrameDraft::at(noon())
            .with_reading(1, noon(), value)
            .with_samples(7, noon(), &[1, 2, 3]);
        let portions = draft.portions(&|_| Some(RATE)).unwrap();
        assert_eq!(portions.len(), 2);
        assert!(
            portions
                .iter()
                .all(|frame| frame.numerics.is_empty() != frame.waves.is_empty())
        );
    }

    #[test]
    fn every_reading_of_a_month_survives_the_division_in_order() {
        let value = |n: i64| RawValue::Known(Decimal::new(n, -1));
        let mut draft = FrameDraft::at(noon());
        for n in 0..40_000 {
            draft.add_reading(1, noon().shifted(n * 60_000_000), value(n));
        }
        let portions = draft.clone().portions(&|_| None).unwrap();
        let joined: Vec<RawReading> = portions
            .iter()
            .flat_map(|frame| frame.numerics.iter().flat_map(|block| block.readings.clone()))
            .collect();
        assert!(portions.len() > 1);
        assert_eq!(joined, draft.numerics[0].readings);
    }

    #[test]
    fn faults_that_fit_no_message_are_refused_instead_of_cut() {
        let fault = FaultCode::parse("F-311-ABCDEFGHIJKLMNOPQRSTUVWXYZ").unwrap();
        let draft = FrameDraft::at(noon()).with_faults(vec![fault; 3_000]);
        assert!(draft.portions(&|_| None).is_err());
    }
}

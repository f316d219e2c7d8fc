//! One message from its bytes. A message that can't be read is walked again, piece by piece, to name the
//! field that is wrong: whoever builds a device needs to know.

use fleetward_common::{
    devices::link::{self, DeviceMessage, MAX_MESSAGE_BYTES, RawValue, Refusal, RefusalCode, Samples},
    text::FaultCode,
};
use minicbor::Decoder;

pub fn decode(bytes: &[u8]) -> Result<DeviceMessage, Refusal> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        let (seq, _) = walk(bytes.get(..MAX_MESSAGE_BYTES).unwrap_or(bytes));
        return Err(Refusal {
            seq,
            code: RefusalCode::TooLarge,
            field: "message".to_owned(),
        });
    }
    link::decode(bytes).map_err(|_cause| {
        let (seq, field) = walk(bytes);
        Refusal {
            seq,
            code: RefusalCode::Malformed,
            field: field.unwrap_or_else(|| "message".to_owned()),
        }
    })
}

/// The sequence number, as far as it can be read, and the first field that can't.
fn walk(bytes: &[u8]) -> (Option<u64>, Option<String>) {
    let mut walk = Walk {
        decoder: Decoder::new(bytes),
        seq: None,
    };
    let broken = walk.message().err();
    (walk.seq, broken)
}

struct Walk<'b> {
    decoder: Decoder<'b>,
    seq: Option<u64>,
}

type Step = Result<(), String>;

impl Walk<'_> {
    fn message(&mut self) -> Step {
        self.array("message")?;
        let kind = self.decoder.u32().or(Err("kind"))?;
        match kind {
            0 => Err("hello".to_owned()),
            1 => {
                self.array("frame")?;
                self.frame()
            }
            2 => Ok(()),
            _ => Err("kind".to_owned()),
        }
    }

    fn frame(&mut self) -> Step {
        let fields = self.array("frame")?;
        // The last one, `faults`, is left out when there is nothing to say.
        if fields < 5 {
            return Err("frame".to_owned());
        }
        self.decoder.u64().or(Err("epoch"))?;
        self.seq = Some(self.decoder.u64().or(Err("seq"))?);
        self.decoder.i64().or(Err("base"))?;
        for block in 0..self.array("numerics")? {
            self.numeric_block(&format!("numerics[{block}]"))?;
        }
        for block in 0..self.array("waves")? {
            self.wave_block(&format!("waves[{block}]"))?;
        }
        if fields < 6 {
            return Ok(());
        }
        self.decoder
            .decode::<Option<Vec<FaultCode>>>()
            .map(|_| ())
            .map_err(|_cause| "faults".to_owned())
    }

    fn numeric_block(&mut self, name: &str) -> Step {
        self.array(name)?;
        self.decoder.u16().map_err(|_cause| format!("{name}.channel"))?;
        for reading in 0..self.array(&format!("{name}.readings"))? {
            let name = format!("{name}.readings[{reading}]");
            self.array(&name)?;
            self.decoder.i64().map_err(|_cause| format!("{name}.at"))?;
            self.decoder
                .decode::<RawValue>()
                .map_err(|_cause| format!("{name}.value"))?;
        }
        Ok(())
    }

    fn wave_block(&mut self, name: &str) -> Step {
        self.array(name)?;
        self.decoder.u16().map_err(|_cause| format!("{name}.channel"))?;
        self.decoder.i64().map_err(|_cause| format!("{name}.start"))?;
        self.decoder
            .decode::<Samples>()
            .map(|_| ())
            .map_err(|_cause| format!("{name}.samples"))
    }

    fn array(&mut self, name: &str) -> Result<u64, String> {
        match self.decoder.array() {
            Ok(Some(length)) => Ok(length),
            _ => Err(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::link::{Frame, NumericBlock, RawReading, WaveBlock},
        time::Instant,
        unit::Decimal,
    };

    fn frame() -> Frame {
        let reading = |at| RawReading {
            at,
            value: RawValue::Known(Decimal::whole(72)),
        };
        Frame {
            epoch: 3,
            seq: 4_711,
            base: Instant::from_millis(1_764_000_000_000),
            numerics: vec![NumericBlock {
                channel: 0,
                readings: vec![reading(0), reading(1_000_000)],
            }],
            waves: vec![WaveBlock {
                channel: 1,
                start: 0,
                samples: Samples::Narrow(vec![1, 2, 3]),
            }],
            faults: None,
        }
    }

    fn encoded() -> Vec<u8> {
        link::encode(&DeviceMessage::Frame(frame()))
    }

    #[test]
    fn a_sound_frame_is_read() {
        assert_eq!(decode(&encoded()), Ok(DeviceMessage::Frame(frame())));
    }

    #[test]
    fn a_cut_frame_names_the_field_where_it_ends() {
        let bytes = encoded();
        let refusal = decode(&bytes[..bytes.len() - 4]).unwrap_err();
        assert_eq!(
            (refusal.seq, refusal.code, refusal.field.as_str()),
            (Some(4_711), RefusalCode::Malformed, "waves[0].samples")
        );
    }

    #[test]
    fn every_cut_is_refused_and_names_something() {
        let bytes = encoded();
        for end in 0..bytes.len() {
            let refusal = decode(&bytes[..end]).unwrap_err();
            assert!(!refusal.field.is_empty(), "{end}");
        }
    }

    #[test]
    fn bytes_after_a_frame_are_refused_with_its_number() {
        let mut bytes = encoded();
        bytes.push(0);
        let refusal = decode(&bytes).unwrap_err();
        assert_eq!((refusal.seq, refusal.field.as_str()), (Some(4_711), "message"));
    }

    #[test]
    fn a_frame_of_more_than_64_kib_is_too_large_and_keeps_its_number() {
        let mut large = frame();
        large.waves[0].samples = Samples::Narrow(vec![0; 40_000]);
        let refusal = decode(&link::encode(&DeviceMessage::Frame(large))).unwrap_err();
        assert_eq!((refusal.seq, refusal.code), (Some(4_711), RefusalCode::TooLarge));
    }

    #[test]
    fn what_is_no_cbor_at_all_is_a_malformed_message() {
        let refusal = decode(b"GET / HTTP/1.1").unwrap_err();
        assert_eq!((refusal.seq, refusal.code), (None, RefusalCode::Malformed));
    }
}

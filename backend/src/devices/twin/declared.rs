//! What a connection's `Hello` declared, and whether a frame keeps to it.

use fleetward_common::{
    devices::link::{Channel, ChannelSignal, Frame, RawValue, Refusal, RefusalCode},
    metric::{MetricCode, Shape},
    unit::Decimal,
};

/// Offsets from a frame's base beyond a century are no measurement, and would overflow a time.
const CENTURY: u64 = 100 * 366 * 86_400 * 1_000_000;

/// One declared channel, resolved once so that frames need no look-up by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    pub id: u16,
    /// Where the twin keeps this metric.
    pub slot: u16,
    pub unit: u32,
    is_wave: bool,
    /// Why frames can't use this channel, if they can't.
    fault: Option<Fault>,
}

/// What is wrong with a declaration. One byte, for there is one per channel of each device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Rate,
    Exponent,
    Unit,
    Signal,
}

impl Fault {
    const fn code(self) -> RefusalCode {
        match self {
            Fault::Rate | Fault::Exponent => RefusalCode::OutOfBounds,
            Fault::Unit | Fault::Signal => RefusalCode::WrongShape,
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Fault::Rate => "rate",
            Fault::Exponent => "exponent",
            Fault::Unit => "unit",
            Fault::Signal => "signal",
        }
    }
}

impl Declared {
    pub fn resolve(channel: &Channel, slot: u16) -> Self {
        let metric = channel.metric.normalised();
        Self {
            id: channel.id,
            slot,
            unit: channel.unit,
            is_wave: matches!(channel.signal, ChannelSignal::Wave { .. }),
            fault: fault_of(channel, metric),
        }
    }
}

fn fault_of(channel: &Channel, metric: MetricCode) -> Option<Fault> {
    if let ChannelSignal::Wave { rate, exponent } = channel.signal {
        if !rate.is_sound() {
            return Some(Fault::Rate);
        }
        if !Decimal::EXPONENTS.contains(&exponent) {
            return Some(Fault::Exponent);
        }
    }
    let known = metric.metric()?;
    let is_wave = matches!(channel.signal, ChannelSignal::Wave { .. });
    if channel.unit != known.unit.mdc() {
        return Some(Fault::Unit);
    }
    // Some devices send slow signals of a numeric metric as samples; only the reverse makes no sense.
    if known.shape == Shape::Wave && !is_wave {
        return Some(Fault::Signal);
    }
    None
}

pub fn find(declared: &[Declared], id: u16) -> Option<&Declared> {
    // Devices number their channels from 0 as a rule; then this is one look.
    match declared.get(usize::from(id)) {
        Some(channel) if channel.id == id => Some(channel),
        _ => declared.iter().find(|channel| channel.id == id),
    }
}

/// Whether every block names a channel of its own kind and holds nothing absurd. Values themselves
/// are never refused here: what is implausible is kept and marked.
pub fn check(frame: &Frame, declared: &[Declared]) -> Result<(), Refusal> {
    let refuse = |code, field: String| Refusal {
        seq: Some(frame.seq),
        code,
        field,
    };
    for (block, numeric) in frame.numerics.iter().enumerate() {
        let Some(channel) = find(declared, numeric.channel) else {
            return Err(refuse(
                RefusalCode::UnknownChannel,
                format!("numerics[{block}].channel"),
            ));
        };
        if let Some(fault) = channel.fault {
            return Err(refuse(
                fault.code(),
                format!("numerics[{block}].channel.{}", fault.field()),
            ));
        }
        if channel.is_wave {
            return Err(refuse(
                RefusalCode::WrongShape,
                format!("numerics[{block}].channel"),
            ));
        }
        for (index, reading) in numeric.readings.iter().enumerate() {
            if reading.at.unsigned_abs() > CENTURY {
                let field = format!("numerics[{block}].readings[{index}].at");
                return Err(refuse(RefusalCode::OutOfBounds, field));
            }
            let sound = match reading.value {
                RawValue::Known(number) => Decimal::EXPONENTS.contains(&number.exponent),
                RawValue::Absent(_) => true,
            };
            if !sound {
                let field = format!("numerics[{block}].readings[{index}].value.exponent");
                return Err(refuse(RefusalCode::OutOfBounds, field));
            }
        }
    }
    for (block, wave) in frame.waves.iter().enumerate() {
        let Some(channel) = find(declared, wave.channel) else {
            return Err(refuse(
                RefusalCode::UnknownChannel,
                format!("waves[{block}].channel"),
            ));
        };
        if let Some(fault) = channel.fault {
            return Err(refuse(
                fault.code(),
                format!("waves[{block}].channel.{}", fault.field()),
            ));
        }
        if !channel.is_wave {
            return Err(refuse(RefusalCode::WrongShape, format!("waves[{block}].channel")));
        }
        if wave.start.unsigned_abs() > CENTURY {
            return Err(refuse(RefusalCode::OutOfBounds, format!("waves[{block}].start")));
        }
    }
    Ok(())
}

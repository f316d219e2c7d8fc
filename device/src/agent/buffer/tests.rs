use super::*;
use fleetward_common::{
    devices::link::{ChannelSignal, RawValue, RefusalCode},
    metric::codes,
    time::SampleRate,
    unit::Decimal,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ROOMY: u64 = 1 << 20;

fn noon() -> Instant {
    Instant::from_millis(1_764_072_000_000)
}

fn heart_rate(value: i64) -> FrameDraft {
    FrameDraft::at(noon()).with_reading(1, noon(), RawValue::Known(Decimal::whole(value)))
}

fn ecg(samples: usize) -> FrameDraft {
    FrameDraft::at(noon()).with_samples(2, noon(), &vec![7; samples])
}

fn channels(metric: fleetward_common::metric::MetricCode) -> Vec<Channel> {
    vec![Channel {
        id: 1,
        metric,
        unit: 264_864,
        signal: ChannelSignal::Numeric { interval_ms: 1_000 },
    }]
}

fn open(folder: &Path) -> Buffer {
    Buffer::open(folder, ROOMY, Vec::new(), noon()).unwrap()
}

fn held(buffer: &Buffer) -> Vec<u64> {
    buffer.held().collect()
}

fn decoded(buffer: &mut Buffer, seq: u64) -> fleetward_common::devices::link::Frame {
    let (found, message) = buffer.message_from(seq).unwrap().unwrap();
    assert_eq!(found, seq);
    match decode(&message).unwrap() {
        DeviceMessage::Frame(frame) => frame,
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_survive_the_death_of_the_process_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = open(folder.path());
    let epoch = buffer.epoch();
    for value in 60..65 {
        buffer.append(heart_rate(value)).unwrap();
    }
    buffer.acknowledge(1).unwrap();
    drop(buffer);

    let mut buffer = Buffer::open(folder.path(), ROOMY, Vec::new(), noon().shifted(5)).unwrap();
    assert_eq!(buffer.epoch(), epoch);
    assert_eq!(buffer.next_seq(), 5);
    buffer.acknowledge(1).unwrap();
    assert_eq!(held(&buffer), [2, 3, 4]);
    assert_eq!(decoded(&mut buffer, 4), heart_rate(64).numbered(epoch, 4));
}

#[test]
fn a_buffer_whose_frames_are_all_acknowledged_still_remembers_its_next_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = Buffer::open(folder.path(), 4_096, Vec::new(), noon()).unwrap();
    for round in 0..200 {
        buffer.append(ecg(100)).unwrap();
        buffer.acknowledge(round).unwrap();
    }
    assert!(buffer.bytes() < 4_096);
    drop(buffer);
    assert_eq!(open(folder.path()).next_seq(), 200);
}

#[test]
fn a_record_that_the_crash_cut_short_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = open(folder.path());
    buffer.append(heart_rate(60)).unwrap();
    drop(buffer);
    let file = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "frames"))
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(&[40, 0, 0, 0, 1, 2, 3]);
    fs::write(&file, bytes).unwrap();

    let mut buffer = open(folder.path());
    assert_eq!(held(&buffer), [0]);
    buffer.append(heart_rate(61)).unwrap();
    drop(buffer);
    assert_eq!(held(&open(folder.path())), [0, 1]);
}

#[test]
fn a_flipped_bit_costs_one_frame_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = open(folder.path());
    for value in [60, 61, 62] {
        buffer.append(heart_rate(value)).unwrap();
    }
    let file = folder.path().join("numerics-0000000000000000.frames");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();

    assert_eq!(buffer.message_from(1).unwrap().unwrap().0, 2);
    assert_eq!((held(&buffer), buffer.damaged()), (vec![0, 2], 1));
    drop(buffer);
    let buffer = open(folder.path());
    assert_eq!((held(&buffer), buffer.damaged()), (vec![0, 2], 1));
}

#[test]
fn a_full_buffer_gives_up_the_oldest_ecg_and_keeps_every_heart_rate() {
    let mut buffer = Buffer::in_memory(16_384, Vec::new(), noon());
    let mut shed = Shed::default();
    for round in 0..100 {
        shed.waves += buffer.append(ecg(200)).unwrap().waves;
        let now = buffer.append(heart_rate(round)).unwrap();
        shed.waves += now.waves;
        shed.numerics += now.numerics;
    }
    assert!(shed.waves > 50, "{shed:?}");
    assert_eq!(shed.numerics, 0);
    assert!((0..100).all(|round| buffer.held().any(|seq| seq == 2 * round + 1)));
    assert!(buffer.held().any(|seq| seq == 198), "the newest ECG is kept");
}

#[test]
fn without_waves_the_oldest_heart_rates_go() {
    let mut buffer = Buffer::in_memory(8_192, Vec::new(), noon());
    let mut shed = Shed::default();
    for round in 0..1_000 {
        shed.numerics += buffer.append(heart_rate(round)).unwrap().numerics;
    }
    assert_eq!(held(&buffer), (shed.numerics..1_000).collect::<Vec<_>>());
}

#[test]
fn a_refused_frame_is_set_aside_with_the_reason_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = open(folder.path());
    for value in [60, 61, 62] {
        buffer.append(heart_rate(value)).unwrap();
    }
    let refusal = Refusal {
        seq: Some(1),
        code: RefusalCode::UnknownChannel,
        field: "numerics[0].channel".to_owned(),
    };
    assert!(buffer.refuse(1, &refusal).unwrap());
    assert!(!buffer.refuse(1, &refusal).unwrap());
    assert_eq!(held(&buffer), [0, 2]);
    let files: Vec<PathBuf> = fs::read_dir(folder.path().join("refused"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let why = files
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "json"))
        .unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(
        fs::read_to_string(why).unwrap(),
        r#"{"code":"unknown_channel","field":"numerics[0].channel"}"#
    );
}

#[test]
fn frames_that_power_loss_made_the_device_forget_lead_to_a_new_epoch_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut buffer = open(folder.path());
    let old_epoch = buffer.epoch();
    buffer.append(heart_rate(60)).unwrap();
    drop(buffer);

    // The server has 0 to 4; the disk only ever got 0.
    let mut buffer = open(folder.path());
    buffer.append(heart_rate(70)).unwrap();
    buffer.append(ecg(10)).unwrap();
    let agreement = buffer.server_expects(5, noon().shifted(1)).unwrap();
    assert_eq!(
        agreement,
        Agreement::NewEpoch {
            already_stored: vec![0]
        }
    );
    let epoch = buffer.epoch();
    assert!(epoch > old_epoch);
    buffer.append(heart_rate(71)).unwrap();
    drop(buffer);

    let mut buffer = open(folder.path());
    assert_eq!((buffer.epoch(), held(&buffer)), (epoch, vec![0, 1, 2]));
    assert_eq!(decoded(&mut buffer, 0), heart_rate(70).numbered(epoch, 0));
    assert_eq!(decoded(&mut buffer, 1), ecg(10).numbered(epoch, 1));
    assert_eq!(decoded(&mut buffer, 2), heart_rate(71).numbered(epoch, 2));
}

#[test]
fn a_welcome_that_knows_no_more_than_was_sent_keeps_the_epoch() {
    let mut buffer = Buffer::in_memory(ROOMY, Vec::new(), noon());
    let epoch = buffer.epoch();
    buffer.append(heart_rate(60)).unwrap();
    buffer.append(heart_rate(61)).unwrap();
    buffer.note_sent(0);
    assert_eq!(
        buffer.server_expects(1, noon()).unwrap(),
        Agreement::Agreed {
            already_stored: vec![0]
        }
    );
    assert_eq!((buffer.epoch(), held(&buffer)), (epoch, vec![1]));
}

#[test]
fn frames_of_yesterdays_channels_are_introduced_by_yesterdays_channels() {
    let folder = tempfile::tempdir().unwrap();
    let (pulse, glucose) = (channels(codes::HEART_RATE), channels(codes::GLUCOSE));
    let mut buffer = Buffer::open(folder.path(), ROOMY, pulse.clone(), noon()).unwrap();
    buffer.append(heart_rate(60)).unwrap();
    drop(buffer);

    let mut buffer = Buffer::open(folder.path(), ROOMY, glucose.clone(), noon()).unwrap();
    buffer.append(heart_rate(110)).unwrap();
    assert_eq!(buffer.channels(), (pulse, Some(1)));
    buffer.acknowledge(0).unwrap();
    assert_eq!(buffer.channels(), (glucose, None));
}

#[test]
fn two_agents_can_not_use_one_buffer() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = Buffer::open(folder.path(), ROOMY, Vec::new(), noon());
    assert!(matches!(second, Err(BufferError::InUse { .. })));
    drop(first);
    assert!(Buffer::open(folder.path(), ROOMY, Vec::new(), noon()).is_ok());
}

#[test]
fn the_rate_of_a_wave_does_not_matter_to_the_buffer_but_its_size_does() {
    let mut buffer = Buffer::in_memory(1_000, Vec::new(), noon());
    let refused = buffer.append(ecg(1_000));
    assert!(matches!(refused, Err(BufferError::LargerThanBuffer { .. })));
    let small = ecg(1_000).portions(&|_| Some(SampleRate::hertz(250))).unwrap();
    assert_eq!(small.len(), 1);
    assert_eq!(buffer.next_seq(), 0, "a refused frame uses no number");
}

#[derive(Debug, Clone)]
enum Step {
    Numerics(i64),
    Waves(usize),
    Acknowledge(u64),
    Refuse(u64),
    /// kill -9 with so many bytes of a torn record behind the last one.
    Crash(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0i64..300).prop_map(Step::Numerics),
        4 => (1usize..400).prop_map(Step::Waves),
        2 => (0u64..60).prop_map(Step::Acknowledge),
        1 => (0u64..60).prop_map(Step::Refuse),
        1 => (0usize..15).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 1..120)
}

/// What the buffer should hold: the simplest thing that could be right.
#[derive(Default)]
struct Model {
    held: BTreeMap<u64, FrameDraft>,
    next: u64,
    acknowledged_below: u64,
    refused: Vec<u64>,
}

impl Model {
    fn append(&mut self, draft: FrameDraft, buffer: &mut Buffer) {
        let shed = buffer.append(draft.clone()).unwrap();
        let had_waves: Vec<u64> = self.waves().collect();
        self.held.insert(self.next, draft);
        self.next += 1;
        let now = held(buffer);
        let gone: Vec<u64> = self
            .held
            .keys()
            .copied()
            .filter(|seq| !now.contains(seq))
            .collect();
        let (gone_waves, gone_numerics): (Vec<u64>, Vec<u64>) =
            gone.iter().partition(|seq| !self.held[seq].waves.is_empty());
        assert_eq!(
            (shed.waves, shed.numerics),
            (gone_waves.len() as u64, gone_numerics.len() as u64)
        );
        assert!(had_waves.starts_with(&gone_waves), "waves go oldest first");
        if !gone_numerics.is_empty() {
            assert_eq!(gone_waves, had_waves, "numerics go only when no wave is left");
        }
        for seq in gone {
            self.held.remove(&seq);
        }
    }

    fn waves(&self) -> impl Iterator<Item = u64> + '_ {
        self.held
            .iter()
            .filter(|(_, draft)| !draft.waves.is_empty())
            .map(|(seq, _)| *seq)
    }
}

fn torn_tail(folder: &Path, bytes: usize) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "frames"))
        .collect();
    files.sort();
    if let Some(last) = files.last() {
        let mut content = fs::read(last).unwrap();
        content.extend(std::iter::repeat_n(0x5a, bytes));
        fs::write(last, content).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_buffer_holds_what_the_simplest_buffer_would(steps in steps()) {
        let refusal = Refusal { seq: None, code: RefusalCode::Malformed, field: String::new() };
        let folder = tempfile::tempdir().unwrap();
        let reopen = || Buffer::open(folder.path(), 6_000, Vec::new(), noon()).unwrap();
        let (mut buffer, mut model) = (reopen(), Model::default());
        let epoch = buffer.epoch();
        for step in steps {
            match step {
                Step::Numerics(value) => model.append(heart_rate(value), &mut buffer),
                Step::Waves(samples) => model.append(ecg(samples), &mut buffer),
                Step::Acknowledge(through) if through < model.next => {
                    let settled = buffer.acknowledge(through).unwrap();
                    let later = model.held.split_off(&(through + 1));
                    prop_assert_eq!(settled, model.held.keys().copied().collect::<Vec<_>>());
                    model.held = later;
                    model.acknowledged_below = model.acknowledged_below.max(through + 1);
                }
                Step::Acknowledge(_) => {}
                Step::Refuse(seq) => {
                    let was_held = model.held.remove(&seq).is_some();
                    prop_assert_eq!(buffer.refuse(seq, &refusal).unwrap(), was_held);
                    if was_held {
                        model.refused.push(seq);
                    }
                }
                Step::Crash(torn) => {
                    drop(buffer);
                    torn_tail(folder.path(), torn);
                    buffer = reopen();
                    // Final frames may come back; the server says so, and they are final again.
                    if let Some(through) = model.acknowledged_below.checked_sub(1) {
                        buffer.acknowledge(through).unwrap();
                    }
                    for seq in &model.refused {
                        buffer.refuse(*seq, &refusal).unwrap();
                    }
                }
            }
            prop_assert_eq!(held(&buffer), model.held.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(buffer.next_seq(), model.next);
            prop_assert!(buffer.bytes() <= 6_000);
        }
        for (seq, draft) in model.held {
            prop_assert_eq!(decoded(&mut buffer, seq), draft.numbered(epoch, seq));
        }
    }
}

//! Folds what comes over the socket into the board. Pure: no clock, no browser.

use fleetward_common::{
    care::{BedDevice, WardBoard},
    devices::{ChannelState, Reading, Signal, Value},
    error::ErrorBody,
    id::DeviceId,
    live::{ChannelUpdate, DeviceUpdate, LiveMessage, TechnicalUpdate},
    metric::FreshnessBudget,
};

/// What the page has to do after a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Nothing,
    /// Something on the board is different now.
    Draw,
    /// Beds or patients changed: fetch the board anew.
    Fetch,
    /// This ward is not (any more) open to the person.
    Leave(ErrorBody),
}

pub fn apply(board: &mut WardBoard, message: &LiveMessage) -> Next {
    match message {
        LiveMessage::Updates { updates } => {
            let mut touched = false;
            for update in updates {
                touched |= apply_update(board, update);
            }
            if touched { Next::Draw } else { Next::Nothing }
        }
        LiveMessage::Changed { .. } => Next::Fetch,
        LiveMessage::Refused { error, .. } => Next::Leave(error.clone()),
        // Alarms are a book of their own.
        LiveMessage::Tick { .. } | LiveMessage::Subscribed { .. } | LiveMessage::Alarms { .. } => {
            Next::Nothing
        }
    }
}

fn apply_update(board: &mut WardBoard, update: &DeviceUpdate) -> bool {
    let devices = board.beds.iter_mut().flat_map(|bed| &mut bed.devices);
    let mut touched = false;
    for device in devices.filter(|device| device.device == update.device) {
        for channel in &update.channels {
            apply_reading(device, channel);
        }
        if let Some(technical) = &update.technical {
            apply_technical(device, technical);
        }
        touched = true;
    }
    touched
}

fn apply_technical(device: &mut BedDevice, technical: &TechnicalUpdate) {
    device.connection = technical.connection;
    device.battery_percent = technical.battery_percent;
}

fn apply_reading(device: &mut BedDevice, update: &ChannelUpdate) {
    let budget = FreshnessBudget {
        interval_ms: update.interval_ms,
    };
    let signal = Signal::Numeric { budget };
    match device
        .channels
        .iter_mut()
        .find(|channel| channel.metric == update.metric)
    {
        Some(channel) => {
            channel.signal = signal;
            take(channel, update.reading);
        }
        None => device.channels.push(ChannelState {
            metric: update.metric,
            unit: update.metric.metric().map(|metric| metric.unit),
            signal,
            latest: Some(update.reading),
            last_known: None,
        }),
    }
}

/// Devices of the newer board that were with somebody else on the older one, or with nobody.
pub fn passed_on(before: &WardBoard, now: &WardBoard) -> Vec<DeviceId> {
    let with = |board: &WardBoard, device: DeviceId| {
        let bed = board
            .beds
            .iter()
            .find(|bed| bed.devices.iter().any(|at_bed| at_bed.device == device))?;
        bed.occupancy.patient()
    };
    now.beds
        .iter()
        .flat_map(|bed| &bed.devices)
        .map(|at_bed| at_bed.device)
        .filter(|device| with(before, *device) != with(now, *device))
        .collect()
}

/// A reading older than the one shown never replaces it: a snapshot may be younger than a message.
fn take(channel: &mut ChannelState, reading: Reading) {
    let before = channel.latest;
    if before.is_some_and(|before| reading.at < before.at) {
        return;
    }
    let is_known = |reading: &Reading| matches!(reading.value, Value::Known(_));
    if is_known(&reading) {
        channel.last_known = None;
    } else if let Some(before) = before.filter(is_known) {
        channel.last_known = Some(before);
    }
    channel.latest = Some(reading);
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        care::{BoardBed, Occupancy},
        devices::{Connection, DeviceType, link::NoValue},
        error::ErrorCode,
        id::{BedId, PatientId, UnitId},
        identity::UnitSummary,
        live::Topic,
        metric::{MetricCode, codes},
        text::SerialNumber,
        time::Instant,
        unit::Decimal,
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(second: i64) -> Instant {
        Instant::from_millis(second * 1_000)
    }

    fn monitor() -> DeviceId {
        DeviceId::from_bytes([7; 16])
    }

    fn unit() -> UnitId {
        UnitId::from_bytes([1; 16])
    }

    fn ward_4b() -> WardBoard {
        WardBoard {
            ward: UnitSummary {
                id: unit(),
                name: "Ward 4B Cardiology".into(),
                time_zone: "Europe/London".into(),
            },
            organisation_name: "Northgate General".into(),
            server_time: at(0),
            beds: vec![BoardBed {
                id: BedId::from_bytes([2; 16]),
                ward: unit(),
                label: "7".into(),
                occupancy: Occupancy::Free,
                devices: vec![BedDevice {
                    device: monitor(),
                    serial: SerialNumber::parse("NW-M40-000317").unwrap(),
                    device_type: DeviceType::PatientMonitor,
                    model: "M40".into(),
                    connection: Connection::Connected { since: at(0) },
                    battery_percent: None,
                    channels: vec![],
                }],
            }],
        }
    }

    fn update(device: DeviceId, metric: MetricCode, reading: Reading) -> LiveMessage {
        LiveMessage::Updates {
            updates: vec![DeviceUpdate {
                device,
                channels: vec![ChannelUpdate {
                    metric,
                    interval_ms: 1_000,
                    reading,
                }],
                technical: None,
            }],
        }
    }

    fn reading(value: Value, second: i64) -> Reading {
        Reading {
            at: at(second),
            value,
            unrecorded: false,
        }
    }

    fn beats(rate: i64, second: i64) -> Reading {
        reading(Value::Known(Decimal::whole(rate)), second)
    }

    fn heart_rate(board: &WardBoard) -> &ChannelState {
        &board.beds[0].devices[0].channels[0]
    }

    #[test]
    fn a_heart_rate_lands_at_its_bed() {
        let mut board = ward_4b();
        let next = apply(&mut board, &update(monitor(), codes::HEART_RATE, beats(72, 1)));
        assert_eq!(next, Next::Draw);
        assert_eq!(heart_rate(&board).latest, Some(beats(72, 1)));
    }

    #[test]
    fn a_monitor_whose_bed_mary_left_to_simon_is_passed_on_and_one_that_stays_is_not() {
        let with = |patient: u8| {
            let mut board = ward_4b();
            board.beds[0].occupancy = Occupancy::Occupied {
                patient: Some(PatientId::from_bytes([patient; 16])),
                since: at(0),
                identity: None,
                unmonitored_since: None,
            };
            board
        };
        let (mary, simon) = (with(1), with(2));
        assert_eq!(passed_on(&mary, &simon), [monitor()]);
        assert_eq!(passed_on(&mary, &ward_4b()), [monitor()]);
        assert!(passed_on(&mary, &mary).is_empty());
    }

    #[test]
    fn a_device_of_another_ward_changes_nothing() {
        let mut board = ward_4b();
        let stranger = DeviceId::from_bytes([9; 16]);
        let next = apply(&mut board, &update(stranger, codes::HEART_RATE, beats(72, 1)));
        assert!((next, board) == (Next::Nothing, ward_4b()));
    }

    #[test]
    fn an_older_reading_never_replaces_a_newer_one() {
        let mut board = ward_4b();
        apply(&mut board, &update(monitor(), codes::HEART_RATE, beats(72, 5)));
        apply(&mut board, &update(monitor(), codes::HEART_RATE, beats(180, 4)));
        assert_eq!(heart_rate(&board).latest, Some(beats(72, 5)));
    }

    #[test]
    fn when_the_lead_falls_off_the_last_rate_is_remembered_until_it_is_back() {
        let mut board = ward_4b();
        let off = |second| reading(Value::Absent(NoValue::SensorOff), second);
        for next in [beats(76, 1), off(2), off(3)] {
            apply(&mut board, &update(monitor(), codes::HEART_RATE, next));
        }
        assert_eq!(heart_rate(&board).last_known, Some(beats(76, 1)));
        apply(&mut board, &update(monitor(), codes::HEART_RATE, beats(80, 4)));
        assert_eq!(heart_rate(&board).last_known, None);
    }

    #[test]
    fn a_pulled_plug_shows_in_the_connection() {
        let mut board = ward_4b();
        let gone = Connection::Gone { since: at(9) };
        let message = LiveMessage::Updates {
            updates: vec![DeviceUpdate {
                device: monitor(),
                channels: vec![],
                technical: Some(TechnicalUpdate {
                    connection: gone,
                    last_seen: Some(at(9)),
                    battery_percent: Some(Decimal::whole(18)),
                    faults: vec![],
                }),
            }],
        };
        assert_eq!(apply(&mut board, &message), Next::Draw);
        let device = &board.beds[0].devices[0];
        assert_eq!(
            (device.connection, device.battery_percent),
            (gone, Some(Decimal::whole(18)))
        );
    }

    #[test]
    fn a_changed_ward_is_fetched_and_a_closed_one_is_left() {
        let mut board = ward_4b();
        let topic = Topic::Ward(unit());
        assert_eq!(apply(&mut board, &LiveMessage::Changed { topic }), Next::Fetch);
        let error = ErrorBody {
            code: ErrorCode::NotFound,
            message: "Not found.".into(),
            request: None,
        };
        let refused = LiveMessage::Refused {
            topic,
            error: error.clone(),
        };
        assert_eq!(apply(&mut board, &refused), Next::Leave(error));
    }
}

//! What a twin knows after a restart.

use fleetward_common::{devices::Connection, id::DeviceId, metric::codes};

use super::bedside::{Bedside, HEART_RATE, Measuring, SPO2, known, next_wanted, of, off};
use crate::devices::{
    telemetry::{frame_codec::read_numerics, rollup::Closed},
    twin::{Snapshot, TwinState, event::FrameRows},
};

fn restarted(bedside: &Bedside) -> Bedside {
    let json = serde_json::to_vec(&bedside.twin.snapshot()).unwrap();
    let snapshot: Snapshot = serde_json::from_slice(&json).unwrap();
    Bedside {
        twin: TwinState::restored(bedside.twin.device(), snapshot),
        now: bedside.now,
        seq: bedside.seq,
    }
}

fn replay(bedside: &mut Bedside, rows: &FrameRows) -> Vec<Closed> {
    let numerics = read_numerics(&rows.numerics.as_ref().unwrap().bytes).unwrap();
    let minutes = bedside.twin.replay(
        rows.epoch,
        rows.seq,
        rows.received,
        rows.clock_untrusted,
        Some(&numerics),
    );
    minutes.into_iter().map(|(_, closed)| closed).collect()
}

#[test]
fn values_come_back_with_their_age_and_the_device_counts_as_gone() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let seen_at = bedside.now;
    bedside.wait(1.0).see(HEART_RATE, off());
    let back = restarted(&bedside);
    let channel = back.channel(codes::HEART_RATE).unwrap();
    let last_known = channel.last_known.unwrap();
    assert_eq!((Some(last_known.value), last_known.at), (known(72), seen_at));
    let since = bedside.now;
    assert_eq!(back.twin.view().technical.connection, Connection::Gone { since });
}

#[test]
fn numbering_goes_on() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let mut back = restarted(&bedside);
    assert_eq!(next_wanted(&back.hello(|_| {})), 1);
}

#[test]
fn a_snapshot_made_while_frames_wait_speaks_of_them_as_stored() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    let mut back = restarted(&bedside);
    assert_eq!(back.shown(codes::HEART_RATE), known(72));
    assert_eq!(next_wanted(&back.hello(|_| {})), 1);
}

#[test]
fn rows_that_the_snapshot_does_not_know_are_replayed() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let mut back = restarted(&bedside);
    bedside.wait(1.0);
    let unknown = bedside.measure(SPO2, of(97)).store.unwrap();
    assert_eq!(replay(&mut back, &unknown), []);
    assert_eq!(back.shown(codes::SPO2), known(97));
    assert_eq!(next_wanted(&back.hello(|_| {})), 2);
}

#[test]
fn the_minute_in_which_the_server_died_is_rewritten_from_rows() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let began = bedside.now.minute();
    let mut back = restarted(&bedside);
    back.hello(|_| {});
    back.wait(70.0);
    let rows = back.measure(HEART_RATE, of(73)).store.unwrap();
    assert_eq!(rows.minutes, [(codes::HEART_RATE, Closed::Rewrite(began))]);
}

#[test]
fn a_gap_is_still_known_after_a_restart() {
    let mut bedside = Bedside::connected();
    bedside.seq = 3;
    bedside.see(HEART_RATE, of(72));
    let mut back = restarted(&bedside);
    back.hello(|_| {});
    let mut missing = back.frame().with(HEART_RATE, 0, of(71));
    missing.seq = 1;
    assert!(back.send(missing).store.is_some());
}

#[test]
fn a_device_that_was_never_heard_has_never_been_seen() {
    let twin = TwinState::never_seen(DeviceId::from_bytes([1; 16]));
    assert_eq!(twin.view().technical.connection, Connection::NeverSeen);
}

//! Numbers, acknowledgements, repeats and gaps.

use fleetward_common::devices::{
    Connection,
    link::{RefusalCode, ServerMessage},
};

use super::bedside::{Bedside, EIGHT_O_CLOCK, HEART_RATE, Measuring, ack, next_wanted, of, refusal};
use crate::devices::twin::event::{Event, GapChange};

#[test]
fn a_new_device_is_welcome_from_frame_0_on() {
    let mut bedside = Bedside::empty();
    assert_eq!(next_wanted(&bedside.hello(|_| {})), 0);
    let since = EIGHT_O_CLOCK;
    assert_eq!(
        bedside.twin.view().technical.connection,
        Connection::Connected { since }
    );
}

#[test]
fn a_frame_is_not_acknowledged_before_it_is_stored() {
    let mut bedside = Bedside::connected();
    let sent = bedside.measure(HEART_RATE, of(72));
    assert!(sent.replies.is_empty());
    assert!(sent.store.is_some());
    assert_eq!(bedside.stored(1).replies, ack(0));
}

#[test]
fn one_acknowledgement_covers_all_frames_of_a_commit() {
    let mut bedside = Bedside::connected();
    for rate in 70..75 {
        bedside.measure(HEART_RATE, of(rate));
    }
    assert_eq!(bedside.stored(5).replies, ack(4));
}

#[test]
fn a_repeat_is_acknowledged_again_and_stored_once() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame().with(HEART_RATE, 0, of(72));
    bedside.send(frame.clone());
    bedside.stored(1);
    let again = bedside.send(frame);
    assert_eq!(again.replies, ack(0));
    assert!(again.store.is_none());
}

#[test]
fn a_repeat_of_a_frame_on_its_way_waits_for_the_same_commit() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame().with(HEART_RATE, 0, of(72));
    bedside.send(frame.clone());
    let again = bedside.send(frame);
    assert!(again.replies.is_empty() && again.store.is_none());
    assert_eq!(bedside.stored(1).replies, ack(0));
}

#[test]
fn numbers_that_were_jumped_over_are_stored_as_a_gap() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    bedside.seq = 5;
    let before = bedside.now;
    bedside.wait(4.0);
    let rows = bedside.measure(HEART_RATE, of(73)).store.unwrap();
    let gap = GapChange::Opened {
        first: 1,
        last: 4,
        measured_from: before,
        measured_until: bedside.now,
    };
    assert_eq!(rows.gap, Some(gap));
    assert_eq!(bedside.stored(2).replies, ack(5));
}

#[test]
fn a_frame_that_was_missing_and_comes_after_all_is_stored_and_fills_its_gap() {
    let mut bedside = Bedside::connected();
    bedside.seq = 3;
    bedside.measure(HEART_RATE, of(73));
    let mut missing = bedside.frame().with(HEART_RATE, 0, of(72));
    missing.seq = 1;
    let rows = bedside.send(missing.clone()).store.unwrap();
    assert_eq!(rows.gap, Some(GapChange::Filled { first: 0, last: 2 }));
    bedside.stored(2);
    assert!(bedside.send(missing).store.is_none(), "it is there now");
    let mut other = bedside.frame().with(HEART_RATE, 0, of(71));
    other.seq = 2;
    let rows = bedside.send(other).store.unwrap();
    assert_eq!(rows.gap, Some(GapChange::Filled { first: 2, last: 2 }));
}

#[test]
fn after_a_break_the_device_hears_which_frame_is_wanted_next() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    bedside.measure(HEART_RATE, of(73));
    bedside.stored(1);
    assert_eq!(
        next_wanted(&bedside.hello(|_| {})),
        1,
        "the second is not stored yet"
    );
    bedside.stored(1);
    assert_eq!(next_wanted(&bedside.hello(|_| {})), 2);
}

#[test]
fn a_device_that_lost_its_buffer_starts_a_new_epoch_at_0() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    assert_eq!(next_wanted(&bedside.hello(|hello| hello.epoch = 2)), 0);
    let mut frame = bedside.frame().with(HEART_RATE, 0, of(74));
    (frame.epoch, frame.seq) = (2, 0);
    assert!(bedside.send(frame).store.is_some());
}

#[test]
fn an_epoch_that_the_store_knows_goes_on_where_it_was() {
    let mut bedside = Bedside::connected();
    assert_eq!(
        next_wanted(&bedside.hello_stored(Some(40), |hello| hello.epoch = 9)),
        40
    );
}

#[test]
fn a_frame_of_another_epoch_than_hello_said_is_refused() {
    let mut bedside = Bedside::connected();
    let mut frame = bedside.frame();
    frame.epoch = 2;
    let effects = bedside.send(frame);
    let refused = refusal(&effects);
    assert_eq!(
        (refused.seq, refused.code, refused.field.as_str()),
        (Some(0), RefusalCode::OutOfBounds, "epoch")
    );
}

#[test]
fn an_empty_frame_is_stored_too_so_that_its_number_is() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame();
    let rows = bedside.send(frame).store.unwrap();
    assert!(rows.numerics.is_some() && rows.waves.is_none());
}

#[test]
fn a_device_that_says_bye_is_gone_at_once() {
    let mut bedside = Bedside::connected();
    bedside.wait(3.0);
    let gone = bedside.apply(Event::SaidBye);
    let since = bedside.now;
    assert_eq!(
        gone.publication.technical.unwrap().connection,
        Connection::Gone { since }
    );
}

#[test]
fn a_device_that_fell_silent_is_gone_since_it_was_last_heard() {
    let mut bedside = Bedside::connected();
    let last_heard = bedside.now;
    bedside.wait(15.0);
    let gone = bedside.apply(Event::FellSilent { last_heard });
    assert_eq!(
        gone.publication.technical.unwrap().connection,
        Connection::Gone { since: last_heard }
    );
}

#[test]
fn a_device_is_asked_to_wait_when_too_much_of_it_waits_for_the_writer() {
    let mut bedside = Bedside::connected();
    let mut sent = 0;
    while bedside.twin.has_room() {
        bedside.measure(HEART_RATE, of(72));
        sent += 1;
    }
    assert_eq!(sent, 64);
    let replies = bedside.stored(1).replies;
    assert!(matches!(
        replies.as_slice(),
        [ServerMessage::Ack { through: 0, .. }]
    ));
    assert!(bedside.twin.has_room());
}

#[test]
fn whoever_hands_over_last_weeks_measurements_and_leaves_was_last_heard_when_they_were_made() {
    let mut bedside = Bedside::connected();
    let four_days = 4 * 86_400_000_000;
    let mut old = bedside.frame().with(HEART_RATE, 0, of(72));
    old.base = old.base.shifted(-four_days);
    bedside.send(old);
    bedside.stored(1);
    let measured = bedside.now.shifted(-four_days);
    bedside.wait(20.0).apply(Event::SaidBye);
    let technical = bedside.twin.view().technical;
    assert_eq!(technical.connection, Connection::Gone { since: measured });
    assert_eq!(technical.last_seen, Some(measured));

    bedside.hello(|_| {});
    bedside.measure(HEART_RATE, of(72));
    bedside.wait(20.0).apply(Event::SaidBye);
    assert_eq!(bedside.twin.view().technical.last_seen, Some(bedside.now));
}

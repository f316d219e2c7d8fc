//! Whatever breaks, each frame is stored once.

use fleetward_common::devices::link::ByeReason;
use fleetward_device::agent::Plug;
use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::support::{Authority, Reaction, Ward, ecg, heart_rate, monitor, open_in, while_running};

#[tokio::test]
async fn a_quiet_hour_arrives_in_order_and_ends_with_bye() {
    let authority = Authority::new();
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let agent = monitor().open(authority.device(&authority)).unwrap();
    while_running(&agent, &ward, async {
        for value in 60..160 {
            agent.send(heart_rate(value)).await.unwrap();
        }
        agent.settled().await;
    })
    .await;
    let stored = ward.stored.lock().unwrap();
    assert_eq!(stored.heart_rates(), (60..160).collect::<Vec<_>>());
    assert_eq!((stored.repeats, stored.hellos.len(), stored.byes), (0, 1, 1));
    assert_eq!(stored.hellos[0].serial.as_str(), "NW-M40-000317");
}

#[tokio::test]
async fn frames_stored_on_a_line_that_broke_before_the_answer_are_stored_once() {
    let authority = Authority::new();
    let mut count = 0;
    let ward = Ward::open(&authority, move |_| {
        count += 1;
        match count % 9 {
            0 => Reaction::StoreAndBreakTheLine,
            4 => Reaction::BreakTheLine,
            7 => Reaction::StoreAndAckTwice,
            _ => Reaction::StoreAndAck,
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let agent = open_in(folder.path(), authority.device(&authority));
    while_running(&agent, &ward, async {
        for value in 0..200 {
            agent.record(heart_rate(value)).unwrap();
        }
        agent.settled().await;
    })
    .await;
    let stored = ward.stored.lock().unwrap();
    assert_eq!(stored.heart_rates(), (0..200).collect::<Vec<_>>());
    assert_eq!(stored.repeats, 0);
    assert!(stored.hellos.len() > 20);
    drop(stored);

    let log = fs::read_to_string(folder.path().join("ack.log")).unwrap();
    let epoch = agent.status().borrow().epoch;
    let expected: String = (0..200).map(|seq| format!("{epoch} {seq}\n")).collect();
    assert_eq!(log, expected);
}

#[tokio::test]
async fn an_agent_that_is_killed_goes_on_where_it_was() {
    let authority = Authority::new();
    let ward = Ward::open(&authority, |_| Reaction::StoreQuietly).await;
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let agent = open_in(folder.path(), authority.device(&authority));
        let line = tokio::spawn({
            let (agent, address) = (agent.clone(), ward.address.clone());
            async move { agent.run(&address).await }
        });
        for value in 0..20 {
            agent.record(heart_rate(round * 20 + value)).unwrap();
        }
        let mut status = agent.status();
        status.wait_for(|status| status.sent >= 5).await.unwrap();
        line.abort();
        let _ = line.await;
    }
    ward.script(|_| Reaction::StoreAndAck);
    let agent = open_in(folder.path(), authority.device(&authority));
    while_running(&agent, &ward, agent.settled()).await;
    let stored = ward.stored.lock().unwrap();
    assert_eq!(stored.heart_rates(), (0..100).collect::<Vec<_>>());
    assert_eq!(stored.repeats, 0);
    assert_eq!(stored.byes, 1, "the killed ones said nothing");
}

#[tokio::test]
async fn a_device_without_a_network_keeps_every_heart_rate_and_gives_up_the_oldest_ecg() {
    let authority = Authority::new();
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let told = Arc::new(Mutex::new(0));
    let agent = monitor()
        .buffer_limit(100_000)
        .on_shed({
            let told = Arc::clone(&told);
            move |shed| *told.lock().unwrap() += shed.waves
        })
        .open(authority.device(&authority))
        .unwrap();
    agent.plug(Plug::Cut);
    for second in 0..400 {
        agent.record(heart_rate(second)).unwrap();
        agent.record(ecg(second)).unwrap();
    }
    let shed = agent.status().borrow().shed;
    assert_eq!((shed.numerics, shed.waves), (0, *told.lock().unwrap()));
    assert!(shed.waves > 100);
    while_running(&agent, &ward, async {
        agent.plug(Plug::In);
        agent.settled().await;
    })
    .await;
    let stored = ward.stored.lock().unwrap();
    assert_eq!(stored.heart_rates(), (0..400).collect::<Vec<_>>());
    assert_eq!(
        stored.frames.len() as u64,
        800 - shed.waves,
        "what was given up is a gap"
    );
}

#[tokio::test]
async fn a_pulled_plug_breaks_the_line_and_the_frames_come_later() {
    let authority = Authority::new();
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let agent = monitor().open(authority.device(&authority)).unwrap();
    let mut status = agent.status();
    while_running(&agent, &ward, async {
        for plug in [Plug::Cut, Plug::Silent] {
            agent.record(heart_rate(60)).unwrap();
            agent.settled().await;
            agent.plug(plug);
            if plug == Plug::Cut {
                status.wait_for(|status| !status.connected).await.unwrap();
            } else {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let stored = ward.stored.lock().unwrap().frames.len();
            agent.record(heart_rate(61)).unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(ward.stored.lock().unwrap().frames.len(), stored);
            agent.plug(Plug::In);
            agent.settled().await;
        }
    })
    .await;
    assert_eq!(ward.stored.lock().unwrap().heart_rates(), [60, 61, 60, 61]);
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_gets_one_and_then_the_rest() {
    let authority = Authority::new();
    let mut count = 0;
    let ward = Ward::open(&authority, move |_| {
        count += 1;
        match count % 10 {
            0 => Reaction::SlowDownThenAck,
            _ => Reaction::StoreAndAck,
        }
    })
    .await;
    let agent = monitor().open(authority.device(&authority)).unwrap();
    while_running(&agent, &ward, async {
        for value in 0..60 {
            agent.record(heart_rate(value)).unwrap();
        }
        agent.settled().await;
    })
    .await;
    assert_eq!(ward.stored.lock().unwrap().frames.len(), 60);
}

#[tokio::test]
async fn a_server_that_shuts_down_is_tried_again() {
    let authority = Authority::new();
    let mut count = 0;
    let ward = Ward::open(&authority, move |_| {
        count += 1;
        match count {
            3 | 9 => Reaction::Bye(ByeReason::Shutdown),
            _ => Reaction::StoreAndAck,
        }
    })
    .await;
    let agent = monitor().open(authority.device(&authority)).unwrap();
    while_running(&agent, &ward, async {
        for value in 0..20 {
            agent.record(heart_rate(value)).unwrap();
        }
        agent.settled().await;
    })
    .await;
    assert_eq!(agent.status().borrow().last_bye, Some(ByeReason::Shutdown));
    assert_eq!(
        ward.stored.lock().unwrap().heart_rates(),
        (0..20).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn frames_the_device_forgot_do_not_swallow_new_ones() {
    let authority = Authority::new();
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let agent = monitor().open(authority.device(&authority)).unwrap();
    let forgotten_epoch = agent.status().borrow().epoch;
    ward.stored
        .lock()
        .unwrap()
        .pretend_final_below(forgotten_epoch, 40);
    while_running(&agent, &ward, async {
        agent.record(heart_rate(72)).unwrap();
        agent.settled().await;
    })
    .await;
    let stored = ward.stored.lock().unwrap();
    assert_eq!(stored.heart_rates(), [72]);
    assert!(stored.frames.keys().all(|(epoch, _)| *epoch > forgotten_epoch));
}

/// A small seeded generator: the same break-downs in each run.
fn chaos(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

#[tokio::test]
async fn under_any_break_downs_each_frame_is_stored_once_or_set_aside() {
    for seed in 0..6 {
        let authority = Authority::new();
        let mut roll = chaos(seed);
        let mut poison = chaos(seed + 100);
        let poisoned: Vec<u64> = (0..4).map(|_| poison() % 150).collect();
        let ward = Ward::open(&authority, {
            let poisoned = poisoned.clone();
            move |frame| match (roll() % 24, poisoned.contains(&frame.seq)) {
                (0, _) => Reaction::BreakTheLine,
                (1, false) => Reaction::StoreAndBreakTheLine,
                (2, false) => Reaction::StoreAndAckTwice,
                (3, false) => Reaction::SlowDownThenAck,
                (4 | 5, true) => Reaction::RefuseWithoutSaying,
                (_, true) => Reaction::Refuse,
                (_, false) => Reaction::StoreAndAck,
            }
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let agent = open_in(folder.path(), authority.device(&authority));
        while_running(&agent, &ward, async {
            for value in 0..150 {
                agent.record(heart_rate(value)).unwrap();
            }
            agent.settled().await;
        })
        .await;
        let stored = ward.stored.lock().unwrap();
        let expected: Vec<u64> = (0..150).filter(|seq| !poisoned.contains(seq)).collect();
        assert_eq!(stored.seqs(), expected, "seed {seed}");
        assert_eq!(stored.repeats, 0, "seed {seed}");
    }
}

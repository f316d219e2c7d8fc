//! The live socket.

use std::sync::Arc;

use fleetward::{
    identity::store::people,
    live::{Update, WaveBytes},
    platform::http::Failure,
};
use fleetward_common::{
    care::WardBoard,
    devices::{Connection, Reading, Value},
    error::ErrorCode,
    id::{DeviceId, UnitId},
    live::{ChannelUpdate, ClientMessage, LiveMessage, TechnicalUpdate, Topic, WavePacket},
    metric::codes,
    time::{Instant, SampleRate},
    unit::Decimal,
};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::{
    care::board_of,
    on_both_engines,
    support::{
        Delay, Portal,
        tab::{Heard, Tab},
    },
};

fn frame(rate: i64) -> Update {
    // After whoever lies there now came.
    let at = Instant::from_millis(4_000_000_000_000);
    let wave = WavePacket {
        device: DeviceId::new(at, [0; 10]),
        metric: codes::ECG_LEAD_II,
        start: at,
        rate: SampleRate::hertz(250),
        exponent: -3,
        samples: vec![1, 2, 3],
    };
    Update {
        clinical: Some(Arc::from([ChannelUpdate {
            metric: codes::HEART_RATE,
            interval_ms: 1_000,
            reading: Reading {
                at,
                value: Value::Known(Decimal::whole(rate)),
                unrecorded: false,
            },
        }])),
        technical: Some(Arc::new(TechnicalUpdate {
            connection: Connection::Connected { since: at },
            last_seen: Some(at),
            battery_percent: None,
            faults: Vec::new(),
        })),
        waves: vec![Arc::new(WaveBytes {
            metric: codes::ECG_LEAD_II,
            start: at,
            bytes: wave.encode().into(),
        })],
    }
}

fn monitor_at_7(board: &WardBoard) -> DeviceId {
    board.beds[6].devices[0].device
}

const ELSEWHERE: Topic = Topic::Ward(UnitId::from_bytes([7; 16]));

on_both_engines! {
    async fn a_heart_rate_reaches_rashida_within_a_second_and_its_wave_too(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        assert!(matches!(tab.next().await, Heard::Message(LiveMessage::Tick { .. })));
        let topic = Topic::Ward(board.ward.id);
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });

        let sent = Delay::begins();
        for rate in [70, 71, 72] {
            portal.app.live.publish(monitor_at_7(&board), frame(rate));
        }
        let (mut newest, mut waves) = (None, 0);
        while newest.is_none() || waves < 3 {
            match tab.next().await {
                Heard::Message(LiveMessage::Updates { updates }) => newest = Some(updates),
                Heard::Wave(wave) => {
                    assert_eq!(wave.samples, [1, 2, 3]);
                    waves += 1;
                }
                Heard::Message(_) => {}
                Heard::Closed(reason) => panic!("closed: {reason}"),
            }
        }
        sent.told("a value and its waves reached an open board");
        let updates = newest.unwrap();
        assert_eq!(updates[0].channels.len(), 1);
        assert_eq!(updates[0].channels[0].reading.value, Value::Known(Decimal::whole(72)));
    }

    async fn a_hidden_ward_and_one_that_never_was_are_refused_alike(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ivo = portal.sign_in("ivo.lang").await;
        let mut tab = Tab::open(&portal, &ivo).await;
        let refused = async |tab: &mut Tab, topic| match tab.subscribe(topic).await {
            LiveMessage::Refused { error, .. } => error,
            other => panic!("{other:?}"),
        };
        let hidden = refused(&mut tab, Topic::Ward(board.ward.id)).await;
        assert_eq!(hidden.code, ErrorCode::NotFound);
        assert_eq!(refused(&mut tab, ELSEWHERE).await, hidden);
        assert_eq!(refused(&mut tab, Topic::Device(monitor_at_7(&board))).await, hidden);
        portal.app.live.publish(monitor_at_7(&board), frame(72));
        assert!(matches!(tab.until(|_| true).await, LiveMessage::Tick { .. }));
    }

    async fn the_maker_hears_that_a_monitor_lives_and_nothing_it_measures(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ben = portal.sign_in("ben.fischer").await;
        let mut tab = Tab::open(&portal, &ben).await;
        assert_eq!(tab.subscribe(Topic::Fleet).await, LiveMessage::Subscribed { topic: Topic::Fleet });
        let topic = Topic::Device(monitor_at_7(&board));
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
        portal.app.live.publish(monitor_at_7(&board), frame(72));
        for _ in 0..2 {
            match tab.next().await {
                Heard::Message(LiveMessage::Updates { updates }) => {
                    assert!(updates[0].channels.is_empty() && updates[0].technical.is_some());
                }
                Heard::Message(LiveMessage::Tick { .. }) => {}
                Heard::Message(other) => panic!("{other:?}"),
                Heard::Wave(wave) => panic!("{wave:?}"),
                Heard::Closed(reason) => panic!("closed: {reason}"),
            }
        }
    }

    async fn who_leaves_the_ward_stops_hearing_it_within_a_second(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        let topic = Topic::Ward(board.ward.id);
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });

        let session: fleetward_common::identity::SessionView = rashida.read("/api/v1/session").await;
        let (login, now) = ("rashida.amadi", portal.app.clock.now());
        let unit = board.ward.id;
        portal
            .app
            .db
            .write(move |connection| {
                let account = people::account(connection, login, now)?.expect("Rashida");
                people::leave_unit(connection, account.membership, unit, now)?;
                Ok::<_, Failure>(())
            })
            .await
            .unwrap();
        portal.app.access.epochs.bump_scope(session.organisation);
        let left = Delay::begins();
        let LiveMessage::Refused { error, .. } = tab.until(|message| matches!(message, LiveMessage::Refused { .. })).await else {
            panic!("not refused");
        };
        left.told("leaving a unit reached an open board");
        assert_eq!(error.code, ErrorCode::NotFound);
        portal.app.live.publish(monitor_at_7(&board), frame(72));
        assert!(matches!(tab.until(|_| true).await, LiveMessage::Tick { .. }));
        assert_eq!(rashida.get(&format!("/api/v1/wards/{unit}")).await.status, 404);
    }

    async fn signing_out_closes_the_socket(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let mut tab = Tab::open(&portal, &rashida).await;
        assert!(matches!(tab.next().await, Heard::Message(LiveMessage::Tick { .. })));
        assert_eq!(rashida.delete("/api/v1/session").await.status, 204);
        assert_eq!(tab.until_closed().await, "Signed out");
    }

    async fn a_server_that_stops_says_so_and_does_not_wait_for_its_tabs(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let mut tab = Tab::open(&portal, &rashida).await;
        portal.app.live.stop();
        assert_eq!(tab.until_closed().await, "The server stops");
    }

    async fn a_board_is_told_to_fetch_itself_anew(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let topic = Topic::Ward(board_of(&rashida).await.ward.id);
        let mut tab = Tab::open(&portal, &rashida).await;
        tab.subscribe(topic).await;
        portal.app.live.changed(ELSEWHERE);
        portal.app.live.changed(topic);
        let changed = tab.until(|message| matches!(message, LiveMessage::Changed { .. })).await;
        assert_eq!(changed, LiveMessage::Changed { topic });
    }

    async fn a_socket_needs_a_session_and_our_own_origin(portal: Portal) {
        let status = |refusal: Result<Tab, tungstenite::Error>| match refusal {
            Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(other) => panic!("{other}"),
            Ok(_) => 101,
        };
        assert_eq!(status(Tab::try_open(&portal, &portal.stranger(), None).await), 401);
        let rashida = portal.sign_in("rashida.amadi").await;
        assert_eq!(status(Tab::try_open(&portal, &rashida, Some("https://evil.example")).await), 403);
        let own = format!("http://{}", portal.address);
        assert_eq!(status(Tab::try_open(&portal, &rashida, Some(&own)).await), 101);
    }

    async fn messages_of_no_protocol_close_the_socket_and_harm_nobody_else(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let mut bystander = Tab::open(&portal, &rashida).await;
        for message in [
            Message::text("hello"),
            Message::text(r#"{"type":"subscribe","topic":"ward/7","waves":true}"#),
            Message::binary(vec![0; 64]),
            Message::text("x".repeat(100_000)),
        ] {
            let mut tab = Tab::open(&portal, &rashida).await;
            tab.line.send(message).await.unwrap();
            tab.until_closed().await;
        }
        let topic = Topic::Fleet;
        assert_eq!(bystander.subscribe(topic).await, LiveMessage::Subscribed { topic });
    }

    async fn a_tab_that_asks_for_everything_is_sent_away(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        let devices = board.beds.iter().flat_map(|bed| &bed.devices).map(|device| Topic::Device(device.device));
        let patients = board.beds.iter().filter_map(|bed| match bed.occupancy {
            fleetward_common::care::Occupancy::Occupied { patient: Some(patient), .. } => Some(Topic::Patient(patient)),
            _ => None,
        });
        for topic in devices.chain(patients) {
            let text = serde_json::to_string(&ClientMessage::Subscribe { topic, waves: true, after: None }).unwrap();
            if tab.line.send(Message::text(text)).await.is_err() {
                break;
            }
        }
        assert_eq!(tab.until_closed().await, "Too many topics");
    }

    async fn a_half_open_socket_costs_a_bounded_amount(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        tab.subscribe(Topic::Ward(board.ward.id)).await;
        // From here on the tab never reads: what is sent fills the pipe, then waits at the hub.
        for rate in 0..20_000 {
            portal.app.live.publish(monitor_at_7(&board), frame(rate % 200));
        }
        assert!(portal.app.live.shed_waves() > 10_000);
        let other = portal.sign_in("louise.brandt").await;
        let mut louise = Tab::open(&portal, &other).await;
        let topic = Topic::Ward(board.ward.id);
        assert_eq!(louise.subscribe(topic).await, LiveMessage::Subscribed { topic });
        portal.app.live.publish(monitor_at_7(&board), frame(99));
        louise.until(|message| matches!(message, LiveMessage::Updates { .. })).await;
    }
}

use std::time::Duration;

use fleetward_common::{
    devices::{
        Connection, Value,
        link::{NoValue, RawValue},
    },
    metric::codes,
    time::Instant,
    unit::Decimal,
};
use fleetward_device::agent::{Agent, FrameDraft, Plug};

use super::fixture::{ECG, HEART_RATE, SPO2, Server, until};

const SERIAL: &str = "NW-M40-000317";

fn second(at: Instant, rate: i64) -> FrameDraft {
    FrameDraft::at(at)
        .with_reading(HEART_RATE, at, RawValue::Known(Decimal::whole(rate)))
        .with_reading(SPO2, at, RawValue::Known(Decimal::new(970, -1)))
}

fn run(agent: &Agent, server: &Server) -> tokio::task::JoinHandle<()> {
    let (agent, address) = (agent.clone(), server.address.to_string());
    tokio::spawn(async move { agent.run(&address).await })
}

#[actix_web::test]
async fn a_monitor_connects_and_its_heart_rate_is_stored_and_then_seen() {
    let server = Server::start();
    let device = server.device(SERIAL).await;
    let agent = server.agent(SERIAL).open(server.credentials(SERIAL)).unwrap();
    let line = run(&agent, &server);
    let now = server.clock.now();
    let wave: Vec<i32> = (0..62).collect();
    agent
        .record(second(now, 72).with_samples(ECG, now, &wave))
        .unwrap();
    agent.settled().await;

    let rows = server.numerics(device).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].numerics.blocks[0].readings[0].1,
        Value::Known(Decimal::whole(72))
    );
    assert_eq!(
        rows[0].numerics.blocks[1].readings[0].1,
        Value::Known(Decimal::new(970, -1))
    );

    until("the wave is seen", || {
        let seen = server.witness.seen(device);
        seen.iter()
            .flat_map(|what| &what.waves)
            .any(|packet| packet.samples == wave)
    })
    .await;
    let view = server.twins.latest(device).unwrap();
    let heart_rate = view
        .channels
        .iter()
        .find(|channel| channel.metric == codes::HEART_RATE)
        .unwrap();
    let latest = heart_rate.latest.unwrap();
    assert_eq!(
        (latest.value, latest.unrecorded),
        (Value::Known(Decimal::whole(72)), false)
    );
    assert!(matches!(view.technical.connection, Connection::Connected { .. }));

    agent.stop();
    line.await.unwrap();
    until("the device is gone", || {
        let view = server.twins.latest(device);
        view.is_none_or(|view| matches!(view.technical.connection, Connection::Gone { .. }))
    })
    .await;
}

#[actix_web::test]
async fn nothing_is_lost_or_doubled_when_the_plug_is_pulled_again_and_again() {
    let server = Server::start();
    let device = server.device(SERIAL).await;
    let agent = server.agent(SERIAL).open(server.credentials(SERIAL)).unwrap();
    let _line = run(&agent, &server);
    let start = server.clock.now().shifted(-600_000_000);
    for index in 0..600i64 {
        agent
            .record(second(start.shifted(index * 1_000_000), 60 + index % 40))
            .unwrap();
        if index % 50 == 25 {
            agent.plug(Plug::Cut);
            tokio::time::sleep(Duration::from_millis(20)).await;
            agent.plug(Plug::In);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    agent.settled().await;
    assert!(agent.status().borrow().welcomes > 1, "the line never broke");

    let rows = server.numerics(device).await;
    let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (0..600).collect::<Vec<u64>>());
    for (index, row) in (0i64..).zip(&rows) {
        let (after, value) = row.numerics.blocks[0].readings[0];
        assert_eq!(
            row.numerics.times.on_server(after),
            start.shifted(index * 1_000_000)
        );
        assert_eq!(value, Value::Known(Decimal::whole(60 + index % 40)));
    }
}

#[actix_web::test]
async fn a_restarted_server_goes_on_where_it_stopped_and_shows_the_last_value_with_its_age() {
    let server = Server::start();
    let device = server.device(SERIAL).await;
    let agent = server.agent(SERIAL).open(server.credentials(SERIAL)).unwrap();
    let line = run(&agent, &server);
    let now = server.clock.now();
    for index in 0..20 {
        agent
            .record(second(now.shifted(index * 1_000 - 20_000), 80))
            .unwrap();
    }
    let off = RawValue::Absent(NoValue::SensorOff);
    agent
        .record(FrameDraft::at(now).with_reading(HEART_RATE, now, off))
        .unwrap();
    agent.settled().await;
    line.abort();

    let server = Server::start_in(server.stop().await);
    let views = server.twins.views(&[device]).await.unwrap();
    let heart_rate = &views[&device].channels[0];
    assert_eq!(
        heart_rate.latest.unwrap().value,
        Value::Absent(NoValue::SensorOff)
    );
    assert_eq!(
        heart_rate.last_known.unwrap().value,
        Value::Known(Decimal::whole(80))
    );
    assert!(matches!(
        views[&device].technical.connection,
        Connection::Gone { .. }
    ));

    let _line = run(&agent, &server);
    agent.record(second(server.clock.now(), 81)).unwrap();
    agent.settled().await;
    let seqs: Vec<u64> = server.numerics(device).await.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (0..22).collect::<Vec<u64>>());
}

//! What comes out is what went in: same rows, same digits, same gaps.

use fleetward_common::{
    devices::{
        Value,
        history::{Block, GapReason, History, Series},
        link::{NoValue, RawValue},
    },
    id::DeviceId,
    metric::{MetricCode, codes},
    time::{Instant, SampleRate, Span},
    unit::Decimal,
};
use fleetward_device::agent::{Agent, FrameDraft};

use super::fixture::{ECG, HEART_RATE, SPO2, Server};
use crate::{
    devices::{
        history::{Question, read_spans},
        store::{measured, minutes, waves},
        telemetry::retention::{Keep, remove_what_is_over},
    },
    platform::db::{DbError, statements::counted},
};

const SERIAL: &str = "NW-M40-000317";

async fn ask(
    server: &Server,
    device: DeviceId,
    metric: MetricCode,
    span: Span,
    most_points: usize,
) -> History {
    let metric = metric.metric().unwrap();
    let question = Question {
        metric,
        span,
        most_points,
    };
    read_spans(&server.twins, device, vec![span], question)
        .await
        .unwrap()
}

struct Replayed {
    server: Server,
    device: DeviceId,
    agent: Agent,
    from: Instant,
}

impl Replayed {
    async fn start() -> Self {
        let server = Server::start();
        let device = server.device(SERIAL).await;
        let agent = server.agent(SERIAL).open(server.credentials(SERIAL)).unwrap();
        let (line, address) = (agent.clone(), server.address.to_string());
        tokio::spawn(async move { line.run(&address).await });
        // Whole minutes make the expected roll-ups easy to say.
        let from = server.clock.now().minute().shifted(-6 * 3_600_000_000);
        Self {
            server,
            device,
            agent,
            from,
        }
    }

    fn at(&self, second: i64) -> Instant {
        self.from.shifted(second * 1_000_000)
    }

    fn span(&self, from: i64, until: i64) -> Span {
        Span {
            from: self.at(from),
            until: self.at(until),
        }
    }

    async fn history(&self, metric: MetricCode, span: Span, most_points: usize) -> History {
        ask(&self.server, self.device, metric, span, most_points).await
    }

    /// One reading a second, ten in a frame.
    async fn heart_rates(&self, seconds: std::ops::Range<i64>, value: impl Fn(i64) -> RawValue) {
        let seconds: Vec<i64> = seconds.collect();
        for ten in seconds.chunks(10) {
            let mut draft = FrameDraft::at(self.at(ten[0]));
            for second in ten {
                draft.add_reading(HEART_RATE, self.at(*second), value(*second));
            }
            self.agent.record(draft).unwrap();
        }
        self.agent.settled().await;
    }
}

fn rate(second: i64) -> RawValue {
    RawValue::Known(Decimal::new(600 + second % 37, -1))
}

#[actix_web::test]
async fn every_reading_comes_back_with_its_time_and_digits_and_the_gap_stays_a_gap() {
    let replayed = Replayed::start().await;
    replayed.heart_rates(0..100, rate).await;
    replayed.heart_rates(160..200, rate).await;
    let history = replayed
        .history(codes::HEART_RATE, replayed.span(0, 200), 1_000)
        .await;
    let Series::Readings(points) = &history.series else {
        panic!("{:?}", history.series)
    };
    let sent: Vec<(Instant, String)> = (0..100)
        .chain(160..200)
        .map(|second| {
            (
                replayed.at(second),
                Decimal::new(600 + second % 37, -1).to_string(),
            )
        })
        .collect();
    let got: Vec<(Instant, String)> = points
        .iter()
        .map(|point| match point.value {
            Value::Known(number) => (point.at, number.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(got, sent);
    let gaps: Vec<_> = history.gaps.iter().map(|gap| (gap.span, gap.reason)).collect();
    assert_eq!(gaps, [(replayed.span(99, 160), GapReason::NoData)]);
}

#[actix_web::test]
async fn a_long_span_is_decimated_and_keeps_the_spike_and_the_gap() {
    let replayed = Replayed::start().await;
    let spiky = |second| RawValue::Known(Decimal::whole(if second == 5_000 { 188 } else { 70 }));
    replayed.heart_rates(0..7_200, spiky).await;
    replayed.heart_rates(10_800..14_400, spiky).await;
    let history = replayed
        .history(codes::HEART_RATE, replayed.span(0, 14_400), 120)
        .await;
    let Series::Decimated(buckets) = &history.series else {
        panic!("{:?}", history.series)
    };
    assert!(buckets.len() <= 120);
    assert_eq!(
        buckets
            .iter()
            .filter(|bucket| bucket.max == Decimal::whole(188))
            .count(),
        1
    );
    assert!(buckets.iter().all(|bucket| bucket.min == Decimal::whole(70)));
    let silence: Vec<_> = history.gaps.iter().map(|gap| gap.reason).collect();
    assert_eq!(silence, [GapReason::NoData]);
    assert!(history.gaps[0].span.length().as_secs().abs_diff(3_600) <= 60);
}

#[actix_web::test]
async fn a_wave_of_an_odd_rate_comes_back_sample_by_sample() {
    let replayed = Replayed::start().await;
    let sent: Vec<i32> = (0..5_000).map(|index| (index * 7) % 1_000 - 500).collect();
    let rate = SampleRate::hertz(250);
    for (index, part) in (0u64..).zip(sent.chunks(62)) {
        let start = rate.instant_of(replayed.from, index * 62);
        replayed
            .agent
            .record(FrameDraft::at(start).with_samples(ECG, start, part))
            .unwrap();
    }
    replayed.agent.settled().await;
    let history = replayed
        .history(codes::ECG_LEAD_II, replayed.span(0, 20), 10_000)
        .await;
    let whole = Block {
        start: replayed.from,
        rate,
        exponent: -3,
        samples: sent,
        clock_untrusted: false,
    };
    assert_eq!(history.series, Series::Samples(vec![whole]));
    assert!(history.gaps.is_empty(), "{:?}", history.gaps);

    let decimated = replayed
        .history(codes::ECG_LEAD_II, replayed.span(0, 20), 100)
        .await;
    let Series::Decimated(buckets) = decimated.series else {
        panic!()
    };
    assert_eq!(buckets.iter().map(|bucket| bucket.max.mantissa).max(), Some(499));
    assert_eq!(buckets.len(), 100);
}

#[actix_web::test]
async fn no_value_is_told_with_its_reason_and_implausible_ones_are_marked() {
    let replayed = Replayed::start().await;
    let odd = |second: i64| match second {
        10..20 => RawValue::Absent(NoValue::SensorOff),
        30 => RawValue::Known(Decimal::whole(4_000)),
        _ => rate(second),
    };
    replayed.heart_rates(0..60, odd).await;
    let history = replayed
        .history(codes::HEART_RATE, replayed.span(0, 60), 100)
        .await;
    let Series::Readings(points) = &history.series else {
        panic!()
    };
    assert_eq!(points.len(), 60);
    assert_eq!(points[12].value, Value::Absent(NoValue::SensorOff));
    assert_eq!(points[30].value, Value::Implausible(Decimal::whole(4_000)));
    let off = GapReason::Absent(NoValue::SensorOff);
    let gaps: Vec<_> = history.gaps.iter().map(|gap| (gap.span, gap.reason)).collect();
    assert_eq!(
        gaps,
        [
            (replayed.span(10, 20), off),
            (replayed.span(30, 31), GapReason::Implausible)
        ]
    );
}

#[actix_web::test]
async fn a_day_of_minutes_tells_when_the_electrode_was_off() {
    let replayed = Replayed::start().await;
    let off = |second: i64| match second {
        1_830..2_200 | 5_000..5_130 => RawValue::Absent(NoValue::Disconnected),
        _ => rate(second),
    };
    replayed.heart_rates(0..7_200, off).await;
    let whole = replayed.span(0, 7_200);
    let every = replayed.history(codes::HEART_RATE, whole, 10_000).await;
    let disconnected = GapReason::Absent(NoValue::Disconnected);
    let gaps: Vec<_> = every.gaps.iter().map(|gap| (gap.span, gap.reason)).collect();
    assert_eq!(
        gaps,
        [
            (replayed.span(1_830, 2_200), disconnected),
            (replayed.span(5_000, 5_130), disconnected)
        ]
    );
    let rolled_up = replayed.history(codes::HEART_RATE, whole, 100).await;
    assert!(matches!(rolled_up.series, Series::Decimated(_)));
    assert_eq!(rolled_up.gaps.len(), 2);
    for (told, gap) in rolled_up.gaps.iter().zip(&every.gaps) {
        assert_eq!(told.reason, gap.reason);
        assert!(told.span.from <= gap.span.from && gap.span.until <= told.span.until);
        assert!(told.span.length().saturating_sub(gap.span.length()).as_secs() <= 1);
    }
}

#[actix_web::test]
async fn a_question_about_all_of_time_costs_what_was_measured_in_it() {
    let replayed = Replayed::start().await;
    replayed.heart_rates(0..100, rate).await;
    replayed.heart_rates(14_400..14_500, rate).await;
    let start = replayed.at(0);
    let ecg = FrameDraft::at(start).with_samples(ECG, start, &[1; 250]);
    replayed.agent.record(ecg).unwrap();
    replayed.agent.settled().await;
    let always = Span {
        from: Instant::EPOCH,
        until: Instant::from_micros(i64::MAX),
    };
    for metric in [codes::HEART_RATE, codes::ECG_LEAD_II] {
        let near = replayed.history(metric, replayed.span(0, 14_500), 10_000).await;
        let (far, statements) = counted(replayed.history(metric, always, 10_000)).await;
        assert_eq!(far.series, near.series);
        assert!(statements < 30, "{statements}");
    }
}

#[actix_web::test]
async fn late_data_lies_where_it_was_measured_and_its_minute_is_rewritten() {
    let replayed = Replayed::start().await;
    replayed.heart_rates(600..780, rate).await;
    replayed.heart_rates(0..180, rate).await;
    replayed.heart_rates(780..960, rate).await;
    let view = replayed.server.twins.latest(replayed.device).unwrap();
    assert_eq!(view.channels[0].latest.unwrap().at, replayed.at(959));

    let (device, span) = (replayed.device, replayed.span(0, 900));
    let same = replayed.server.db.read(move |connection| {
        let stored = minutes::measured(connection, device, codes::HEART_RATE, span)?;
        let mut anew = Vec::new();
        for minute in &stored {
            let recomputed = minutes::recompute(connection, device, codes::HEART_RATE, minute.minute)?;
            anew.push(minutes::RolledUp::from(&recomputed));
        }
        Ok::<_, DbError>((stored, anew))
    });
    let (stored, anew) = same.await.unwrap();
    assert_eq!(stored, anew);
    let begun: Vec<i64> = stored
        .iter()
        .map(|row| row.minute.offset_from(replayed.from) / 60_000_000)
        .collect();
    assert_eq!(begun, [0, 1, 2, 10, 11, 12, 13, 14]);
}

#[actix_web::test]
async fn a_flipped_bit_is_reported_and_the_rest_is_served() {
    let replayed = Replayed::start().await;
    replayed.heart_rates(0..100, rate).await;
    let device = replayed.device;
    let damaged = replayed
        .server
        .db
        .write(move |connection| measured::damage_for_test(connection, device, 4).map_err(DbError::Query));
    damaged.await.unwrap();
    for _ in 0..2 {
        let history = replayed
            .history(codes::HEART_RATE, replayed.span(0, 100), 1_000)
            .await;
        let Series::Readings(points) = &history.series else {
            panic!()
        };
        assert_eq!(points.len(), 90);
        let gaps: Vec<_> = history.gaps.iter().map(|gap| (gap.span, gap.reason)).collect();
        assert_eq!(gaps, [(replayed.span(39, 50), GapReason::NoData)]);
    }
    assert_eq!(replayed.server.twins.metrics().quarantined.get(), 1);
}

#[actix_web::test]
async fn a_month_of_blood_pressures_sent_in_one_frame_is_found_from_any_day_of_it() {
    let replayed = Replayed::start().await;
    let mut draft = FrameDraft::at(replayed.at(0));
    let day = |day: i64| replayed.at((day - 30) * 86_400);
    for index in 0..30 {
        draft.add_reading(SPO2, day(index), RawValue::Known(Decimal::whole(90 + index % 9)));
    }
    replayed.agent.record(draft).unwrap();
    replayed.agent.settled().await;
    let span = Span {
        from: day(10),
        until: day(12),
    };
    let history = replayed.history(codes::SPO2, span, 100).await;
    let Series::Readings(points) = &history.series else {
        panic!()
    };
    let at: Vec<Instant> = points.iter().map(|point| point.at).collect();
    assert_eq!(at, [day(10), day(11)]);
}

#[actix_web::test]
async fn old_waves_go_and_young_ones_and_numerics_stay() {
    let replayed = Replayed::start().await;
    replayed.heart_rates(0..10, rate).await;
    for second in 0..10 {
        let start = replayed.at(second);
        let draft = FrameDraft::at(start).with_samples(ECG, start, &[1; 250]);
        replayed.agent.record(draft).unwrap();
    }
    replayed.agent.settled().await;
    let (db, now) = (&replayed.server.db, replayed.server.clock.now());
    let day = Keep::RAW_WAVES;
    assert_eq!(remove_what_is_over(db, now, day).await.unwrap(), 0);
    let kept = db.read(waves::bytes_kept).await.unwrap();
    let half = Keep {
        bytes: kept / 2,
        ..day
    };
    assert_eq!(remove_what_is_over(db, now, half).await.unwrap(), 5);
    let tomorrow = now + day.age + std::time::Duration::from_secs(1);
    assert_eq!(remove_what_is_over(db, tomorrow, day).await.unwrap(), 5);
    let history = replayed
        .history(codes::HEART_RATE, replayed.span(0, 10), 100)
        .await;
    assert!(matches!(history.series, Series::Readings(points) if points.len() == 10));
    let waves = replayed
        .history(codes::ECG_LEAD_II, replayed.span(0, 10), 100)
        .await;
    assert_eq!(waves.series, Series::Samples(Vec::new()));
    assert_eq!(waves.gaps.len(), 1);
}

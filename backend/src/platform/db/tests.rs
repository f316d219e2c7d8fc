use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, connection::SimpleConnection};
use tokio::sync::oneshot;

use super::*;
use crate::schema::unknown_metrics;

struct Fixture {
    db: Db,
    _folder: tempfile::TempDir,
}

fn open() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::SqliteFile(folder.path().join("test.sqlite"))).unwrap();
    Fixture { db, _folder: folder }
}

async fn rows(db: &Db) -> i64 {
    db.read(|connection| Ok::<_, DbError>(unknown_metrics::table.count().get_result(connection)?))
        .await
        .unwrap()
}

fn insert(connection: &mut DbConnection, metric: i64) -> QueryResult<usize> {
    // The rows of this test belong to no registered device.
    connection.batch_execute("PRAGMA defer_foreign_keys = ON")?;
    diesel::insert_into(unknown_metrics::table)
        .values((
            unknown_metrics::device_id.eq(vec![0; 16]),
            unknown_metrics::metric.eq(metric),
            unknown_metrics::unit.eq(1),
            unknown_metrics::first_seen_at.eq(1),
        ))
        .execute(connection)
}

struct Metrics(Vec<i64>, oneshot::Sender<Result<(), WriteFailed>>);

impl Append for Metrics {
    fn append(&self, connection: &mut DbConnection) -> QueryResult<()> {
        self.0.iter().try_for_each(|metric| {
            diesel::insert_into(crate::schema::frame_gaps::table)
                .values((
                    crate::schema::frame_gaps::device_id.eq(vec![0; 16]),
                    crate::schema::frame_gaps::epoch.eq(0),
                    crate::schema::frame_gaps::first_seq.eq(metric),
                    crate::schema::frame_gaps::last_seq.eq(metric),
                    crate::schema::frame_gaps::measured_from.eq(0),
                    crate::schema::frame_gaps::measured_until.eq(0),
                ))
                .execute(connection)
                .map(drop)
        })
    }

    fn bytes(&self) -> usize {
        8 * self.0.len()
    }

    fn finish(self: Box<Self>, outcome: Result<(), WriteFailed>) {
        let _ = self.1.send(outcome);
    }
}

async fn gaps(db: &Db) -> i64 {
    db.read(|connection| Ok::<_, DbError>(crate::schema::frame_gaps::table.count().get_result(connection)?))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_change_that_fails_leaves_nothing_behind_and_its_neighbours_alone() {
    let Fixture { db, _folder } = open();
    let good = db.write(|connection| {
        connection.batch_execute("INSERT INTO organisations VALUES (x'01', 'A', 'hospital', 'eu', 1)")?;
        Ok::<_, DbError>(())
    });
    let bad = db.write(|connection| {
        connection.batch_execute("INSERT INTO organisations VALUES (x'02', 'B', 'hospital', 'eu', 1)")?;
        connection.batch_execute("INSERT INTO organisations VALUES (x'03', 'C', 'nonsense', 'eu', 1)")?;
        Ok::<_, DbError>(())
    });
    let (good, bad) = tokio::join!(good, bad);
    assert!(good.is_ok());
    assert!(matches!(bad, Err(DbError::Query(_))));
    let names: Vec<String> = db
        .read(|connection| {
            Ok::<_, DbError>(
                crate::schema::organisations::table
                    .select(crate::schema::organisations::name)
                    .load(connection)?,
            )
        })
        .await
        .unwrap();
    assert_eq!(names, ["A"]);
}

#[tokio::test]
async fn a_change_that_panics_is_answered_and_the_writer_goes_on() {
    let Fixture { db, _folder } = open();
    let lost: Result<(), DbError> = db.write(|_| panic!("a bug in a handler")).await;
    assert!(lost.is_err());
    let stored: Result<(), DbError> = db
        .write(|connection| {
            Ok(connection
                .batch_execute("INSERT INTO organisations VALUES (x'01', 'A', 'hospital', 'eu', 1)")?)
        })
        .await;
    assert!(stored.is_ok());
}

#[tokio::test]
async fn a_reader_can_not_write() {
    let Fixture { db, _folder } = open();
    let refused = db
        .read(|connection| insert(connection, 1).map_err(DbError::from))
        .await;
    assert!(refused.is_err());
    assert_eq!(rows(&db).await, 0);
}

#[tokio::test]
async fn rows_that_clash_are_refused_and_the_rest_of_their_group_is_stored() {
    let Fixture { db, _folder } = open();
    let mut answers = Vec::new();
    for metrics in [vec![1, 2], vec![3, 3], vec![4]] {
        let (sender, receiver) = oneshot::channel();
        db.append(Box::new(Metrics(metrics, sender)));
        answers.push(receiver);
    }
    let mut stored = Vec::new();
    for answer in answers {
        stored.push(answer.await.unwrap().is_ok());
    }
    assert_eq!(stored, [true, false, true]);
    assert_eq!(gaps(&db).await, 3);
}

#[tokio::test]
async fn a_thousand_appends_share_a_handful_of_commits() {
    let Fixture { db, _folder } = open();
    let before = db.backlog().commits;
    let answers: Vec<_> = (0..1_000)
        .map(|metric| {
            let (sender, receiver) = oneshot::channel();
            db.append(Box::new(Metrics(vec![metric], sender)));
            receiver
        })
        .collect();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(gaps(&db).await, 1_000);
    assert!(
        db.backlog().commits - before < 100,
        "{} commits",
        db.backlog().commits - before
    );
    assert_eq!(db.backlog().jobs, 0);
}

#[tokio::test]
async fn a_long_read_ends_when_its_asker_has_left_and_gives_its_place_back() {
    let Fixture { db, _folder } = open();
    let (begun, has_begun) = oneshot::channel();
    let (ended, has_ended) = oneshot::channel();
    let reading = db.read_long(move |_, wanted| {
        begun.send(()).unwrap();
        while wanted.check().is_ok() {
            std::thread::yield_now();
        }
        ended.send(()).unwrap();
        Ok::<_, DbError>(())
    });
    tokio::select! {
        _ = reading => panic!("it reads for as long as somebody waits"),
        begun = has_begun => begun.unwrap(),
    }
    has_ended.await.unwrap();
}

#[tokio::test]
async fn when_long_reads_take_all_their_places_a_short_one_still_finds_one() {
    let Fixture { db, _folder } = open();
    let mut long: Vec<_> = Vec::new();
    for _ in 0..super::LONG_READERS * 2 {
        let db = db.clone();
        long.push(tokio::spawn(async move {
            db.read_long(|_, wanted| {
                while wanted.check().is_ok() {
                    std::thread::yield_now();
                }
                Ok::<_, DbError>(())
            })
            .await
        }));
    }
    while db.long_reads.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rows(&db).await, 0);
    for task in &long {
        task.abort();
    }
    let _ = db
        .long_reads
        .acquire_many(super::LONG_READERS as u32)
        .await
        .unwrap();
}

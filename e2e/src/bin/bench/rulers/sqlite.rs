//! Raw grouped SQLite transactions: the same payload bytes appended to a table of one column, 1,000
//! rows a transaction, on one thread, with the server's own settings.
//!
//! It is the fastest way to make these bytes durable in this engine: no device, no sequence number,
//! no time, no index, no checksum, no roll-up, nobody waiting. It is not a server.

use diesel::{Connection, ExpressionMethods, RunQueryDsl, SqliteConnection, connection::SimpleConnection};
use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::Throughput;
use crate::{
    failure::{Failure, Step},
    process::cpu_of_this_thread,
};

diesel::table! {
    appended_frames (id) {
        id -> BigInt,
        payload -> Binary,
    }
}

const ROWS_PER_TRANSACTION: usize = 1_000;

/// Runs on its own thread, whose CPU time is counted alone.
pub async fn measure(folder: &Path, payloads: Vec<Vec<u8>>, length: Duration) -> Result<Throughput, Failure> {
    let file = folder.join("ruler.sqlite");
    let measuring = tokio::task::spawn_blocking(move || append_for(&file, &payloads, length));
    measuring
        .await
        .step("run the SQLite ruler")?
        .step("append to the ruler's table")
}

fn append_for(file: &Path, payloads: &[Vec<u8>], length: Duration) -> Result<Throughput, Failure> {
    for suffix in ["", "-wal", "-shm"] {
        // Absent on the first round.
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
    let mut connection =
        SqliteConnection::establish(&file.to_string_lossy()).step("open the ruler's file")?;
    connection
        .batch_execute(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -98304;
             PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;
             PRAGMA wal_autocheckpoint = 16000;
             CREATE TABLE appended_frames (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);",
        )
        .step("set up the ruler's table")?;
    let mut endless = payloads.iter().cycle();
    let (started, cpu) = (Instant::now(), cpu_of_this_thread());
    let mut rows = 0;
    while started.elapsed() < length {
        connection
            .transaction(|connection| {
                endless
                    .by_ref()
                    .take(ROWS_PER_TRANSACTION)
                    .try_for_each(|payload| {
                        diesel::insert_into(appended_frames::table)
                            .values(appended_frames::payload.eq(payload))
                            .execute(connection)
                            .map(drop)
                    })
            })
            .step("append a group")?;
        rows += ROWS_PER_TRANSACTION;
    }
    let cpu = cpu_of_this_thread().saturating_sub(cpu);
    Ok(Throughput {
        per_second: rows as f64 / started.elapsed().as_secs_f64(),
        cpu_seconds_each: cpu.as_secs_f64() / rows as f64,
    })
}

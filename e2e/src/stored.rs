//! What is in the database, read with SQL of our own: a witness that shares nothing with the server.

use crate::{
    portal::Portal,
    trouble::{Outcome, Trouble},
};
use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

/// One row in which a frame lies.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct StoredFrame {
    #[diesel(sql_type = Text)]
    pub serial: String,
    #[diesel(sql_type = BigInt)]
    pub epoch: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

/// Every row of frames of every device. The server should not run meanwhile.
pub fn frames(portal: &Portal) -> Outcome<Vec<StoredFrame>> {
    let file = portal.data().join("fleetward.sqlite");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).map_err(Trouble::wrong)?;
    let every_frame = "SELECT devices.serial, frames.epoch, frames.seq FROM \
        (SELECT device_id, epoch, seq FROM numeric_frames \
         UNION ALL SELECT device_id, epoch, seq FROM wave_frames) AS frames \
        JOIN devices ON devices.id = frames.device_id";
    sql_query(every_frame)
        .load(&mut connection)
        .map_err(Trouble::wrong)
}

/// Why passkeys were refused, as the record has it, the first one first.
pub fn why_passkeys_were_refused(portal: &Portal) -> Outcome<Vec<String>> {
    #[derive(QueryableByName)]
    struct Entry {
        #[diesel(sql_type = Text)]
        why: String,
    }
    let file = portal.data().join("fleetward.sqlite");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).map_err(Trouble::wrong)?;
    let refused = "SELECT json_extract(detail, '$.why') AS why FROM audit_entries \
        WHERE event = 'passkey_refused' ORDER BY recorded_at";
    let entries: Vec<Entry> = sql_query(refused).load(&mut connection).map_err(Trouble::wrong)?;
    Ok(entries.into_iter().map(|entry| entry.why).collect())
}

/// As if nobody had touched any of this person's sessions for `seconds` more than it is: nobody waits an
/// hour for a test.
pub fn leave_alone(portal: &Portal, login: &str, seconds: i64) -> Outcome {
    let file = portal.data().join("fleetward.sqlite");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).map_err(Trouble::wrong)?;
    sql_query("PRAGMA busy_timeout = 5000")
        .execute(&mut connection)
        .map_err(Trouble::wrong)?;
    let changed = sql_query(
        "UPDATE sessions SET last_used_at = last_used_at - ? WHERE ended_at IS NULL \
         AND person_id = (SELECT id FROM people WHERE login = ?)",
    )
    .bind::<BigInt, _>(seconds * 1_000_000)
    .bind::<Text, _>(login)
    .execute(&mut connection)
    .map_err(Trouble::wrong)?;
    if changed == 0 {
        return Err(Trouble::Wrong(format!("{login} has no open session")));
    }
    Ok(())
}

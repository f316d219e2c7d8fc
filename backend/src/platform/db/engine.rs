//! SQLite (embedded, the default) and PostgreSQL (cargo feature `postgres`).

use std::path::PathBuf;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, r2d2,
    sql_query, sql_types,
};

#[cfg(feature = "postgres")]
use diesel::PgConnection;

use super::{DbError, statements::Counting};
use crate::platform::secrets::private_file;

#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Location {
    /// One file, written by this process alone.
    SqliteFile(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

/// A frame of each of thousands of devices dirties pages of its own, again with the next commit. They
/// stay in memory, and are carried over into the file once in a while instead of every few commits.
const WRITER_SETTINGS: &str = "PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -98304;";

/// Earlier ones can corrupt a write-ahead log.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

impl Location {
    /// A connection that may write, set up as the writer needs it.
    pub fn connect_writer(&self) -> Result<DbConnection, DbError> {
        match self {
            Location::SqliteFile(path) => {
                // SQLite gives its log and its index the mode of the file.
                private_file(path).map_err(|cause| {
                    DbError::Settings(format!("{} can't be made: {cause}", path.display()))
                })?;
                let mut connection = open_file(path)?;
                connection
                    .batch_execute(WRITER_SETTINGS)
                    .map_err(DbError::Query)?;
                assert_settings(&mut connection)?;
                Ok(DbConnection::Sqlite(connection))
            }
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection.batch_execute("SET synchronous_commit = on;")?;
                connection.set_instrumentation(Counting);
                Ok(DbConnection::Postgres(connection))
            }
        }
    }

    /// A connection that can't write, beside whoever has the database open.
    pub fn connect_reader(&self) -> Result<DbConnection, DbError> {
        r2d2::ManageConnection::connect(&self.readers())
    }

    pub(super) fn readers(&self) -> Readers {
        Readers(self.clone())
    }
}

fn open_file(path: &std::path::Path) -> Result<SqliteConnection, DbError> {
    let path = path
        .to_str()
        .ok_or_else(|| DbError::Settings("the data folder's name is not UTF-8".into()))?;
    let mut connection = SqliteConnection::establish(path)?;
    // cache_size is in KiB when negative: 16 MiB a connection.
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16384;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_instrumentation(Counting);
    Ok(connection)
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Integer {
    #[diesel(sql_type = sql_types::BigInt)]
    value: i64,
}

/// What durability rests on is read back, not hoped for.
fn assert_settings(connection: &mut SqliteConnection) -> Result<(), DbError> {
    let version: Text = sql_query("SELECT sqlite_version() AS value").get_result(connection)?;
    let parts: Vec<u32> = version
        .value
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    let [major, minor, patch] = parts.as_slice() else {
        return Err(DbError::Settings(format!(
            "SQLite calls itself {}",
            version.value
        )));
    };
    if (*major, *minor, *patch) < OLDEST_SQLITE {
        return Err(DbError::Settings(format!(
            "SQLite {} is older than 3.51.3",
            version.value
        )));
    }
    let journal: Text =
        sql_query("SELECT journal_mode AS value FROM pragma_journal_mode").get_result(connection)?;
    if journal.value != "wal" {
        return Err(DbError::Settings(format!(
            "journal_mode is {}, not wal",
            journal.value
        )));
    }
    for (pragma, wanted) in [("synchronous", 2), ("foreign_keys", 1)] {
        let sql = format!("SELECT {pragma} AS value FROM pragma_{pragma}");
        let found: Integer = sql_query(sql).get_result(connection)?;
        if found.value != wanted {
            return Err(DbError::Settings(format!(
                "{pragma} is {}, not {wanted}",
                found.value
            )));
        }
    }
    Ok(())
}

pub(super) struct Readers(Location);

impl r2d2::ManageConnection for Readers {
    type Connection = DbConnection;
    type Error = DbError;

    fn connect(&self) -> Result<DbConnection, DbError> {
        match &self.0 {
            Location::SqliteFile(path) => {
                let mut connection = open_file(path)?;
                connection.batch_execute("PRAGMA query_only = ON;")?;
                Ok(DbConnection::Sqlite(connection))
            }
            #[cfg(feature = "postgres")]
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection.batch_execute("SET default_transaction_read_only = on;")?;
                connection.set_instrumentation(Counting);
                Ok(DbConnection::Postgres(connection))
            }
        }
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), DbError> {
        connection.batch_execute("SELECT 1").map_err(DbError::Query)
    }

    fn has_broken(&self, _: &mut DbConnection) -> bool {
        std::thread::panicking()
    }
}

//! Migrations, the same names on both engines.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{DbConnection, DbError};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Brings the schema to this program's version. Returns how many migrations ran.
pub fn migrate_up(connection: &mut DbConnection) -> Result<usize, DbError> {
    let ran = match connection {
        DbConnection::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE).map(|ran| ran.len()),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => postgres.run_pending_migrations(POSTGRES).map(|ran| ran.len()),
    };
    ran.map_err(|cause| DbError::Migrate(cause.to_string()))
}

/// Takes every migration back.
pub fn migrate_down(connection: &mut DbConnection) -> Result<usize, DbError> {
    let ran = match connection {
        DbConnection::Sqlite(sqlite) => sqlite.revert_all_migrations(SQLITE).map(|ran| ran.len()),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => postgres.revert_all_migrations(POSTGRES).map(|ran| ran.len()),
    };
    ran.map_err(|cause| DbError::Migrate(cause.to_string()))
}

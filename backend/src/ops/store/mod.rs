use diesel::{QueryDsl, RunQueryDsl};

use crate::{
    platform::db::{DbConnection, DbError},
    schema::organisations,
};

/// The cheapest question that only a working, migrated database answers.
pub fn answers(connection: &mut DbConnection) -> Result<(), DbError> {
    organisations::table.count().get_result::<i64>(connection)?;
    Ok(())
}

//! Entries that waited in the emergency journal.

use diesel::{Connection, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::audit::append_content;
use crate::{
    platform::{
        db::{DbConnection, DbError, QueryError},
        hex,
        http::asking,
        secrets::Key,
    },
    privacy::{
        audit::Content,
        journal::{Journal, Waiting},
    },
    schema::audit_journal_merged,
};

/// Puts one entry into its chain. It is remembered by its MAC: a crash between the commit and the
/// clearing of the journal must not record it twice.
pub fn merge(connection: &mut DbConnection, key: &Key, waiting: &Waiting) -> Result<(), DbError> {
    let known: Option<Vec<u8>> = audit_journal_merged::table
        .find(waiting.hmac.to_vec())
        .select(audit_journal_merged::hmac)
        .first(connection)
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let mut content = waiting.content.clone();
    if let Some(detail) = content.detail.as_object_mut() {
        detail.insert("journal".to_owned(), hex::encode(&waiting.hmac).into());
    }
    append_content(connection, key, &content)?;
    diesel::insert_into(audit_journal_merged::table)
        .values(audit_journal_merged::hmac.eq(waiting.hmac.to_vec()))
        .execute(connection)?;
    Ok(())
}

/// Appends, or puts the entry into the journal when the chain can't take it.
pub fn append_or_keep(
    connection: &mut DbConnection,
    key: &Key,
    journal: &Journal,
    content: &Content,
) -> QueryResult<()> {
    let appended = connection.transaction(|connection| append_content(connection, key, content));
    let Err(refused) = appended else {
        return Ok(());
    };
    tracing::error!(cause = %refused, "the audit record can't be written; an emergency goes into the journal");
    let kept = journal.append(content).map_err(|error| {
        tracing::error!(cause = %error, "an emergency could not be recorded anywhere");
        QueryError::QueryBuilderError(error.into())
    });
    kept.inspect(|()| asking::note_entry())
}

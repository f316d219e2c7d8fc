use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use fleetward_common::id::OrganisationId;

use crate::{
    platform::{
        db::{DbConnection, StoredId, micros},
        secrets::Key,
    },
    privacy::audit::{AuditEntry, CHAIN_START, ChainState, link},
    schema::audit_entries,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries)]
struct Row {
    organisation_id: Vec<u8>,
    number: i64,
    recorded_at: i64,
    action: String,
    event: String,
    outcome: i64,
    person_id: Option<Vec<u8>>,
    membership_id: Option<Vec<u8>>,
    role: Option<String>,
    purpose: Option<String>,
    entity_kind: Option<String>,
    entity_id: Option<Vec<u8>>,
    patient_id: Option<Vec<u8>>,
    detail: String,
    previous_hmac: Vec<u8>,
    hmac: Vec<u8>,
}

impl Row {
    fn link(&self, key: &Key) -> [u8; 32] {
        /// Absent and empty must differ: present columns start with a 1.
        fn optional(column: Option<&[u8]>) -> Vec<u8> {
            column.map_or_else(Vec::new, |bytes| [&[1], bytes].concat())
        }
        link(
            key,
            &self.previous_hmac,
            &[
                &self.organisation_id,
                &self.number.to_be_bytes(),
                &self.recorded_at.to_be_bytes(),
                self.action.as_bytes(),
                self.event.as_bytes(),
                &self.outcome.to_be_bytes(),
                &optional(self.person_id.as_deref()),
                &optional(self.membership_id.as_deref()),
                &optional(self.role.as_deref().map(str::as_bytes)),
                &optional(self.purpose.as_deref().map(str::as_bytes)),
                &optional(self.entity_kind.as_deref().map(str::as_bytes)),
                &optional(self.entity_id.as_deref()),
                &optional(self.patient_id.as_deref()),
                self.detail.as_bytes(),
            ],
        )
    }
}

/// Appends to the organisation's chain and returns the entry's number. Call it in the transaction
/// that makes the change: when this fails, the change must fail too.
pub fn append(
    connection: &mut DbConnection,
    key: &Key,
    entry: &AuditEntry,
) -> Result<i64, diesel::result::Error> {
    let organisation = entry.organisation.stored();
    let head: Option<(i64, Vec<u8>)> = audit_entries::table
        .filter(audit_entries::organisation_id.eq(&organisation))
        .order(audit_entries::number.desc())
        .select((audit_entries::number, audit_entries::hmac))
        .first(connection)
        .optional()?;
    let (last, previous_hmac) = head.unwrap_or((0, CHAIN_START.to_vec()));
    let mut row = Row {
        organisation_id: organisation,
        number: last + 1,
        recorded_at: micros(entry.at),
        action: entry.action.code().to_owned(),
        event: entry.event.to_owned(),
        outcome: entry.outcome.code(),
        person_id: entry.actor.person.map(|id| id.stored()),
        membership_id: entry.actor.membership.map(|id| id.stored()),
        role: entry.actor.role.map(|role| role.as_str().to_owned()),
        purpose: entry.actor.purpose.map(|purpose| purpose.as_str().to_owned()),
        entity_kind: entry.entity.map(|entity| entity.kind.to_owned()),
        entity_id: entry.entity.map(|entity| entity.id.to_vec()),
        patient_id: entry.patient.map(|id| id.stored()),
        detail: entry.detail.to_string(),
        previous_hmac,
        hmac: Vec::new(),
    };
    row.hmac = row.link(key).to_vec();
    diesel::insert_into(audit_entries::table)
        .values(&row)
        .execute(connection)?;
    Ok(last + 1)
}

/// Walks the organisation's whole chain. A cut tail looks whole here; comparing `head` with a
/// checkpoint kept elsewhere finds it.
pub fn verify(
    connection: &mut DbConnection,
    key: &Key,
    organisation: OrganisationId,
) -> Result<ChainState, diesel::result::Error> {
    const PAGE: i64 = 1_000;
    let (mut number, mut head) = (0, CHAIN_START.to_vec());
    loop {
        let rows: Vec<Row> = audit_entries::table
            .filter(audit_entries::organisation_id.eq(organisation.stored()))
            .filter(audit_entries::number.gt(number))
            .order(audit_entries::number)
            .limit(PAGE)
            .select(Row::as_select())
            .load(connection)?;
        if rows.is_empty() {
            let head = <[u8; 32]>::try_from(head.as_slice()).ok().filter(|_| number > 0);
            return Ok(ChainState::Whole {
                entries: number,
                head,
            });
        }
        for row in rows {
            number += 1;
            let unbroken = row.number == number && row.previous_hmac == head && row.hmac == row.link(key);
            if !unbroken {
                return Ok(ChainState::BrokenAt { number });
            }
            head = row.hmac;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        platform::db::{Db, DbError, Location},
        privacy::audit::{AuditAction, AuditActor, AuditOutcome},
    };
    use diesel::connection::SimpleConnection;
    use fleetward_common::time::Instant;

    fn northgate() -> OrganisationId {
        OrganisationId::new(Instant::from_millis(1), [1; 10])
    }

    fn sign_in(minute: i64) -> AuditEntry {
        AuditEntry {
            organisation: northgate(),
            at: Instant::from_millis(minute * 60_000),
            action: AuditAction::Execute,
            event: "session_started",
            outcome: AuditOutcome::Success,
            actor: AuditActor::SYSTEM,
            entity: None,
            patient: None,
            detail: serde_json::json!({ "minute": minute }),
        }
    }

    async fn three_entries(folder: &std::path::Path) -> (Db, Key) {
        let (db, key) = (
            Db::open(&Location::SqliteFile(folder.join("a.sqlite"))).unwrap(),
            Key::from_bytes([5; 32]),
        );
        let signing = key.clone();
        let written: Result<_, DbError> = db
            .write(move |connection| {
                let hex: String = northgate()
                    .as_bytes()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                connection.batch_execute(&format!(
                    "INSERT INTO organisations VALUES (x'{hex}', 'Northgate', 'hospital', 'eu', 1)"
                ))?;
                for minute in 1..=3 {
                    append(connection, &signing, &sign_in(minute))?;
                }
                Ok(())
            })
            .await;
        written.unwrap();
        (db, key)
    }

    async fn state(db: &Db, key: Key) -> ChainState {
        db.read(move |connection| Ok::<_, DbError>(verify(connection, &key, northgate())?))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_untouched_chain_is_whole_and_another_key_does_not_fit_it() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        assert!(matches!(
            state(&db, key).await,
            ChainState::Whole {
                entries: 3,
                head: Some(_)
            }
        ));
        assert_eq!(
            state(&db, Key::from_bytes([6; 32])).await,
            ChainState::BrokenAt { number: 1 }
        );
    }

    #[tokio::test]
    async fn entries_can_not_be_edited_and_an_edit_behind_the_databases_back_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        let edit = "UPDATE audit_entries SET recorded_at = 0 WHERE number = 2";
        let refused: Result<(), DbError> = db
            .write(move |connection| Ok(connection.batch_execute(edit)?))
            .await;
        assert!(refused.is_err());
        let forced: Result<(), DbError> = db
            .write(move |connection| {
                connection.batch_execute("DROP TRIGGER audit_entries_refuse_update")?;
                Ok(connection.batch_execute(edit)?)
            })
            .await;
        forced.unwrap();
        assert_eq!(state(&db, key).await, ChainState::BrokenAt { number: 2 });
    }
}

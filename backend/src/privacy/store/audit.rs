//! The chain's rows.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use fleetward_common::id::{MembershipId, OrganisationId, PatientId, PersonId};

use crate::{
    platform::{
        db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
        http::asking,
        secrets::Key,
    },
    privacy::{
        audit::{AuditEntry, Breach, CHAIN_START, Content, RecordedEntry, Verdict, mac_of},
        checkpoint::Head,
    },
    schema::audit_entries,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_entries)]
pub(super) struct Row {
    pub(super) organisation_id: Vec<u8>,
    pub(super) number: i64,
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
    /// The link of this row: over the one before it and every column.
    fn link(&self, key: &Key) -> [u8; 32] {
        /// Absent and empty must differ: present columns start with a 1.
        fn optional(column: Option<&[u8]>) -> Vec<u8> {
            column.map_or_else(Vec::new, |bytes| [&[1], bytes].concat())
        }
        mac_of(
            key,
            &[
                &self.previous_hmac,
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

    pub(super) fn recorded(self) -> Result<RecordedEntry, DbError> {
        let entity = self.entity_id.map(|id| {
            let id: Result<[u8; 16], _> = id.try_into();
            id.or(Err(CorruptRow { what: "entity id" }))
        });
        let detail = serde_json::from_str(&self.detail).or(Err(CorruptRow { what: "detail" }))?;
        Ok(RecordedEntry {
            number: self.number,
            content: Content {
                organisation: OrganisationId::restored(&self.organisation_id)?,
                at: instant(self.recorded_at),
                action: self.action,
                event: self.event,
                outcome: self.outcome,
                person: self.person_id.map(|id| PersonId::restored(&id)).transpose()?,
                membership: self
                    .membership_id
                    .map(|id| MembershipId::restored(&id))
                    .transpose()?,
                role: self.role,
                purpose: self.purpose,
                entity_kind: self.entity_kind,
                entity: entity.transpose()?,
                patient: self.patient_id.map(|id| PatientId::restored(&id)).transpose()?,
                detail,
            },
        })
    }
}

/// Appends to the organisation's chain and returns the entry's number. Call it in the transaction
/// that makes the change: when this fails, the change must fail too.
pub fn append(
    connection: &mut DbConnection,
    key: &Key,
    entry: &AuditEntry,
) -> Result<i64, diesel::result::Error> {
    append_content(connection, key, &Content::from(entry))
}

pub fn append_content(
    connection: &mut DbConnection,
    key: &Key,
    content: &Content,
) -> Result<i64, diesel::result::Error> {
    let organisation = content.organisation.stored();
    let (last, previous_hmac) = match head(connection, content.organisation)? {
        Some(head) => (head.number, head.hmac.to_vec()),
        None => (0, CHAIN_START.to_vec()),
    };
    let mut row = Row {
        organisation_id: organisation,
        number: last + 1,
        recorded_at: micros(content.at),
        action: content.action.clone(),
        event: content.event.clone(),
        outcome: content.outcome,
        person_id: content.person.map(|id| id.stored()),
        membership_id: content.membership.map(|id| id.stored()),
        role: content.role.clone(),
        purpose: content.purpose.clone(),
        entity_kind: content.entity_kind.clone(),
        entity_id: content.entity.map(|id| id.to_vec()),
        patient_id: content.patient.map(|id| id.stored()),
        detail: content.detail.to_string(),
        previous_hmac,
        hmac: Vec::new(),
    };
    row.hmac = row.link(key).to_vec();
    diesel::insert_into(audit_entries::table)
        .values(&row)
        .execute(connection)?;
    asking::note_entry();
    Ok(last + 1)
}

/// The newest entry of a chain.
pub fn head(
    connection: &mut DbConnection,
    organisation: OrganisationId,
) -> Result<Option<Head>, diesel::result::Error> {
    let newest: Option<(i64, Vec<u8>)> = audit_entries::table
        .filter(audit_entries::organisation_id.eq(organisation.stored()))
        .order(audit_entries::number.desc())
        .select((audit_entries::number, audit_entries::hmac))
        .first(connection)
        .optional()?;
    Ok(newest.and_then(|(number, hmac)| {
        Some(Head {
            organisation,
            number,
            hmac: hmac.try_into().ok()?,
        })
    }))
}

/// Whether the entry that was the head is still there, and still the same.
pub fn still_holds(connection: &mut DbConnection, head: &Head) -> Result<bool, diesel::result::Error> {
    let hmac: Option<Vec<u8>> = audit_entries::table
        .find((head.organisation.stored(), head.number))
        .select(audit_entries::hmac)
        .first(connection)
        .optional()?;
    Ok(hmac.is_some_and(|hmac| hmac == head.hmac))
}

/// At most `most` entries of the organisation's chain after the one with this number, oldest first.
pub fn entries(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    after: i64,
    most: i64,
) -> Result<Vec<RecordedEntry>, DbError> {
    let rows: Vec<Row> = audit_entries::table
        .filter(audit_entries::organisation_id.eq(organisation.stored()))
        .filter(audit_entries::number.gt(after))
        .order(audit_entries::number)
        .limit(most)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::recorded).collect()
}

/// Walks the organisation's whole chain. `checkpoint` is the head that was noted outside the database:
/// a tail that was cut off before it is found, one after it is not.
pub fn verify(
    connection: &mut DbConnection,
    key: &Key,
    organisation: OrganisationId,
    checkpoint: Option<&Head>,
) -> Result<Verdict, diesel::result::Error> {
    const PAGE: i64 = 1_000;
    let (mut number, mut newest) = (0, CHAIN_START.to_vec());
    loop {
        let rows: Vec<Row> = audit_entries::table
            .filter(audit_entries::organisation_id.eq(organisation.stored()))
            .filter(audit_entries::number.gt(number))
            .order(audit_entries::number)
            .limit(PAGE)
            .select(Row::as_select())
            .load(connection)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            number += 1;
            let broken = |how| Ok(Verdict::Broken { number, how });
            if row.number != number {
                return broken(Breach::Missing);
            }
            let noted = checkpoint.is_none_or(|noted| noted.number != number || noted.hmac == *row.hmac);
            if row.previous_hmac != newest || row.hmac != row.link(key) || !noted {
                return broken(Breach::Changed);
            }
            newest = row.hmac;
        }
    }
    if checkpoint.is_some_and(|noted| noted.number > number) {
        return Ok(Verdict::Broken {
            number: number + 1,
            how: Breach::Cut,
        });
    }
    let head = newest.try_into().ok().filter(|_| number > 0).map(|hmac| Head {
        organisation,
        number,
        hmac,
    });
    Ok(Verdict::Verified {
        entries: number,
        head,
        checkpointed: checkpoint.map(|noted| noted.number),
    })
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

    async fn verdict(db: &Db, key: Key, checkpoint: Option<Head>) -> Verdict {
        db.read(move |connection| {
            let checkpoint = checkpoint.as_ref();
            Ok::<_, DbError>(verify(connection, &key, northgate(), checkpoint)?)
        })
        .await
        .unwrap()
    }

    /// As someone does it who owns the database file.
    async fn behind_the_servers_back(db: &Db, sql: &str) {
        let sql = format!(
            "DROP TRIGGER audit_entries_refuse_update; DROP TRIGGER audit_entries_refuse_delete; {sql}"
        );
        let forced: Result<(), DbError> = db
            .write(move |connection| Ok(connection.batch_execute(&sql)?))
            .await;
        forced.unwrap();
    }

    async fn newest(db: &Db) -> Head {
        db.read(|connection| Ok::<_, DbError>(head(connection, northgate())?))
            .await
            .unwrap()
            .unwrap()
    }

    #[tokio::test]
    async fn an_untouched_chain_is_verified_and_another_key_does_not_fit_it() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        let head = newest(&db).await;
        assert_eq!(
            verdict(&db, key, Some(head.clone())).await,
            Verdict::Verified {
                entries: 3,
                head: Some(head),
                checkpointed: Some(3)
            }
        );
        assert_eq!(
            verdict(&db, Key::from_bytes([6; 32]), None).await,
            Verdict::Broken {
                number: 1,
                how: Breach::Changed
            }
        );
    }

    #[tokio::test]
    async fn entries_can_not_be_edited_and_an_edit_behind_the_servers_back_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        let edit = "UPDATE audit_entries SET recorded_at = 0 WHERE number = 2";
        let refused: Result<(), DbError> = db
            .write(move |connection| Ok(connection.batch_execute(edit)?))
            .await;
        assert!(refused.is_err());
        behind_the_servers_back(&db, edit).await;
        assert_eq!(
            verdict(&db, key, None).await,
            Verdict::Broken {
                number: 2,
                how: Breach::Changed
            }
        );
    }

    #[tokio::test]
    async fn a_whole_chain_written_anew_without_the_key_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        let (noted, forger) = (newest(&db).await, Key::from_bytes([66; 32]));
        behind_the_servers_back(&db, "DELETE FROM audit_entries").await;
        let forged: Result<(), DbError> = db
            .write(move |connection| {
                for minute in [1, 2, 4] {
                    append(connection, &forger, &sign_in(minute))?;
                }
                Ok(())
            })
            .await;
        forged.unwrap();
        for checkpoint in [None, Some(noted)] {
            assert_eq!(
                verdict(&db, key.clone(), checkpoint).await,
                Verdict::Broken {
                    number: 1,
                    how: Breach::Changed
                }
            );
        }
    }

    #[tokio::test]
    async fn a_removed_entry_and_a_cut_tail_are_found_up_to_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let (db, key) = three_entries(folder.path()).await;
        let noted = newest(&db).await;
        behind_the_servers_back(&db, "DELETE FROM audit_entries WHERE number = 3").await;
        assert_eq!(
            verdict(&db, key.clone(), Some(noted)).await,
            Verdict::Broken {
                number: 3,
                how: Breach::Cut
            }
        );
        // What came after the last checkpoint is not protected, and the verdict says up to where it is.
        let earlier = newest(&db).await;
        assert!(matches!(
            verdict(&db, key.clone(), Some(earlier)).await,
            Verdict::Verified {
                entries: 2,
                checkpointed: Some(2),
                ..
            }
        ));
        let hole: Result<(), DbError> = db
            .write(|connection| Ok(connection.batch_execute("DELETE FROM audit_entries WHERE number = 1")?))
            .await;
        hole.unwrap();
        assert_eq!(
            verdict(&db, key, None).await,
            Verdict::Broken {
                number: 1,
                how: Breach::Missing
            }
        );
    }
}

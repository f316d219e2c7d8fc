//! What a test reads in the record and the tables, where no page shows it.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward::platform::{
    db::{DbError, StoredId, micros},
    http::Failure,
};
use fleetward_common::{
    care::{WardBoard, WardSummary},
    id::{BedId, PatientId, PersonId},
};
use serde_json::Value;

use self::audit_entries as entries;
use super::Portal;

// Only what is read here: the schema itself is nobody's outside the server.
diesel::table! {
    audit_entries (organisation_id, number) {
        organisation_id -> Binary,
        number -> BigInt,
        recorded_at -> BigInt,
        event -> Text,
        patient_id -> Nullable<Binary>,
        detail -> Text,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        suspended_at -> Nullable<BigInt>,
    }
}

impl Portal {
    /// Events about this patient, oldest first.
    pub async fn events_about(&self, patient: PatientId) -> Vec<String> {
        let read = self.app.db.read(move |connection| {
            Ok::<_, DbError>(
                entries::table
                    .filter(entries::patient_id.eq(patient.stored()))
                    .order((entries::recorded_at, entries::number))
                    .select(entries::event)
                    .load(connection)?,
            )
        });
        read.await.unwrap()
    }

    pub async fn details_about(&self, patient: PatientId, event: &str) -> Vec<Value> {
        let event = event.to_owned();
        let read = self.app.db.read(move |connection| {
            Ok::<Vec<String>, DbError>(
                entries::table
                    .filter(entries::patient_id.eq(patient.stored()))
                    .filter(entries::event.eq(event))
                    .order((entries::recorded_at, entries::number))
                    .select(entries::detail)
                    .load(connection)?,
            )
        });
        parsed(&read.await.unwrap())
    }

    pub async fn details_of(&self, event: &str) -> Vec<Value> {
        let event = event.to_owned();
        let read = self.app.db.read(move |connection| {
            Ok::<Vec<String>, DbError>(
                entries::table
                    .filter(entries::event.eq(event))
                    .order((entries::recorded_at, entries::number))
                    .select(entries::detail)
                    .load(connection)?,
            )
        });
        parsed(&read.await.unwrap())
    }

    pub async fn count_of(&self, event: &str) -> i64 {
        let event = event.to_owned();
        let read = self.app.db.read(move |connection| {
            Ok::<_, DbError>(
                entries::table
                    .filter(entries::event.eq(event))
                    .count()
                    .get_result(connection)?,
            )
        });
        read.await.unwrap()
    }

    /// A bed of this person's first ward.
    pub async fn bed(&self, login: &str, label: &str) -> BedId {
        let person = self.sign_in(login).await;
        let wards: Vec<WardSummary> = person.read("/api/v1/wards").await;
        let board: WardBoard = person.read(&format!("/api/v1/wards/{}", wards[0].ward.id)).await;
        let bed = board.beds.iter().find(|bed| bed.label == label);
        bed.expect("a bed of the ward").id
    }

    /// From now on this person is suspended, whoever has done it.
    pub async fn suspend(&self, person: PersonId) {
        let now = self.app.clock.now();
        let done: Result<(), Failure> = self
            .app
            .db
            .write(move |connection| {
                diesel::update(people::table.find(person.stored()))
                    .set(people::suspended_at.eq(micros(now)))
                    .execute(connection)?;
                Ok(())
            })
            .await;
        done.unwrap();
    }
}

fn parsed(details: &[String]) -> Vec<Value> {
    details
        .iter()
        .map(|detail| serde_json::from_str(detail).unwrap())
        .collect()
}

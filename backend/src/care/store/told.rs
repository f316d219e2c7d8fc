//! Who is told of an emergency access: the privacy officers of the patient's organisation.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::Role,
    emergency::Told,
    id::{OrganisationId, PersonId},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, open_at},
    schema::{memberships, people},
};

pub struct Officer {
    pub person: PersonId,
    pub told: Told,
}

pub fn privacy_officers(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    now: Instant,
) -> Result<Vec<Officer>, DbError> {
    let rows: Vec<(Vec<u8>, String)> = memberships::table
        .inner_join(people::table)
        .filter(memberships::organisation_id.eq(organisation.stored()))
        .filter(memberships::role.eq(Role::PrivacyOfficer.as_str()))
        .filter(open_at!(memberships, now))
        .filter(memberships::suspended_at.is_null())
        .filter(people::suspended_at.is_null())
        .order(people::name)
        .select((people::id, people::name))
        .load(connection)?;
    rows.into_iter()
        .map(|(person, name)| {
            Ok(Officer {
                person: PersonId::restored(&person)?,
                told: Told {
                    name,
                    role: Role::PrivacyOfficer.title().to_owned(),
                },
            })
        })
        .collect()
}

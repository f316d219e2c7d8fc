//! Loads whose a row is: the input of the relations' predicates.
//!
//! Each kind asks the same number of statements whether the row is there or not: what is hidden must
//! not be told from what is absent, not even by counting.

use std::collections::HashMap;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{AccessReviewId, BedId, ConsentId, MembershipId, OrganisationId, PatientId, PersonId, UnitId},
    sharing::ConsentPurpose,
    time::Instant,
};

use crate::{
    access::{
        permit::{AccessReview, Bed, Consent, Membership, Organisation, Patient, Subject, Unit},
        relations::Standing,
    },
    platform::db::{DbConnection, DbError, StoredId, open_at},
    schema::{
        access_reviews, bed_stays, beds, care_teams, consents, memberships, organisations, patients, units,
    },
};

/// A kind of which one row's standing can be loaded.
pub trait Stands: Subject {
    /// `None` when there is no such row.
    fn standing(
        connection: &mut DbConnection,
        id: Self::Id,
        now: Instant,
    ) -> Result<Option<Standing>, DbError>;
}

impl Stands for Unit {
    fn standing(connection: &mut DbConnection, id: UnitId, _: Instant) -> Result<Option<Standing>, DbError> {
        let row: Option<Vec<u8>> = units::table
            .find(id.stored())
            .select(units::organisation_id)
            .first(connection)
            .optional()?;
        let Some(organisation) = row else {
            return Ok(None);
        };
        Ok(Some(Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: Some(id),
            ..Standing::default()
        }))
    }
}

impl Stands for Bed {
    fn standing(connection: &mut DbConnection, id: BedId, now: Instant) -> Result<Option<Standing>, DbError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = beds::table
            .find(id.stored())
            .select((beds::organisation_id, beds::unit_id))
            .first(connection)
            .optional()?;
        let patient: Option<Vec<u8>> = bed_stays::table
            .filter(bed_stays::bed_id.eq(id.stored()))
            .filter(open_at!(bed_stays, now))
            .select(bed_stays::patient_id)
            .first(connection)
            .optional()?;
        let patient = patient.map(|id| PatientId::restored(&id)).transpose()?;
        let carers = carers_of(connection, patient.as_slice(), now)?;
        let consents = consents_of(connection, patient.as_slice(), now)?;
        let Some((organisation, unit)) = row else {
            return Ok(None);
        };
        let standing = Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: Some(UnitId::restored(&unit)?),
            patient,
            ..Standing::default()
        };
        Ok(Some(consents.join(carers.join(standing))))
    }
}

impl Stands for Patient {
    fn standing(
        connection: &mut DbConnection,
        id: PatientId,
        now: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<Vec<u8>> = patients::table
            .find(id.stored())
            .select(patients::organisation_id)
            .first(connection)
            .optional()?;
        let unit: Option<Vec<u8>> = bed_stays::table
            .inner_join(beds::table)
            .filter(bed_stays::patient_id.eq(id.stored()))
            .filter(open_at!(bed_stays, now))
            .select(beds::unit_id)
            .first(connection)
            .optional()?;
        let carers = carers_of(connection, &[id], now)?;
        let consents = consents_of(connection, &[id], now)?;
        let Some(organisation) = row else {
            return Ok(None);
        };
        let standing = Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: unit.map(|id| UnitId::restored(&id)).transpose()?,
            patient: Some(id),
            ..Standing::default()
        };
        Ok(Some(consents.join(carers.join(standing))))
    }
}

impl Stands for Organisation {
    fn standing(
        connection: &mut DbConnection,
        id: OrganisationId,
        _: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<Vec<u8>> = organisations::table
            .find(id.stored())
            .select(organisations::id)
            .first(connection)
            .optional()?;
        Ok(row.map(|_| Standing {
            organisation: Some(id),
            ..Standing::default()
        }))
    }
}

impl Stands for Membership {
    fn standing(
        connection: &mut DbConnection,
        id: MembershipId,
        _: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = memberships::table
            .find(id.stored())
            .select((memberships::organisation_id, memberships::person_id))
            .first(connection)
            .optional()?;
        let Some((organisation, person)) = row else {
            return Ok(None);
        };
        Ok(Some(Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            person: Some(PersonId::restored(&person)?),
            ..Standing::default()
        }))
    }
}

impl Stands for AccessReview {
    fn standing(
        connection: &mut DbConnection,
        id: AccessReviewId,
        _: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = access_reviews::table
            .find(id.stored())
            .select((access_reviews::organisation_id, access_reviews::person_id))
            .first(connection)
            .optional()?;
        let Some((organisation, person)) = row else {
            return Ok(None);
        };
        Ok(Some(Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            person: Some(PersonId::restored(&person)?),
            ..Standing::default()
        }))
    }
}

impl Stands for Consent {
    fn standing(
        connection: &mut DbConnection,
        id: ConsentId,
        _: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = consents::table
            .find(id.stored())
            .select((consents::organisation_id, consents::patient_id))
            .first(connection)
            .optional()?;
        let Some((organisation, patient)) = row else {
            return Ok(None);
        };
        Ok(Some(Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            patient: Some(PatientId::restored(&patient)?),
            ..Standing::default()
        }))
    }
}

/// A patient, and a unit or a member that cares for them.
type CarerRow = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);

/// Who cares for some patients now.
#[derive(Default)]
pub(super) struct Carers(HashMap<PatientId, (Vec<UnitId>, Vec<MembershipId>)>);

impl Carers {
    pub(super) fn join(&self, mut standing: Standing) -> Standing {
        if let Some((units, members)) = standing.patient.and_then(|patient| self.0.get(&patient)) {
            standing.care_units.clone_from(units);
            standing.care_members.clone_from(members);
        }
        standing
    }
}

/// One statement, also when there is no patient.
pub(super) fn carers_of(
    connection: &mut DbConnection,
    patients: &[PatientId],
    now: Instant,
) -> Result<Carers, DbError> {
    let stored: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
    let rows: Vec<CarerRow> = care_teams::table
        .filter(care_teams::patient_id.eq_any(stored))
        .filter(open_at!(care_teams, now))
        .select((
            care_teams::patient_id,
            care_teams::unit_id,
            care_teams::membership_id,
        ))
        .load(connection)?;
    let mut carers = Carers::default();
    for (patient, unit, membership) in rows {
        let (units, members) = carers.0.entry(PatientId::restored(&patient)?).or_default();
        if let Some(unit) = unit {
            units.push(UnitId::restored(&unit)?);
        }
        if let Some(membership) = membership {
            members.push(MembershipId::restored(&membership)?);
        }
    }
    Ok(carers)
}

/// A patient, what was agreed to, and with which organisation or person.
type ConsentRow = (Vec<u8>, String, Option<Vec<u8>>, Option<Vec<u8>>);

/// What some patients agreed to, as far as it is in force now.
#[derive(Default)]
pub(super) struct Consents(HashMap<PatientId, Agreed>);

#[derive(Default)]
struct Agreed {
    support: Vec<OrganisationId>,
    research: Vec<OrganisationId>,
    people: Vec<PersonId>,
}

impl Consents {
    pub(super) fn join(&self, mut standing: Standing) -> Standing {
        if let Some(agreed) = standing.patient.and_then(|patient| self.0.get(&patient)) {
            standing.support_agreed_with.clone_from(&agreed.support);
            standing.research_agreed_with.clone_from(&agreed.research);
            standing.shared_with.clone_from(&agreed.people);
        }
        standing
    }
}

/// One statement, also when there is no patient.
pub(super) fn consents_of(
    connection: &mut DbConnection,
    patients: &[PatientId],
    now: Instant,
) -> Result<Consents, DbError> {
    let stored: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
    let rows: Vec<ConsentRow> = consents::table
        .filter(consents::patient_id.eq_any(stored))
        .filter(open_at!(consents, now))
        .select((
            consents::patient_id,
            consents::purpose,
            consents::grantee_organisation_id,
            consents::grantee_person_id,
        ))
        .load(connection)?;
    let mut known = Consents::default();
    for (patient, purpose, organisation, person) in rows {
        let agreed = known.0.entry(PatientId::restored(&patient)?).or_default();
        match (ConsentPurpose::parse(&purpose), organisation, person) {
            (Some(ConsentPurpose::ManufacturerSupport), Some(maker), _) => {
                agreed.support.push(OrganisationId::restored(&maker)?);
            }
            (Some(ConsentPurpose::Research), Some(by), _) => {
                agreed.research.push(OrganisationId::restored(&by)?)
            }
            (Some(ConsentPurpose::NamedPerson), _, Some(person)) => {
                agreed.people.push(PersonId::restored(&person)?);
            }
            // An unknown word opens nothing.
            _ => {}
        }
    }
    Ok(known)
}

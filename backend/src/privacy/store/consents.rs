//! Consents: given, withdrawn, never changed.

use std::collections::HashSet;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{ConsentId, OrganisationId, PatientId, PersonId},
    sharing::{ConsentPurpose, GivenConsent, SharedWith, SharingChoice},
    time::Instant,
};

use crate::{
    access::{Act, Patient, Permit},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{consents, device_assignments, devices, memberships, organisations, patients, people},
};

/// Memberships of now, with their people.
macro_rules! open_memberships {
    ($now:expr) => {
        memberships::table
            .inner_join(people::table)
            .filter(open_at!(memberships, $now))
    };
}

/// Who is shared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee {
    Organisation(OrganisationId),
    Person(PersonId),
}

pub struct NewConsent {
    pub id: ConsentId,
    pub patient: PatientId,
    /// Who cares for the patient.
    pub organisation: OrganisationId,
    pub purpose: ConsentPurpose,
    pub grantee: Grantee,
    pub given_by: PersonId,
    pub at: Instant,
}

/// Id, purpose, receiving organisation, receiving person, version, since when.
type Row = (Vec<u8>, String, Option<Vec<u8>>, Option<Vec<u8>>, i64, i64);

/// What this patient shares now.
pub struct InForce {
    pub consent: GivenConsent,
    pub purpose: ConsentPurpose,
    pub grantee: Grantee,
}

pub fn in_force<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<Patient, A>,
) -> Result<Vec<InForce>, DbError> {
    let rows: Vec<Row> = consents::table
        .filter(consents::patient_id.eq(permit.id().stored()))
        .filter(consents::valid_until.is_null())
        .order(consents::valid_from)
        .select((
            consents::id,
            consents::purpose,
            consents::grantee_organisation_id,
            consents::grantee_person_id,
            consents::version,
            consents::valid_from,
        ))
        .load(connection)?;
    rows.into_iter().map(restored).collect()
}

fn restored((id, purpose, organisation, person, version, since): Row) -> Result<InForce, DbError> {
    let grantee = match (organisation, person) {
        (Some(id), None) => Grantee::Organisation(OrganisationId::restored(&id)?),
        (None, Some(id)) => Grantee::Person(PersonId::restored(&id)?),
        _ => return Err(CorruptRow { what: "consent" }.into()),
    };
    Ok(InForce {
        consent: GivenConsent {
            id: ConsentId::restored(&id)?,
            version: u32::try_from(version).unwrap_or(0),
            since: instant(since),
        },
        purpose: ConsentPurpose::parse(&purpose).ok_or(CorruptRow { what: "consent" })?,
        grantee,
    })
}

/// The organisation that cares for the patient, and the makers of the devices on them now.
pub struct Around {
    pub organisation: OrganisationId,
    pub makers: Vec<OrganisationId>,
    pub custodians: Vec<OrganisationId>,
    pub time_zone: String,
}

pub fn around<A: Act>(connection: &mut DbConnection, permit: &Permit<Patient, A>) -> Result<Around, DbError> {
    let (organisation, time_zone): (Vec<u8>, String) = patients::table
        .find(permit.id().stored())
        .select((patients::organisation_id, patients::time_zone))
        .first(connection)?;
    let rows: Vec<(Vec<u8>, Vec<u8>)> = device_assignments::table
        .inner_join(devices::table)
        .filter(device_assignments::patient_id.eq(permit.id().stored()))
        .filter(open_at!(device_assignments, permit.granted_at()))
        .select((devices::maker_id, device_assignments::organisation_id))
        .load(connection)?;
    let (mut makers, mut custodians) = (Vec::new(), Vec::new());
    for (maker, custodian) in rows {
        let (maker, custodian) = (
            OrganisationId::restored(&maker)?,
            OrganisationId::restored(&custodian)?,
        );
        if !makers.contains(&maker) {
            makers.push(maker);
        }
        if !custodians.contains(&custodian) {
            custodians.push(custodian);
        }
    }
    Ok(Around {
        organisation: OrganisationId::restored(&organisation)?,
        makers,
        custodians,
        time_zone,
    })
}

/// Receiving organisation, receiving person, version, until when.
type Earlier = (Option<Vec<u8>>, Option<Vec<u8>>, i64, Option<i64>);

/// The next version. `None` when it is in force already.
pub fn give<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<Patient, A>,
    new: &NewConsent,
) -> QueryResult<Option<i64>> {
    debug_assert_eq!(permit.id(), new.patient, "the permit is for another patient");
    add(connection, new)
}

/// The same without a permit: for the demo world, and tests.
pub fn add(connection: &mut DbConnection, new: &NewConsent) -> QueryResult<Option<i64>> {
    let (to_organisation, to_person) = match new.grantee {
        Grantee::Organisation(id) => (Some(id.stored()), None),
        Grantee::Person(id) => (None, Some(id.stored())),
    };
    let earlier: Vec<Earlier> = consents::table
        .filter(consents::patient_id.eq(new.patient.stored()))
        .filter(consents::purpose.eq(new.purpose.as_str()))
        .select((
            consents::grantee_organisation_id,
            consents::grantee_person_id,
            consents::version,
            consents::valid_until,
        ))
        .load(connection)?;
    let same = earlier
        .iter()
        .filter(|(organisation, person, _, _)| *organisation == to_organisation && *person == to_person);
    let mut version = 0;
    for (_, _, known, until) in same {
        if until.is_none() {
            return Ok(None);
        }
        version = version.max(*known);
    }
    diesel::insert_into(consents::table)
        .values((
            consents::id.eq(new.id.stored()),
            consents::organisation_id.eq(new.organisation.stored()),
            consents::patient_id.eq(new.patient.stored()),
            consents::purpose.eq(new.purpose.as_str()),
            consents::grantee_organisation_id.eq(to_organisation),
            consents::grantee_person_id.eq(to_person),
            consents::version.eq(version + 1),
            consents::wording.eq(new.purpose.wording()),
            consents::given_by.eq(new.given_by.stored()),
            consents::valid_from.eq(micros(new.at)),
        ))
        .execute(connection)?;
    Ok(Some(version + 1))
}

/// Ends the interval. `None` when this patient has no such consent in force.
pub fn withdraw<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<Patient, A>,
    id: ConsentId,
    by: PersonId,
    at: Instant,
) -> Result<Option<InForce>, DbError> {
    let row: Option<Row> = consents::table
        .find(id.stored())
        .filter(consents::patient_id.eq(permit.id().stored()))
        .filter(consents::valid_until.is_null())
        .select((
            consents::id,
            consents::purpose,
            consents::grantee_organisation_id,
            consents::grantee_person_id,
            consents::version,
            consents::valid_from,
        ))
        .first(connection)
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    diesel::update(consents::table.find(id.stored()))
        .set((
            consents::valid_until.eq(micros(at)),
            consents::withdrawn_by.eq(by.stored()),
        ))
        .execute(connection)?;
    restored(row).map(Some)
}

/// Someone who can be named: they work where people are cared for, or act for a patient.
pub struct Known {
    pub person: PersonId,
    pub organisations: Vec<OrganisationId>,
}

/// The person who signs in like this, if they can be named. Anyone else is as unknown as nobody.
pub fn person_to_name(
    connection: &mut DbConnection,
    login: &str,
    now: Instant,
) -> Result<Option<Known>, DbError> {
    const CAN_BE_NAMED: [Role; 6] = [
        Role::Nurse,
        Role::ChargeNurse,
        Role::Physician,
        Role::ProviderClinician,
        Role::RespiratoryTechnician,
        Role::Proxy,
    ];
    let roles: Vec<&str> = CAN_BE_NAMED.iter().map(|role| role.as_str()).collect();
    let rows: Vec<(Vec<u8>, Vec<u8>)> = open_memberships!(now)
        .filter(people::login.eq(login.trim().to_lowercase()))
        .filter(people::suspended_at.is_null())
        .filter(memberships::suspended_at.is_null())
        .filter(memberships::role.eq_any(roles))
        .select((people::id, memberships::organisation_id))
        .load(connection)?;
    let Some((person, _)) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Known {
        person: PersonId::restored(person)?,
        organisations: rows
            .iter()
            .map(|(_, organisation)| OrganisationId::restored(organisation))
            .collect::<Result<_, _>>()?,
    }))
}

/// Where a person works now: whose streams a change of their consent reaches.
pub fn organisations_of(
    connection: &mut DbConnection,
    person: PersonId,
    now: Instant,
) -> Result<Vec<OrganisationId>, DbError> {
    let rows: Vec<Vec<u8>> = open_memberships!(now)
        .filter(people::id.eq(person.stored()))
        .select(memberships::organisation_id)
        .load(connection)?;
    rows.iter()
        .map(|id| OrganisationId::restored(id).map_err(DbError::from))
        .collect()
}

/// Every choice of the page: the makers, the research, and whether each is given.
pub fn choices(
    connection: &mut DbConnection,
    around: &Around,
    in_force: &[InForce],
) -> Result<Vec<SharingChoice>, DbError> {
    let mut wanted: Vec<(ConsentPurpose, OrganisationId)> = around
        .makers
        .iter()
        .map(|maker| (ConsentPurpose::ManufacturerSupport, *maker))
        .collect();
    wanted.push((ConsentPurpose::Research, around.organisation));
    // A consent to a maker whose device went back is still one that can be withdrawn.
    let mut listed: HashSet<(ConsentPurpose, OrganisationId)> = wanted.iter().copied().collect();
    for given in in_force {
        if let Grantee::Organisation(organisation) = given.grantee
            && listed.insert((given.purpose, organisation))
        {
            wanted.push((given.purpose, organisation));
        }
    }
    let mut choices = Vec::new();
    for (purpose, organisation) in wanted {
        let name: String = organisations::table
            .find(organisation.stored())
            .select(organisations::name)
            .first(connection)?;
        choices.push(SharingChoice {
            purpose,
            organisation,
            organisation_name: name,
            given: in_force
                .iter()
                .find(|given| {
                    given.purpose == purpose && given.grantee == Grantee::Organisation(organisation)
                })
                .map(|given| given.consent.clone()),
        });
    }
    choices.sort_by(|a, b| (a.purpose, &a.organisation_name).cmp(&(b.purpose, &b.organisation_name)));
    Ok(choices)
}

/// The named people, as they may be named: name, role, organisation.
pub fn people_shared_with(
    connection: &mut DbConnection,
    in_force: &[InForce],
    now: Instant,
) -> Result<Vec<SharedWith>, DbError> {
    let mut shared = Vec::new();
    for given in in_force {
        let Grantee::Person(person) = given.grantee else {
            continue;
        };
        let row: Option<(String, String, String)> = open_memberships!(now)
            .inner_join(organisations::table)
            .filter(people::id.eq(person.stored()))
            .order(memberships::valid_from)
            .select((people::name, memberships::role, organisations::name))
            .first(connection)
            .optional()?;
        // Who left everywhere can see nothing; the consent can still be withdrawn.
        let (name, role, organisation_name) = match row {
            Some((name, role, organisation)) => {
                let role = Role::parse(&role).map_or(String::new(), |role| role.title().to_owned());
                (name, role, organisation)
            }
            None => {
                let name: String = people::table
                    .find(person.stored())
                    .select(people::name)
                    .first(connection)?;
                (name, String::new(), String::new())
            }
        };
        shared.push(SharedWith {
            consent: given.consent.clone(),
            name,
            role,
            organisation_name,
        });
    }
    Ok(shared)
}

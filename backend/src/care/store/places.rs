//! Beds, and who and what has been where. Everything here is an interval; nothing is overwritten.

use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    id::{BedId, DeviceId, IntervalId, MembershipId, OrganisationId, PatientId, PersonId, SiteId, UnitId},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, StoredId, micros},
    schema::{bed_stays, beds, care_teams, device_assignments, device_custody, patient_people},
};

pub struct NewBed<'a> {
    pub id: BedId,
    pub organisation: OrganisationId,
    pub unit: UnitId,
    pub label: &'a str,
    pub position: i64,
}

pub fn add_bed(connection: &mut DbConnection, new: &NewBed<'_>) -> QueryResult<()> {
    diesel::insert_into(beds::table)
        .values((
            beds::id.eq(new.id.stored()),
            beds::organisation_id.eq(new.organisation.stored()),
            beds::unit_id.eq(new.unit.stored()),
            beds::label.eq(new.label),
            beds::position.eq(new.position),
        ))
        .execute(connection)
        .map(drop)
}

pub struct NewStay {
    pub id: IntervalId,
    pub organisation: OrganisationId,
    pub patient: PatientId,
    pub bed: BedId,
    pub from: Instant,
}

/// The patient lies in this bed from now on. The database refuses a bed that is taken.
pub fn begin_stay(connection: &mut DbConnection, new: &NewStay) -> QueryResult<()> {
    diesel::insert_into(bed_stays::table)
        .values((
            bed_stays::id.eq(new.id.stored()),
            bed_stays::organisation_id.eq(new.organisation.stored()),
            bed_stays::patient_id.eq(new.patient.stored()),
            bed_stays::bed_id.eq(new.bed.stored()),
            bed_stays::valid_from.eq(micros(new.from)),
        ))
        .execute(connection)
        .map(drop)
}

/// Who looks after a patient: a whole unit or one member.
#[derive(Debug, Clone, Copy)]
pub enum Carer {
    Unit(UnitId),
    Member(MembershipId),
}

pub struct NewCare {
    pub id: IntervalId,
    pub organisation: OrganisationId,
    pub patient: PatientId,
    pub carer: Carer,
    pub from: Instant,
}

pub fn begin_care(connection: &mut DbConnection, new: &NewCare) -> QueryResult<()> {
    let (unit, member) = match new.carer {
        Carer::Unit(unit) => (Some(unit.stored()), None),
        Carer::Member(member) => (None, Some(member.stored())),
    };
    diesel::insert_into(care_teams::table)
        .values((
            care_teams::id.eq(new.id.stored()),
            care_teams::organisation_id.eq(new.organisation.stored()),
            care_teams::patient_id.eq(new.patient.stored()),
            care_teams::unit_id.eq(unit),
            care_teams::membership_id.eq(member),
            care_teams::valid_from.eq(micros(new.from)),
        ))
        .execute(connection)
        .map(drop)
}

/// `relation` is self, parent or carer.
pub fn tie_person(
    connection: &mut DbConnection,
    id: IntervalId,
    patient: PatientId,
    person: PersonId,
    relation: &str,
    from: Instant,
) -> QueryResult<()> {
    diesel::insert_into(patient_people::table)
        .values((
            patient_people::id.eq(id.stored()),
            patient_people::patient_id.eq(patient.stored()),
            patient_people::person_id.eq(person.stored()),
            patient_people::relation.eq(relation),
            patient_people::valid_from.eq(micros(from)),
        ))
        .execute(connection)
        .map(drop)
}

pub struct NewCustody {
    pub id: IntervalId,
    pub device: DeviceId,
    pub organisation: OrganisationId,
    pub site: Option<SiteId>,
    pub from: Instant,
}

pub fn begin_custody(connection: &mut DbConnection, new: &NewCustody) -> QueryResult<()> {
    diesel::insert_into(device_custody::table)
        .values((
            device_custody::id.eq(new.id.stored()),
            device_custody::device_id.eq(new.device.stored()),
            device_custody::organisation_id.eq(new.organisation.stored()),
            device_custody::site_id.eq(new.site.map(|site| site.stored())),
            device_custody::valid_from.eq(micros(new.from)),
        ))
        .execute(connection)
        .map(drop)
}

/// Where a device is put: at a bed (and so in its unit), on a patient, or both.
pub struct NewAssignment {
    pub id: IntervalId,
    pub device: DeviceId,
    pub organisation: OrganisationId,
    pub patient: Option<PatientId>,
    pub bed: Option<(BedId, UnitId)>,
    pub from: Instant,
}

pub fn begin_assignment(connection: &mut DbConnection, new: &NewAssignment) -> QueryResult<()> {
    diesel::insert_into(device_assignments::table)
        .values((
            device_assignments::id.eq(new.id.stored()),
            device_assignments::device_id.eq(new.device.stored()),
            device_assignments::organisation_id.eq(new.organisation.stored()),
            device_assignments::patient_id.eq(new.patient.map(|patient| patient.stored())),
            device_assignments::bed_id.eq(new.bed.map(|(bed, _)| bed.stored())),
            // Written down with the bed, so that one condition finds a unit's devices.
            device_assignments::unit_id.eq(new.bed.map(|(_, unit)| unit.stored())),
            device_assignments::valid_from.eq(micros(new.from)),
        ))
        .execute(connection)
        .map(drop)
}

/// The device is nowhere from now on. Returns whether it was somewhere.
pub fn end_assignment(connection: &mut DbConnection, device: DeviceId, until: Instant) -> QueryResult<bool> {
    let open = device_assignments::table
        .filter(device_assignments::device_id.eq(device.stored()))
        .filter(device_assignments::valid_until.is_null());
    diesel::update(open)
        .set(device_assignments::valid_until.eq(micros(until)))
        .execute(connection)
        .map(|rows| rows > 0)
}

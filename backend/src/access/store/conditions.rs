//! The SQL form of every relation. `relations.rs` holds the other form; a test holds them equal.

use diesel::{
    BoolExpressionMethods, BoxableExpression, Connection, ExpressionMethods, NullableExpressionMethods,
    QueryDsl, RunQueryDsl, dsl::not, dsl::sql, sql_types::Bool,
};
use fleetward_common::{
    access::DataClass,
    id::{AccessReviewId, BedId, DeviceId, MembershipId, OrganisationId, PatientId, UnitId},
    sharing::ConsentPurpose,
    time::Instant,
};

use crate::{
    access::{
        actor::Actor,
        permit::{AccessReview, Act, Bed, Device, Listing, Membership, Organisation, Patient, Subject, Unit},
        policy::Reach,
        relations::{Facts, Relation},
    },
    platform::db::{DbConnection, DbError, StoredId, micros, open_at},
    schema::{
        access_reviews, bed_stays, beds, care_teams, consents, device_assignments, device_custody, devices,
        memberships, organisations, patients, support_grants, units,
    },
};

type Backend = <DbConnection as Connection>::Backend;
pub type Condition<T> = Box<dyn BoxableExpression<T, Backend, SqlType = Bool>>;

/// A kind whose rows can be listed within an actor's reach.
pub trait Listed: Subject {
    type Table: 'static;

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<Self::Table>;

    /// Every row of which the listing's actor may see this class.
    fn ids_within<A: Act>(
        connection: &mut DbConnection,
        listing: &Listing<Self, A>,
        class: DataClass,
    ) -> Result<Vec<Self::Id>, DbError>
    where
        Self: Sized;
}

macro_rules! ids_within {
    ($table:ident, $id:ty) => {
        fn ids_within<A: Act>(
            connection: &mut DbConnection,
            listing: &Listing<Self, A>,
            class: DataClass,
        ) -> Result<Vec<$id>, DbError> {
            let ids: Vec<Vec<u8>> = $table::table
                .filter(listing.within(class))
                .select($table::id)
                .load(connection)?;
            ids.iter()
                .map(|id| <$id>::restored(id).map_err(DbError::from))
                .collect()
        }
    };
}

macro_rules! always {
    ($answer:literal) => {
        Box::new(sql::<Bool>(if $answer { "1 = 1" } else { "1 = 0" }))
    };
}

fn bytes<T: StoredId>(ids: &[T]) -> Vec<Vec<u8>> {
    ids.iter().map(StoredId::stored).collect()
}

/// The patient this session opened in an emergency.
fn opened(actor: &Actor) -> Vec<Vec<u8>> {
    let patient = actor.emergency.map(|emergency| emergency.patient);
    patient.iter().map(StoredId::stored).collect()
}

/// Patients that this member, or a unit this member works in, cares for.
macro_rules! cared_for {
    ($actor:expr, $now:expr) => {
        care_teams::table
            .filter(open_at!(care_teams, $now))
            .filter(
                care_teams::membership_id
                    .assume_not_null()
                    .eq($actor.membership.stored())
                    .and(care_teams::membership_id.is_not_null())
                    .or(care_teams::unit_id
                        .assume_not_null()
                        .eq_any(bytes(&$actor.units))
                        .and(care_teams::unit_id.is_not_null())),
            )
            .select(care_teams::patient_id)
    };
}

/// Beds in which one of these patients lies now.
macro_rules! lies_in {
    ($patients:expr, $now:expr) => {
        beds::id.eq_any(
            bed_stays::table
                .filter(open_at!(bed_stays, $now))
                .filter(bed_stays::patient_id.eq_any($patients))
                .select(bed_stays::bed_id),
        )
    };
}

/// Devices that are on one of these patients now.
macro_rules! is_on {
    ($patients:expr, $now:expr) => {
        devices::id.eq_any(
            device_assignments::table
                .filter(open_at!(device_assignments, $now))
                .filter(device_assignments::patient_id.is_not_null())
                .filter(device_assignments::patient_id.assume_not_null().eq_any($patients))
                .select(device_assignments::device_id),
        )
    };
}

/// Patients who share with this person by name.
macro_rules! sharing_with {
    ($actor:expr, $now:expr) => {
        consents::table
            .filter(open_at!(consents, $now))
            .filter(consents::purpose.eq(ConsentPurpose::NamedPerson.as_str()))
            .filter(consents::grantee_person_id.is_not_null())
            .filter(
                consents::grantee_person_id
                    .assume_not_null()
                    .eq($actor.person.stored()),
            )
            .select(consents::patient_id)
    };
}

/// Patients who agreed to this with the person's organisation.
macro_rules! agreed_with {
    ($purpose:expr, $actor:expr, $now:expr) => {
        consents::table
            .filter(open_at!(consents, $now))
            .filter(consents::purpose.eq($purpose.as_str()))
            .filter(consents::grantee_organisation_id.is_not_null())
            .filter(
                consents::grantee_organisation_id
                    .assume_not_null()
                    .eq($actor.organisation.stored()),
            )
            .select(consents::patient_id)
    };
}

impl Listed for Unit {
    type Table = units::table;

    ids_within!(units, UnitId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<units::table> {
        match relation {
            Relation::MyUnit => Box::new(units::id.eq_any(bytes(&actor.units))),
            Relation::SameOrganisation => Box::new(units::organisation_id.eq(actor.organisation.stored())),
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::Any => always!(true),
            Relation::CareTeam
            | Relation::OwnRecord
            | Relation::ProxyOf
            | Relation::Custodian
            | Relation::MakerOf
            | Relation::SupportGrant
            | Relation::Consented
            | Relation::ResearchConsented
            | Relation::BreakGlass
            | Relation::AboutOneself => always!(false),
        }
    }
}

impl Listed for Bed {
    type Table = beds::table;

    ids_within!(beds, BedId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<beds::table> {
        match relation {
            Relation::MyUnit => Box::new(beds::unit_id.eq_any(bytes(&actor.units))),
            Relation::CareTeam => Box::new(lies_in!(cared_for!(actor, now), now)),
            Relation::OwnRecord => Box::new(lies_in!(bytes(&actor.own_records), now)),
            Relation::ProxyOf => Box::new(lies_in!(bytes(&actor.acts_for), now)),
            Relation::SameOrganisation => Box::new(beds::organisation_id.eq(actor.organisation.stored())),
            Relation::Consented => Box::new(lies_in!(sharing_with!(actor, now), now)),
            Relation::ResearchConsented => {
                Box::new(lies_in!(agreed_with!(ConsentPurpose::Research, actor, now), now))
            }
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::BreakGlass => Box::new(lies_in!(opened(actor), now)),
            Relation::Any => always!(true),
            Relation::Custodian | Relation::MakerOf | Relation::SupportGrant | Relation::AboutOneself => {
                always!(false)
            }
        }
    }
}

impl Listed for Patient {
    type Table = patients::table;

    ids_within!(patients, PatientId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<patients::table> {
        match relation {
            Relation::MyUnit => Box::new(
                patients::id.eq_any(
                    bed_stays::table
                        .filter(open_at!(bed_stays, now))
                        .filter(
                            bed_stays::bed_id.eq_any(
                                beds::table
                                    .filter(beds::unit_id.eq_any(bytes(&actor.units)))
                                    .select(beds::id),
                            ),
                        )
                        .select(bed_stays::patient_id),
                ),
            ),
            Relation::CareTeam => Box::new(patients::id.eq_any(cared_for!(actor, now))),
            Relation::OwnRecord => Box::new(patients::id.eq_any(bytes(&actor.own_records))),
            Relation::ProxyOf => Box::new(patients::id.eq_any(bytes(&actor.acts_for))),
            Relation::SameOrganisation => Box::new(patients::organisation_id.eq(actor.organisation.stored())),
            Relation::Consented => Box::new(patients::id.eq_any(sharing_with!(actor, now))),
            Relation::ResearchConsented => {
                Box::new(patients::id.eq_any(agreed_with!(ConsentPurpose::Research, actor, now)))
            }
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::BreakGlass => Box::new(patients::id.eq_any(opened(actor))),
            Relation::Any => always!(true),
            Relation::Custodian | Relation::MakerOf | Relation::SupportGrant | Relation::AboutOneself => {
                always!(false)
            }
        }
    }
}

impl Listed for Device {
    type Table = devices::table;

    ids_within!(devices, DeviceId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<devices::table> {
        match relation {
            Relation::MyUnit => Box::new(
                devices::id.eq_any(
                    device_assignments::table
                        .filter(open_at!(device_assignments, now))
                        .filter(device_assignments::unit_id.is_not_null())
                        .filter(
                            device_assignments::unit_id
                                .assume_not_null()
                                .eq_any(bytes(&actor.units)),
                        )
                        .select(device_assignments::device_id),
                ),
            ),
            Relation::CareTeam => Box::new(is_on!(cared_for!(actor, now), now)),
            Relation::OwnRecord => Box::new(is_on!(bytes(&actor.own_records), now)),
            Relation::ProxyOf => Box::new(is_on!(bytes(&actor.acts_for), now)),
            // The organisation a device belongs to is the one that holds it.
            Relation::Custodian | Relation::SameOrganisation => Box::new(
                devices::id.eq_any(
                    device_custody::table
                        .filter(open_at!(device_custody, now))
                        .filter(device_custody::organisation_id.eq(actor.organisation.stored()))
                        .select(device_custody::device_id),
                ),
            ),
            Relation::MakerOf => Box::new(devices::maker_id.eq(actor.organisation.stored())),
            Relation::Consented => Box::new(is_on!(sharing_with!(actor, now), now)),
            Relation::ResearchConsented => {
                Box::new(is_on!(agreed_with!(ConsentPurpose::Research, actor, now), now))
            }
            Relation::SupportGrant => Box::new(
                devices::id
                    .eq_any(
                        support_grants::table
                            .filter(support_grants::person_id.eq(actor.person.stored()))
                            .filter(support_grants::valid_from.le(micros(now)))
                            .filter(support_grants::valid_until.gt(micros(now)))
                            .select(support_grants::device_id),
                    )
                    .and(is_on!(
                        agreed_with!(ConsentPurpose::ManufacturerSupport, actor, now),
                        now
                    )),
            ),
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::BreakGlass => Box::new(is_on!(opened(actor), now)),
            Relation::Any => always!(true),
            Relation::AboutOneself => always!(false),
        }
    }
}

impl Listed for Organisation {
    type Table = organisations::table;

    ids_within!(organisations, OrganisationId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<organisations::table> {
        match relation {
            Relation::SameOrganisation => Box::new(organisations::id.eq(actor.organisation.stored())),
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::Any => always!(true),
            Relation::MyUnit
            | Relation::CareTeam
            | Relation::OwnRecord
            | Relation::ProxyOf
            | Relation::Custodian
            | Relation::MakerOf
            | Relation::SupportGrant
            | Relation::Consented
            | Relation::ResearchConsented
            | Relation::BreakGlass
            | Relation::AboutOneself => always!(false),
        }
    }
}

impl Listed for Membership {
    type Table = memberships::table;

    ids_within!(memberships, MembershipId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<memberships::table> {
        match relation {
            Relation::SameOrganisation => {
                Box::new(memberships::organisation_id.eq(actor.organisation.stored()))
            }
            Relation::AboutOneself => Box::new(memberships::person_id.eq(actor.person.stored())),
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::Any => always!(true),
            Relation::MyUnit
            | Relation::CareTeam
            | Relation::OwnRecord
            | Relation::ProxyOf
            | Relation::Custodian
            | Relation::MakerOf
            | Relation::SupportGrant
            | Relation::Consented
            | Relation::ResearchConsented
            | Relation::BreakGlass => always!(false),
        }
    }
}

impl Listed for AccessReview {
    type Table = access_reviews::table;

    ids_within!(access_reviews, AccessReviewId);

    fn related(relation: Relation, actor: &Actor, now: Instant) -> Condition<access_reviews::table> {
        match relation {
            Relation::SameOrganisation => {
                Box::new(access_reviews::organisation_id.eq(actor.organisation.stored()))
            }
            Relation::AboutOneself => Box::new(access_reviews::person_id.eq(actor.person.stored())),
            Relation::WithoutSupportGrant => without_support_grant::<Self>(actor, now),
            Relation::Any => always!(true),
            Relation::MyUnit
            | Relation::CareTeam
            | Relation::OwnRecord
            | Relation::ProxyOf
            | Relation::Custodian
            | Relation::MakerOf
            | Relation::SupportGrant
            | Relation::Consented
            | Relation::ResearchConsented
            | Relation::BreakGlass => always!(false),
        }
    }
}

fn without_support_grant<K: Listed>(actor: &Actor, now: Instant) -> Condition<K::Table> {
    Box::new(not(K::related(Relation::SupportGrant, actor, now)))
}

impl<K: Listed, A: Act> Listing<K, A> {
    /// Rows of which the actor may see this class.
    pub fn within(&self, class: DataClass) -> Condition<K::Table> {
        let of = |reach| condition::<K>(reach, self.actor(), self.at());
        let usual = of(self.reach(class));
        match self.reach_opened(class) {
            None => usual,
            // Two conditions, and each row meets the one that it is judged by.
            Some(opened) => {
                let is_opened = || K::related(Relation::BreakGlass, self.actor(), self.at());
                Box::new(is_opened().and(of(opened)).or(not(is_opened()).and(usual)))
            }
        }
    }

    /// Rows of which the actor may see anything at all.
    pub fn visible(&self) -> Condition<K::Table> {
        any_of(self.open_classes().map(|class| self.within(class)))
    }
}

/// OR of what allows, AND NOT of what denies.
fn condition<K: Listed>(reach: Reach, actor: &Actor, now: Instant) -> Condition<K::Table> {
    let related = |facts: Facts| any_of(facts.iter().map(|relation| K::related(relation, actor, now)));
    if reach.deny == Facts::NONE {
        related(reach.allow)
    } else {
        Box::new(related(reach.allow).and(not(related(reach.deny))))
    }
}

fn any_of<T: 'static>(conditions: impl Iterator<Item = Condition<T>>) -> Condition<T> {
    conditions
        .reduce(|left, right| Box::new(left.or(right)))
        .unwrap_or_else(|| always!(false))
}

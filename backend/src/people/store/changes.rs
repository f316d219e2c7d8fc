//! Writes what was decided about a member: intervals end and begin, none is rewritten.

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{IntervalId, MembershipId, OrganisationId, PersonId, UnitId},
    time::Instant,
};

use crate::{
    people::{change::Plan, member::Member},
    platform::{
        clock::Clock,
        db::{DbConnection, DbError, StoredId, micros},
    },
    schema::{care_teams, membership_units, memberships},
};

pub struct NewInterval {
    pub id: MembershipId,
    pub person: PersonId,
    pub organisation: OrganisationId,
    pub role: Role,
    pub from: Instant,
    pub until: Option<Instant>,
    pub continues: Option<MembershipId>,
}

pub fn begin(connection: &mut DbConnection, new: &NewInterval) -> Result<(), DbError> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::id.eq(new.id.stored()),
            memberships::person_id.eq(new.person.stored()),
            memberships::organisation_id.eq(new.organisation.stored()),
            memberships::role.eq(new.role.as_str()),
            memberships::valid_from.eq(micros(new.from)),
            memberships::valid_until.eq(new.until.map(micros)),
            memberships::continues_id.eq(new.continues.map(|id| id.stored())),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn join_unit(
    connection: &mut DbConnection,
    id: IntervalId,
    membership: MembershipId,
    unit: UnitId,
    from: Instant,
    until: Option<Instant>,
) -> Result<(), DbError> {
    diesel::insert_into(membership_units::table)
        .values((
            membership_units::id.eq(id.stored()),
            membership_units::membership_id.eq(membership.stored()),
            membership_units::unit_id.eq(unit.stored()),
            membership_units::valid_from.eq(micros(from)),
            membership_units::valid_until.eq(until.map(micros)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes the plan true. Answers with the membership that holds from `plan.at` on.
pub fn carry_out(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    member: &Member,
    plan: &Plan,
    clock: &Clock,
) -> Result<MembershipId, DbError> {
    let current = &member.current;
    let leaving: Vec<Vec<u8>> = plan.leave.iter().map(StoredId::stored).collect();
    diesel::update(membership_units::table.filter(membership_units::id.eq_any(leaving)))
        .set((
            membership_units::former_until.eq(membership_units::valid_until),
            membership_units::valid_until.eq(Some(micros(plan.at))),
            membership_units::planned_at.eq(Some(micros(plan.at))),
        ))
        .execute(connection)?;
    let membership = match plan.role {
        None => {
            plan_end(connection, current.id, plan.until, plan.at)?;
            current.id
        }
        Some(role) => {
            plan_end(connection, current.id, Some(plan.at), plan.at)?;
            let id = MembershipId::new(plan.at, clock.entropy());
            begin(
                connection,
                &NewInterval {
                    id,
                    person: member.person,
                    organisation,
                    role,
                    from: plan.at,
                    until: plan.until,
                    continues: Some(current.id),
                },
            )?;
            hand_over_care(connection, current.id, id, plan.at, clock)?;
            id
        }
    };
    for grant in &plan.join {
        let id = IntervalId::new(plan.at, clock.entropy());
        join_unit(connection, id, membership, grant.unit, plan.at, grant.until)?;
    }
    Ok(membership)
}

/// The membership ends at `until`. As long as the plan behind it has not begun, the end of before is kept.
fn plan_end(
    connection: &mut DbConnection,
    id: MembershipId,
    until: Option<Instant>,
    planned_at: Instant,
) -> Result<(), DbError> {
    diesel::update(memberships::table.find(id.stored()))
        .set((
            memberships::former_until.eq(memberships::valid_until),
            memberships::valid_until.eq(until.map(micros)),
            memberships::planned_at.eq(Some(micros(planned_at))),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whom a member cares for does not change with their title.
fn hand_over_care(
    connection: &mut DbConnection,
    from: MembershipId,
    to: MembershipId,
    at: Instant,
    clock: &Clock,
) -> Result<(), DbError> {
    let open: Vec<(Vec<u8>, Vec<u8>)> = care_teams::table
        .filter(care_teams::membership_id.assume_not_null().eq(from.stored()))
        .filter(care_teams::membership_id.is_not_null())
        .filter(care_teams::valid_until.is_null())
        .filter(care_teams::valid_from.lt(micros(at)))
        .select((care_teams::organisation_id, care_teams::patient_id))
        .load(connection)?;
    end_care(connection, from, at)?;
    for (organisation, patient) in open {
        diesel::insert_into(care_teams::table)
            .values((
                care_teams::id.eq(IntervalId::new(at, clock.entropy()).stored()),
                care_teams::organisation_id.eq(organisation),
                care_teams::patient_id.eq(patient),
                care_teams::membership_id.eq(Some(to.stored())),
                care_teams::valid_from.eq(micros(at)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn end_care(connection: &mut DbConnection, membership: MembershipId, at: Instant) -> Result<(), DbError> {
    diesel::update(
        care_teams::table
            .filter(
                care_teams::membership_id
                    .assume_not_null()
                    .eq(membership.stored()),
            )
            .filter(care_teams::membership_id.is_not_null())
            .filter(care_teams::valid_until.is_null())
            .filter(care_teams::valid_from.lt(micros(at))),
    )
    .set(care_teams::valid_until.eq(Some(micros(at))))
    .execute(connection)?;
    Ok(())
}

/// Takes back what was planned and has not begun. What was to end then ends when it did before.
pub fn unplan(connection: &mut DbConnection, member: &Member, now: Instant) -> Result<(), DbError> {
    let current = &member.current;
    for later in member
        .history
        .iter()
        .filter(|interval| interval.from > now && interval.id != current.id)
    {
        diesel::delete(
            care_teams::table
                .filter(care_teams::membership_id.is_not_null())
                .filter(care_teams::membership_id.assume_not_null().eq(later.id.stored())),
        )
        .execute(connection)?;
        diesel::delete(membership_units::table.filter(membership_units::membership_id.eq(later.id.stored())))
            .execute(connection)?;
        diesel::delete(memberships::table.find(later.id.stored())).execute(connection)?;
        care_goes_on(connection, current.id, later.from)?;
    }
    let of_current =
        || membership_units::table.filter(membership_units::membership_id.eq(current.id.stored()));
    diesel::delete(of_current().filter(membership_units::valid_from.gt(micros(now)))).execute(connection)?;
    diesel::update(of_current().filter(membership_units::planned_at.gt(micros(now))))
        .set((
            membership_units::valid_until.eq(membership_units::former_until),
            membership_units::former_until.eq(None::<i64>),
            membership_units::planned_at.eq(None::<i64>),
        ))
        .execute(connection)?;
    diesel::update(
        memberships::table
            .find(current.id.stored())
            .filter(memberships::planned_at.gt(micros(now))),
    )
    .set((
        memberships::valid_until.eq(memberships::former_until),
        memberships::former_until.eq(None::<i64>),
        memberships::planned_at.eq(None::<i64>),
    ))
    .execute(connection)?;
    Ok(())
}

/// What was to be handed over at `ended_at` stays with the membership.
fn care_goes_on(
    connection: &mut DbConnection,
    membership: MembershipId,
    ended_at: Instant,
) -> Result<(), DbError> {
    diesel::update(
        care_teams::table
            .filter(care_teams::membership_id.is_not_null())
            .filter(
                care_teams::membership_id
                    .assume_not_null()
                    .eq(membership.stored()),
            )
            .filter(care_teams::valid_until.eq(Some(micros(ended_at)))),
    )
    .set(care_teams::valid_until.eq(None::<i64>))
    .execute(connection)?;
    Ok(())
}

/// Rests the access, now and in whatever was planned; `None` lifts it.
pub fn suspend(connection: &mut DbConnection, member: &Member, at: Option<Instant>) -> Result<(), DbError> {
    let ids: Vec<Vec<u8>> = member
        .history
        .iter()
        .filter(|interval| interval.from >= member.current.from)
        .map(|interval| interval.id.stored())
        .collect();
    diesel::update(memberships::table.filter(memberships::id.eq_any(ids)))
        .set(memberships::suspended_at.eq(at.map(micros)))
        .execute(connection)?;
    Ok(())
}

/// Access ends now; what was planned falls.
pub fn end(connection: &mut DbConnection, member: &Member, now: Instant) -> Result<(), DbError> {
    unplan(connection, member, now)?;
    let current = &member.current;
    if current.from >= now {
        // It never began, so nothing is to be kept.
        diesel::delete(
            membership_units::table.filter(membership_units::membership_id.eq(current.id.stored())),
        )
        .execute(connection)?;
        diesel::update(memberships::table.find(current.id.stored()))
            .set((
                memberships::valid_from.eq(micros(now.shifted(-1))),
                memberships::valid_until.eq(Some(micros(now))),
            ))
            .execute(connection)?;
        return Ok(());
    }
    plan_end(connection, current.id, Some(now), now)?;
    diesel::update(
        membership_units::table
            .filter(membership_units::membership_id.eq(current.id.stored()))
            .filter(membership_units::valid_from.lt(micros(now)))
            .filter(
                membership_units::valid_until
                    .is_null()
                    .or(membership_units::valid_until.assume_not_null().gt(micros(now))),
            ),
    )
    .set(membership_units::valid_until.eq(Some(micros(now))))
    .execute(connection)?;
    end_care(connection, current.id, now)
}

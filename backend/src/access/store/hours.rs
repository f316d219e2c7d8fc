//! When, by the clock alone, something that access rests on begins or ends next.

use std::collections::BTreeSet;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl, dsl::min,
};
use fleetward_common::{id::OrganisationId, time::Instant};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::{
        bed_stays, care_teams, consents, device_assignments, device_custody, membership_units, memberships,
        support_grants,
    },
};

/// The next beginning or end in one table, and whose it is.
macro_rules! next_in {
    ($connection:ident, $after:ident, $found:ident, $($table:ident),+) => {$({
        let ends: Option<i64> = $table::table
            .filter($table::valid_until.is_not_null())
            .filter($table::valid_until.assume_not_null().gt($after))
            .select(min($table::valid_until.assume_not_null()))
            .first($connection)?;
        let begins: Option<i64> = $table::table
            .filter($table::valid_from.gt($after))
            .select(min($table::valid_from))
            .first($connection)?;
        for at in [ends, begins].into_iter().flatten() {
            let whose: Vec<Vec<u8>> = $table::table
                .filter($table::valid_from.eq(at).or($table::valid_until.is_not_null().and($table::valid_until.assume_not_null().eq(at))))
                .select($table::organisation_id)
                .distinct()
                .load($connection)?;
            $found.extend(whose.into_iter().map(|id| (at, id)));
        }
    })+};
}

/// A moment, and whom it concerns.
pub struct Next {
    pub at: Instant,
    pub whose: BTreeSet<OrganisationId>,
}

/// The first one after this.
pub fn next(connection: &mut DbConnection, after: Instant) -> Result<Option<Next>, DbError> {
    let after = micros(after);
    let mut found: Vec<(i64, Vec<u8>)> = Vec::new();
    next_in!(
        connection,
        after,
        found,
        memberships,
        care_teams,
        bed_stays,
        device_assignments,
        device_custody,
        consents
    );
    let grants: Option<i64> = support_grants::table
        .filter(support_grants::valid_until.gt(after))
        .select(min(support_grants::valid_until))
        .first(connection)?;
    if let Some(at) = grants {
        let whose: Vec<Vec<u8>> = support_grants::table
            .filter(support_grants::valid_until.eq(at))
            .select(support_grants::organisation_id)
            .load(connection)?;
        found.extend(whose.into_iter().map(|id| (at, id)));
    }
    // A unit belongs to whom its member belongs.
    let units: Vec<(i64, Option<i64>, Vec<u8>)> = membership_units::table
        .inner_join(memberships::table)
        .filter(
            membership_units::valid_from
                .gt(after)
                .or(membership_units::valid_until
                    .is_not_null()
                    .and(membership_units::valid_until.assume_not_null().gt(after))),
        )
        .select((
            membership_units::valid_from,
            membership_units::valid_until,
            memberships::organisation_id,
        ))
        .load(connection)?;
    for (from, until, whose) in units {
        let ahead = [Some(from), until].into_iter().flatten().filter(|at| *at > after);
        found.extend(ahead.map(|at| (at, whose.clone())));
    }
    let Some(at) = found.iter().map(|(at, _)| *at).min() else {
        return Ok(None);
    };
    let mut whose = BTreeSet::new();
    for (_, id) in found.iter().filter(|(then, _)| *then == at) {
        whose.insert(OrganisationId::restored(id)?);
    }
    Ok(Some(Next {
        at: instant(at),
        whose,
    }))
}

//! Whether an administrator's change may be made, and which intervals it ends and begins. No I/O.

use std::time::Duration;

use fleetward_common::{
    access::Role,
    id::{IntervalId, UnitId},
    people::{MemberChange, MemberState, OrganisationKind, UnitGrant, works_in_units},
    time::Instant,
};

use super::member::Member;
use crate::platform::http::Failure;

/// A plan further away than this is more likely a slip of the keyboard.
const FURTHEST: Duration = Duration::from_secs(2 * 366 * 24 * 3_600);
/// A form that was opened a moment ago still means now.
const JUST_NOW: Duration = Duration::from_secs(60);

/// What the organisation is, as far as a change asks.
pub struct House<'a> {
    pub kind: OrganisationKind,
    /// Units that are open.
    pub units: &'a [UnitId],
    /// Active administrators beside this member whose access has no end.
    pub other_administrators: i64,
}

/// What the store shall write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub at: Instant,
    /// `None`: the role stays, and so does its interval.
    pub role: Option<Role>,
    /// Intervals that end at `at`.
    pub leave: Vec<IntervalId>,
    /// Intervals that begin at `at`.
    pub join: Vec<UnitGrant>,
    /// When access ends.
    pub until: Option<Instant>,
}

pub fn plan(
    member: &Member,
    change: &MemberChange,
    house: &House<'_>,
    now: Instant,
) -> Result<Plan, Failure> {
    match member.state(now) {
        MemberState::Ended => return refused("This access has ended. Invite the person again."),
        MemberState::Suspended => return refused("This access is suspended. Lift the suspension first."),
        MemberState::Invited | MemberState::NotYet | MemberState::Active => {}
    }
    if member.planned(now).is_some() {
        return refused(
            "A change is already planned for this person. Take it back first, or wait until it has begun.",
        );
    }
    let at = begin(change.from, now)?;
    grants(change.role, &change.units, change.until, house, at)?;
    let new_role = change.role != member.current.role;
    if member.current.role == house.kind.administrator()
        && (new_role || change.until.is_some())
        && house.other_administrators == 0
    {
        return Err(last_administrator());
    }
    let kept = |span: &super::member::UnitSpan| {
        change
            .units
            .iter()
            .any(|grant| grant.unit == span.unit && grant.until == span.until)
    };
    let spans: Vec<_> = member.current.units_from(at).collect();
    let leave: Vec<IntervalId> = spans
        .iter()
        .filter(|span| new_role || !kept(span))
        .map(|span| span.id)
        .collect();
    let join: Vec<UnitGrant> = change
        .units
        .iter()
        .filter(|grant| {
            new_role
                || !spans
                    .iter()
                    .any(|span| span.unit == grant.unit && span.until == grant.until)
        })
        .cloned()
        .collect();
    if !new_role && leave.is_empty() && join.is_empty() && change.until == member.current.until {
        return refused("This is what holds already.");
    }
    Ok(Plan {
        at,
        role: new_role.then_some(change.role),
        leave,
        join,
        until: change.until,
    })
}

/// Whether these can be given at this organisation, from `at` on. Also asked of an invitation.
pub fn grants(
    role: Role,
    units: &[UnitGrant],
    until: Option<Instant>,
    house: &House<'_>,
    at: Instant,
) -> Result<(), Failure> {
    if !house.kind.roles().contains(&role) {
        return refused("This role does not exist at your organisation.");
    }
    if until.is_some_and(|until| until <= at) {
        return refused("Access would end before it begins.");
    }
    if !units.is_empty() && !works_in_units(role) {
        return refused("This role does not work in units: what it sees does not depend on one.");
    }
    for (number, grant) in units.iter().enumerate() {
        if !house.units.contains(&grant.unit) {
            return refused("One of the units is not open at your organisation.");
        }
        if units
            .iter()
            .skip(number + 1)
            .any(|other| other.unit == grant.unit)
        {
            return refused("A unit is named twice.");
        }
        if grant
            .until
            .is_some_and(|end| end <= at || until.is_some_and(|until| end > until))
        {
            return refused("A unit would end before it begins, or after the access itself.");
        }
    }
    Ok(())
}

/// Whether this member can lose their access altogether: suspension, end.
pub fn may_lose_access(member: &Member, house: &House<'_>) -> Result<(), Failure> {
    if member.current.role == house.kind.administrator() && house.other_administrators == 0 {
        Err(last_administrator())
    } else {
        Ok(())
    }
}

fn begin(from: Option<Instant>, now: Instant) -> Result<Instant, Failure> {
    match from {
        None => Ok(now),
        Some(from) if from > now + FURTHEST => refused("This begins too far in the future."),
        Some(from) if from > now => Ok(from),
        Some(from) if from >= now - JUST_NOW => Ok(now),
        Some(_) => refused("A change can’t begin in the past: who had access then is on record as it was."),
    }
}

fn last_administrator() -> Failure {
    Failure::NotPermitted(
        "This is the last administrator of your organisation. Give the role to somebody else first."
            .to_owned(),
    )
}

fn refused<T>(sentence: &str) -> Result<T, Failure> {
    Err(Failure::BadRequest(sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::member::{
            UnitSpan,
            tests::{DAY, NOW, id, interval, rashida},
        },
        *,
    };

    fn ward(number: u8) -> UnitId {
        id(UnitId::new, number)
    }

    fn on_4b() -> Member {
        let mut nurse = interval(1, Role::Nurse, NOW - DAY, None);
        nurse.units.push(UnitSpan {
            id: id(IntervalId::new, 40),
            unit: ward(4),
            name: "Ward 4B Cardiology".to_owned(),
            from: NOW - DAY,
            until: None,
            planned_at: None,
        });
        rashida(vec![nurse])
    }

    fn hospital(units: &[UnitId]) -> House<'_> {
        House {
            kind: OrganisationKind::Hospital,
            units,
            other_administrators: 0,
        }
    }

    fn to(role: Role, units: &[UnitId]) -> MemberChange {
        let grant = |unit: &UnitId| UnitGrant {
            unit: *unit,
            until: None,
        };
        MemberChange {
            role,
            units: units.iter().map(grant).collect(),
            until: None,
            from: None,
        }
    }

    fn sentence(outcome: Result<Plan, Failure>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn a_new_unit_leaves_the_role_and_the_old_unit_alone() {
        let open = [ward(4), ward(5)];
        let plan = plan(&on_4b(), &to(Role::Nurse, &open), &hospital(&open), NOW).unwrap();
        assert_eq!((plan.role, plan.at), (None, NOW));
        assert_eq!(plan.leave, []);
        assert_eq!(
            plan.join.iter().map(|grant| grant.unit).collect::<Vec<_>>(),
            [ward(5)]
        );
    }

    #[test]
    fn a_new_role_takes_the_units_along_into_its_own_interval() {
        let open = [ward(4)];
        let plan = plan(&on_4b(), &to(Role::ChargeNurse, &open), &hospital(&open), NOW).unwrap();
        assert_eq!(plan.role, Some(Role::ChargeNurse));
        assert_eq!((plan.leave.len(), plan.join.len()), (1, 1));
    }

    #[test]
    fn a_role_of_another_kind_of_organisation_can_not_be_given() {
        let open = [ward(4)];
        for role in [
            Role::SupportAgent,
            Role::PlatformOperator,
            Role::Patient,
            Role::ProviderAdministrator,
        ] {
            let said = sentence(plan(&on_4b(), &to(role, &[]), &hospital(&open), NOW));
            assert!(said.contains("does not exist"), "{role}: {said}");
        }
    }

    #[test]
    fn another_organisations_ward_a_closed_one_and_one_named_twice_are_refused() {
        let open = [ward(4)];
        let said =
            |units: &[UnitId]| sentence(plan(&on_4b(), &to(Role::Nurse, units), &hospital(&open), NOW));
        assert!(said(&[ward(9)]).contains("not open"));
        assert!(said(&[ward(4), ward(4)]).contains("twice"));
    }

    #[test]
    fn nothing_begins_in_the_past_and_an_end_comes_after_the_beginning() {
        let open = [ward(4), ward(5)];
        let mut change = to(Role::Nurse, &open);
        change.from = Some(NOW - DAY);
        assert!(sentence(plan(&on_4b(), &change, &hospital(&open), NOW)).contains("past"));
        change.from = Some(NOW + DAY);
        assert_eq!(
            plan(&on_4b(), &change, &hospital(&open), NOW).unwrap().at,
            NOW + DAY
        );
        change.until = Some(NOW + DAY);
        assert!(sentence(plan(&on_4b(), &change, &hospital(&open), NOW)).contains("before it begins"));
    }

    #[test]
    fn one_plan_at_a_time() {
        let mut member = on_4b();
        member
            .history
            .push(interval(2, Role::ChargeNurse, NOW + DAY, None));
        let open = [ward(4)];
        assert!(sentence(plan(&member, &to(Role::Nurse, &[]), &hospital(&open), NOW)).contains("planned"));
    }

    #[test]
    fn the_last_administrator_stays_administrator_without_an_end() {
        let ruth = rashida(vec![interval(1, Role::HospitalAdministrator, NOW - DAY, None)]);
        let mut house = hospital(&[]);
        let demoted = to(Role::Nurse, &[]);
        let mut ending = to(Role::HospitalAdministrator, &[]);
        ending.until = Some(NOW + DAY);
        for change in [&demoted, &ending] {
            assert!(sentence(plan(&ruth, change, &house, NOW)).contains("last administrator"));
        }
        assert!(may_lose_access(&ruth, &house).is_err());
        house.other_administrators = 1;
        for change in [&demoted, &ending] {
            assert!(plan(&ruth, change, &house, NOW).is_ok());
        }
        assert!(may_lose_access(&ruth, &house).is_ok());
    }

    #[test]
    fn saving_what_holds_already_writes_nothing() {
        let open = [ward(4)];
        assert!(sentence(plan(&on_4b(), &to(Role::Nurse, &open), &hospital(&open), NOW)).contains("already"));
    }
}

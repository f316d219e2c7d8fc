//! One person in one organisation: the intervals of their role and units, and what they add up to.

use std::time::Duration;

use fleetward_common::{
    access::Role,
    id::{IntervalId, MembershipId, PersonId, UnitId},
    people::MemberState,
    time::Instant,
};

/// Someone whose access ends within this time is asked about before it does.
pub const SOON: Duration = Duration::from_secs(30 * 24 * 3_600);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSpan {
    pub id: IntervalId,
    pub unit: UnitId,
    pub name: String,
    pub from: Instant,
    pub until: Option<Instant>,
    /// From when the change holds that set the end, if one did.
    pub planned_at: Option<Instant>,
}

/// One role, from then until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    pub id: MembershipId,
    pub role: Role,
    pub from: Instant,
    pub until: Option<Instant>,
    pub suspended_at: Option<Instant>,
    pub continues: Option<MembershipId>,
    /// From when the change holds that set the end, if one did.
    pub planned_at: Option<Instant>,
    pub units: Vec<UnitSpan>,
}

impl Interval {
    fn has_ended(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Units that count at `at`, or will.
    pub fn units_from(&self, at: Instant) -> impl Iterator<Item = &UnitSpan> {
        self.units
            .iter()
            .filter(move |span| span.until.is_none_or(|until| until > at))
    }

    pub fn units_at(&self, at: Instant) -> impl Iterator<Item = &UnitSpan> {
        self.units_from(at).filter(move |span| span.from <= at)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub person: PersonId,
    pub name: String,
    pub login: String,
    pub email: Option<String>,
    /// The interval that counts now: the last that has begun, or the first.
    pub current: Interval,
    /// All of them, oldest first.
    pub history: Vec<Interval>,
    pub last_sign_in: Option<Instant>,
    pub signs_in_with: Vec<String>,
}

/// Who it is, before their intervals are put in order.
pub struct Named {
    pub person: PersonId,
    pub name: String,
    pub login: String,
    pub email: Option<String>,
}

impl Member {
    /// `None` without an interval.
    pub fn of(named: Named, mut history: Vec<Interval>, now: Instant) -> Option<Self> {
        history.sort_by_key(|interval| interval.from);
        let begun = history.iter().rposition(|interval| interval.from <= now);
        let current = history.get(begun.unwrap_or(0))?.clone();
        Some(Self {
            person: named.person,
            name: named.name,
            login: named.login,
            email: named.email,
            current,
            history,
            last_sign_in: None,
            signs_in_with: Vec::new(),
        })
    }

    pub fn state(&self, now: Instant) -> MemberState {
        let current = &self.current;
        if current.has_ended(now) {
            MemberState::Ended
        } else if current.suspended_at.is_some() {
            MemberState::Suspended
        } else if current.from > now {
            MemberState::NotYet
        } else {
            MemberState::Active
        }
    }

    pub fn since(&self) -> Instant {
        self.history.first().map_or(self.current.from, |first| first.from)
    }

    /// The last moment of access: of the last interval, when one follows the other.
    pub fn until(&self) -> Option<Instant> {
        self.history.last().map_or(self.current.until, |last| last.until)
    }

    pub fn ends_soon(&self, now: Instant) -> bool {
        self.state(now) == MemberState::Active && self.until().is_some_and(|until| until < now + SOON)
    }

    /// When the next change that was written down beforehand begins.
    pub fn planned(&self, now: Instant) -> Option<Instant> {
        let begin = self.history.iter().map(|interval| interval.from);
        let end = self.history.iter().filter_map(|interval| interval.planned_at);
        let of_units = self
            .history
            .iter()
            .flat_map(|interval| interval.units.iter())
            .flat_map(|span| [Some(span.from), span.planned_at].into_iter().flatten());
        let later = begin.chain(end).chain(of_units).filter(|at| *at > now);
        // The very first interval of someone who has not begun is no change.
        later.filter(|from| *from != self.since()).min()
    }
}

/// Puts rows of one person at one organisation together: an interval that goes on from another is the
/// same membership, any other is one of its own.
pub fn chains(rows: Vec<Interval>) -> Vec<Vec<Interval>> {
    let mut rows = rows;
    rows.sort_by_key(|row| row.from);
    let mut chains: Vec<Vec<Interval>> = Vec::new();
    for row in rows {
        let before = chains.iter_mut().find(|chain| {
            row.continues.is_some() && chain.iter().any(|known| Some(known.id) == row.continues)
        });
        match before {
            Some(chain) => chain.push(row),
            None => chains.push(vec![row]),
        }
    }
    chains
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const NOW: Instant = Instant::from_millis(1_795_000_000_000);
    pub const DAY: Duration = Duration::from_secs(24 * 3_600);

    pub fn id<T>(make: impl Fn(Instant, [u8; 10]) -> T, number: u8) -> T {
        make(Instant::EPOCH, [number; 10])
    }

    pub fn interval(number: u8, role: Role, from: Instant, until: Option<Instant>) -> Interval {
        Interval {
            id: id(MembershipId::new, number),
            role,
            from,
            until,
            suspended_at: None,
            continues: None,
            planned_at: None,
            units: Vec::new(),
        }
    }

    pub fn rashida(history: Vec<Interval>) -> Member {
        let named = Named {
            person: id(PersonId::new, 1),
            name: "Rashida Amadi".to_owned(),
            login: "rashida.amadi".to_owned(),
            email: None,
        };
        Member::of(named, history, NOW).unwrap()
    }

    #[test]
    fn rashida_is_what_she_became_last_and_will_be_what_is_planned() {
        let tomorrow = NOW + DAY;
        let mut charge = interval(2, Role::ChargeNurse, tomorrow, None);
        charge.continues = Some(id(MembershipId::new, 1));
        let member = rashida(vec![charge, interval(1, Role::Nurse, NOW - DAY, Some(tomorrow))]);
        assert_eq!(member.current.role, Role::Nurse);
        assert_eq!(member.state(NOW), MemberState::Active);
        assert_eq!(member.planned(NOW), Some(tomorrow));
        assert_eq!(member.until(), None);
        assert!(!member.ends_soon(NOW));
    }

    #[test]
    fn an_end_that_has_come_beats_a_suspension() {
        let mut past = interval(1, Role::Nurse, NOW - DAY * 2, Some(NOW));
        past.suspended_at = Some(NOW - DAY);
        assert_eq!(rashida(vec![past.clone()]).state(NOW), MemberState::Ended);
        past.until = None;
        assert_eq!(rashida(vec![past]).state(NOW), MemberState::Suspended);
    }

    #[test]
    fn a_second_role_that_goes_on_from_nothing_is_a_membership_of_its_own() {
        let mut charge = interval(2, Role::ChargeNurse, NOW, None);
        charge.continues = Some(id(MembershipId::new, 1));
        let chains = chains(vec![
            charge,
            interval(3, Role::PrivacyOfficer, NOW - DAY, None),
            interval(1, Role::Nurse, NOW - DAY * 9, Some(NOW)),
        ]);
        assert_eq!(chains.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }
}

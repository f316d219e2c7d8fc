//! A1: one decision of the policy, and whether it is the right one.
//!
//! Measured: `Access::allows`, as every permit calls it, over many different questions of a policy with
//! 1,000 rows, once each of them has been asked. Ruler: the plain Casbin enforcer on the same model and
//! rows, which walks all of them every time. A single call is shorter than the clock is exact, so calls
//! are timed a hundred at a time.
//!
//! Beside the speed: random questions of the policy that is shipped, put to both; the list's condition
//! must say the same. One difference is a failure, not a figure.

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter, function_map::OperatorFunction, rhai::Dynamic};
use fleetward::{
    access::{
        Access, Actor,
        policy::{Effect, MODEL, Policy, Rule},
        relations::{Facts, Relation},
    },
    platform::clock::Clock,
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    id::{MembershipId, OrganisationId, PersonId, SessionId},
};
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Step},
    load::now,
    plan::Plan,
    quantiles::Delays,
    report::{Figure, Outcome, Report},
    world,
};

const ROWS: usize = 1_000;
const AT_MOST: Duration = Duration::from_micros(1);
const FASTER: f64 = 50.0;
const TOGETHER: u32 = 100;
const RULER_CALLS: usize = 400;

pub async fn measure(folder: &Path, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let (db, _) = world::register(&folder.join("decisions"), 1).await?;
    let policy = big_policy().await?;
    let plain = Plain::of(policy.rules()).await?;
    let mut chance = Chance(0x5eed_f1ee_7a4d_00a1);
    let asked: Vec<Asked> = (0..plan.questions)
        .map(|_| Asked::near(&mut chance, policy.rules()))
        .collect();
    let access = Access::new(db.clone(), Clock::system(), policy);
    let ours = our_time(&access, &asked)?;
    let ruler = plain_time(&plain, &asked)?;
    let faster = ruler.as_secs_f64() / ours.as_secs_f64();
    report.add(Figure {
        promise: "A1",
        what: format!("one access decision, {ROWS} policy rows, p50"),
        goal: format!("≤ 1 µs and ≥ {FASTER:.0}× faster"),
        measured: format!("{:.3} µs", ours.as_secs_f64() * 1e6),
        ruler: format!("plain Casbin {:.0} µs", ruler.as_secs_f64() * 1e6),
        ratio: format!("{faster:.0}× faster"),
        outcome: Outcome::when(ours <= AT_MOST && faster >= FASTER),
    });
    let shipped = Policy::built_in().await.step("read the policy")?;
    let plain = Plain::of(shipped.rules()).await?;
    let rules = shipped.rules().to_vec();
    let access = Access::new(db, Clock::system(), shipped);
    let differences = compare(&access, &plain, &rules, plan.compared)?;
    report.add(Figure {
        promise: "A1",
        what: format!(
            "answers unlike Casbin’s own, of {} random questions",
            plan.compared
        ),
        goal: "0".into(),
        measured: differences.to_string(),
        ruler: "plain Casbin".into(),
        ratio: "–".into(),
        outcome: Outcome::when(differences == 0),
    });
    report.note(format!(
        "A1: {} different questions, remembered; the first asking of one costs Casbin’s time over the rows of its role. \
         The decision is `Access::allows` with its counter and its lock, in a process that does nothing else. The shipped \
         policy has {} rows; of each random question the point, the list’s condition and Casbin were compared.",
        plan.questions,
        rules.len(),
    ));
    Ok(())
}

/// Rows that differ, over all the words there are.
async fn big_policy() -> Result<Policy, Failure> {
    let mut lines = Vec::with_capacity(ROWS);
    let purposes = [Purpose::Treatment, Purpose::Operations, Purpose::PatientRequest];
    'all: for relation in Relation::ALL {
        for class in DataClass::ALL {
            for (kind, action) in Kind::ALL.iter().zip(Action::ALL.iter().cycle()) {
                for (role, purpose) in Role::ALL.iter().zip(purposes.iter().cycle()) {
                    let rule = Rule {
                        role: *role,
                        kind: *kind,
                        class: *class,
                        action: *action,
                        relation: *relation,
                        purpose: Some(*purpose),
                        effect: if lines.len() % 5 == 4 {
                            Effect::Deny
                        } else {
                            Effect::Allow
                        },
                    };
                    lines.push(rule.line());
                    if lines.len() == ROWS {
                        break 'all;
                    }
                }
            }
        }
    }
    let policy = Policy::parse(MODEL, &lines.join("\n")).await;
    let policy = policy.step("read a policy of 1,000 rows")?;
    match policy.rules().len() {
        ROWS => Ok(policy),
        other => Err(Failure::new(format!("the policy has {other} rows"))),
    }
}

#[derive(Debug, Clone)]
struct Asked {
    actor: Actor,
    kind: Kind,
    class: DataClass,
    action: Action,
    facts: Facts,
}

impl Asked {
    /// Half of them about something that a row speaks of.
    fn near(chance: &mut Chance, rules: &[Rule]) -> Self {
        let rule = chance.one(rules).copied().filter(|_| chance.once_in(2));
        let purpose = rule.and_then(|rule| rule.purpose);
        let at = now();
        Self {
            actor: Actor {
                session: SessionId::new(at, [1; 10]),
                person: PersonId::new(at, [2; 10]),
                membership: MembershipId::new(at, [3; 10]),
                organisation: OrganisationId::new(at, [4; 10]),
                role: chance.word(rule.map(|rule| rule.role), Role::ALL, Role::Nurse),
                purpose: chance.word(purpose, Purpose::ALL, Purpose::Treatment),
                units: Vec::new(),
                own_records: Vec::new(),
                acts_for: Vec::new(),
                emergency: None,
            },
            kind: chance.word(rule.map(|rule| rule.kind), Kind::ALL, Kind::Device),
            class: chance.word(rule.map(|rule| rule.class), DataClass::ALL, DataClass::Technical),
            action: chance.word(rule.map(|rule| rule.action), Action::ALL, Action::Read),
            facts: Relation::ALL
                .iter()
                .copied()
                .filter(|_| chance.once_in(3))
                .collect(),
        }
    }

    fn put_to(&self, access: &Access) -> bool {
        access.allows(&self.actor, self.kind, self.class, self.action, self.facts)
    }
}

fn our_time(access: &Access, asked: &[Asked]) -> Result<Duration, Failure> {
    let mut delays = Delays::default();
    // The first round teaches the memo.
    for round in 0..4 {
        for together in asked.chunks(TOGETHER as usize) {
            let started = Instant::now();
            let allowed = together.iter().filter(|one| one.put_to(access)).count();
            let each = started.elapsed() / u32::try_from(together.len()).unwrap_or(TOGETHER);
            if std::hint::black_box(allowed) <= together.len() && round > 0 {
                delays.push(each);
            }
        }
    }
    let summary = delays.summary();
    Ok(summary.ok_or_else(|| Failure::new("nothing was asked"))?.p50)
}

fn plain_time(plain: &Plain, asked: &[Asked]) -> Result<Duration, Failure> {
    let mut delays = Delays::default();
    for one in asked.iter().take(RULER_CALLS) {
        let started = Instant::now();
        std::hint::black_box(plain.allows(one)?);
        delays.push(started.elapsed());
    }
    let summary = delays.summary();
    Ok(summary.ok_or_else(|| Failure::new("nothing was asked"))?.p50)
}

/// How many of so many random questions get another answer. On every core: Casbin is slow.
fn compare(access: &Access, plain: &Plain, rules: &[Rule], questions: usize) -> Result<usize, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..cores)
            .map(|core| {
                scope.spawn(move || {
                    let mut chance = Chance(0x5eed_f1ee_7a4d_0100 + core as u64);
                    let mut differences = 0;
                    for _ in 0..questions.div_ceil(cores) {
                        let asked = Asked::near(&mut chance, rules);
                        let plainly = plain.allows(&asked)?;
                        let listed = access
                            .reach(&asked.actor, asked.kind, asked.class, asked.action)
                            .covers(asked.facts);
                        if asked.put_to(access) != plainly || listed != plainly {
                            differences += 1;
                        }
                    }
                    Ok::<usize, Failure>(differences)
                })
            })
            .collect();
        let mut differences = 0;
        for part in parts {
            let part = part
                .join()
                .map_err(|_panic| Failure::new("a comparison broke off"))?;
            differences += part?;
        }
        Ok(differences)
    })
}

/// Casbin with nothing of ours but the two functions of the model.
struct Plain(Enforcer);

impl Plain {
    async fn of(rules: &[Rule]) -> Result<Self, Failure> {
        let lines: Vec<String> = rules.iter().map(Rule::line).collect();
        let model = DefaultModel::from_str(MODEL).await.step("read the model")?;
        let enforcer = Enforcer::new(model, StringAdapter::new(lines.join("\n"))).await;
        let mut enforcer = enforcer.step("start Casbin")?;
        enforcer.add_function("holds", OperatorFunction::Arg2(holds));
        enforcer.add_function("is_a", OperatorFunction::Arg2(is_a));
        Ok(Self(enforcer))
    }

    fn allows(&self, asked: &Asked) -> Result<bool, Failure> {
        let facts: Vec<&str> = asked.facts.iter().map(Relation::as_str).collect();
        let question = (
            asked.actor.role.as_str(),
            asked.kind.as_str(),
            asked.class.as_str(),
            asked.action.as_str(),
            facts.join(" "),
            asked.actor.purpose.as_str(),
        );
        self.0.enforce(question).step("ask Casbin")
    }
}

fn holds(facts: Dynamic, relation: Dynamic) -> Dynamic {
    let (Ok(facts), Ok(relation)) = (facts.into_string(), relation.into_string()) else {
        return false.into();
    };
    facts.split(' ').any(|fact| fact == relation).into()
}

fn is_a(asked: Dynamic, ruled: Dynamic) -> Dynamic {
    let (Ok(asked), Ok(ruled)) = (asked.into_string(), ruled.into_string()) else {
        return false.into();
    };
    let ancestors = Purpose::parse(&asked).map(Purpose::with_ancestors);
    let is_kind_of = ancestors
        .into_iter()
        .flatten()
        .any(|purpose| purpose.as_str() == ruled);
    (ruled == "any" || is_kind_of).into()
}

/// Small, seeded, and the same everywhere: xorshift.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    /// The word that a rule says, or any.
    fn word<T: Copy>(&mut self, said: Option<T>, all: &[T], usual: T) -> T {
        said.or_else(|| self.one(all).copied()).unwrap_or(usual)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.next() % u64::try_from(of.len().max(1)).unwrap_or(1);
        of.get(usize::try_from(at).unwrap_or(0))
    }
}

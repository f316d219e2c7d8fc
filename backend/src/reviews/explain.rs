//! What on record explains a look at a patient, in words, and what was looked for when nothing does.
//! Pure.

use std::time::Duration;

use fleetward_common::{
    id::UnitId,
    review::{Degree, Explanation, Finding, Signal},
    time::{Instant, Span},
};

/// A relation that came this much later may explain why it was missing.
pub const LATER: Duration = Duration::from_secs(24 * 3_600);

/// What is on record around one access.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// Where the person worked, with when.
    pub units: Vec<Worked>,
    /// Where the patient lay.
    pub stays: Vec<Stayed>,
    /// When the person, or one of their units, was in the patient's care team.
    pub care: Vec<Span>,
    pub signals: Vec<Signal>,
    /// How many of the person's patients of that day were in their care, where it is about many.
    pub in_care: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    pub unit: UnitId,
    pub name: String,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stayed {
    pub unit: UnitId,
    pub ward: String,
    pub bed: String,
    pub span: Span,
}

impl Stayed {
    pub fn place(&self) -> String {
        format!("{}, bed {}", self.ward, self.bed)
    }
}

/// Everything that was looked for, each found or not.
pub fn findings(around: &Around, access: Span) -> Vec<Finding> {
    if let Some((in_care, all)) = around.in_care {
        return vec![many(in_care, all)];
    }
    let mut findings = vec![care_team(around, access), units(around, access)];
    if around.signals.contains(&Signal::OwnRecord) {
        findings.push(Finding {
            degree: Degree::Part,
            text: "It is their own record; the patient’s own page is the way to it".to_owned(),
        });
    }
    findings.push(Finding {
        degree: Degree::None,
        text: "No rota, call or order is kept here, so none was looked for".to_owned(),
    });
    findings
}

fn many(in_care: u32, all: u32) -> Finding {
    let degree = if in_care == all {
        Degree::Found
    } else if in_care > 0 {
        Degree::Part
    } else {
        Degree::None
    };
    Finding {
        degree,
        text: format!("{in_care} of {all} were in the person’s care that day"),
    }
}

fn care_team(around: &Around, access: Span) -> Finding {
    if around.care.iter().any(|span| span.contains(access.from)) {
        return Finding {
            degree: Degree::Found,
            text: "In the care team when it was opened".to_owned(),
        };
    }
    match first_after(around.care.iter().map(|span| span.from), access) {
        Some(joined) => Finding {
            degree: Degree::Part,
            text: format!("Joined the care team {} later", length(joined, access.from)),
        },
        None => Finding {
            degree: Degree::None,
            text: "Not in the care team, then or within a day".to_owned(),
        },
    }
}

fn units(around: &Around, access: Span) -> Finding {
    let worked_at = |at: Instant| around.units.iter().filter(move |worked| worked.span.contains(at));
    let lay = around.stays.iter().find(|stay| stay.span.contains(access.from));
    if let Some(stay) = lay
        && worked_at(access.from).any(|worked| worked.unit == stay.unit)
    {
        return Finding {
            degree: Degree::Found,
            text: format!("The patient lay in {}, where they worked", stay.place()),
        };
    }
    let came = around
        .stays
        .iter()
        .filter(|stay| stay.span.from > access.from && stay.span.from <= access.until + LATER)
        .find(|stay| worked_at(stay.span.from).any(|worked| worked.unit == stay.unit));
    match (came, lay) {
        (Some(stay), _) => Finding {
            degree: Degree::Part,
            text: format!(
                "The patient came to {} {} later",
                stay.place(),
                length(stay.span.from, access.from)
            ),
        },
        (None, Some(stay)) => Finding {
            degree: Degree::None,
            text: format!("The patient lay in {}, not one of their units", stay.place()),
        },
        (None, None) => Finding {
            degree: Degree::None,
            text: "The patient lay in no bed then".to_owned(),
        },
    }
}

fn first_after(starts: impl Iterator<Item = Instant>, access: Span) -> Option<Instant> {
    starts
        .filter(|start| *start > access.from && *start <= access.until + LATER)
        .min()
}

/// The best of them in a line, and what was looked for.
pub fn summary(findings: &[Finding]) -> Explanation {
    let best = findings.iter().max_by_key(|finding| finding.degree);
    let (degree, text) = match best {
        Some(best) if best.degree > Degree::None => (best.degree, best.text.clone()),
        _ => (Degree::None, "None found".to_owned()),
    };
    let looked_for = match findings {
        [only] => format!("Looked for: {}", lower(&only.text)),
        _ => "Looked for: care team and units, then and a day after".to_owned(),
    };
    Explanation {
        degree,
        text,
        looked_for,
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `25 min`, `3 h 10 min`
pub fn length(later: Instant, earlier: Instant) -> String {
    let minutes = later.since(earlier).as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARD_4B: UnitId = UnitId::from_bytes([4; 16]);
    const WARD_5A: UnitId = UnitId::from_bytes([5; 16]);

    fn minutes(from: i64, until: i64) -> Span {
        let at = |minute: i64| Instant::from_millis(minute * 60_000);
        Span {
            from: at(from),
            until: at(until),
        }
    }

    /// Tomas works on 4B; the patient lies on 5A.
    fn tomas() -> Around {
        Around {
            units: vec![Worked {
                unit: WARD_4B,
                name: "Ward 4B".to_owned(),
                span: minutes(0, 10_000),
            }],
            stays: vec![Stayed {
                unit: WARD_5A,
                ward: "Ward 5A".to_owned(),
                bed: "2".to_owned(),
                span: minutes(0, 200),
            }],
            ..Around::default()
        }
    }

    fn told(around: &Around) -> Explanation {
        summary(&findings(around, minutes(100, 115)))
    }

    #[test]
    fn nothing_found_says_what_was_looked_for() {
        let told = told(&tomas());
        assert_eq!((told.degree, told.text.as_str()), (Degree::None, "None found"));
        assert!(told.looked_for.contains("care team"), "{}", told.looked_for);
    }

    #[test]
    fn someone_who_joined_the_care_team_afterwards_is_half_explained() {
        let around = Around {
            care: vec![minutes(125, 10_000)],
            ..tomas()
        };
        let told = told(&around);
        assert_eq!(told.degree, Degree::Part);
        assert_eq!(told.text, "Joined the care team 25 min later");
    }

    #[test]
    fn someone_in_the_care_team_is_explained_and_one_who_joined_two_days_later_is_not() {
        let around = |care| Around {
            care: vec![care],
            ..tomas()
        };
        assert_eq!(told(&around(minutes(50, 200))).degree, Degree::Found);
        assert_eq!(told(&around(minutes(3_000, 9_000))).degree, Degree::None);
    }

    #[test]
    fn a_patient_who_came_to_the_ward_later_half_explains_it() {
        let mut around = tomas();
        around.stays.push(Stayed {
            unit: WARD_4B,
            ward: "Ward 4B".to_owned(),
            bed: "8".to_owned(),
            span: minutes(200, 10_000),
        });
        assert_eq!(
            told(&around).text,
            "The patient came to Ward 4B, bed 8 1 h 40 min later"
        );
    }

    #[test]
    fn many_patients_are_explained_by_how_many_were_in_care() {
        let around = Around {
            in_care: Some((9, 11)),
            ..Around::default()
        };
        assert_eq!(told(&around).text, "9 of 11 were in the person’s care that day");
        assert_eq!(told(&around).degree, Degree::Part);
    }
}

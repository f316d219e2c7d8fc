//! National Early Warning Score 2 (RCP 2017). Pure. For adults only: not under 16 years, not in pregnancy.
//!
//! Only what is fresh comes in here. A missing input makes no total: the rest is shown, what is missing
//! is named, and nobody is told a score that was never taken.

use std::cmp::Ordering;

use fleetward_common::{
    alarms::news2::{Breathing, Consciousness, Input, News2, Risk, Scored},
    time::Instant,
    unit::Decimal,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken<T> {
    pub value: T,
    pub at: Instant,
}

/// Scale 2 is for hypercapnic respiratory failure, and only where it was prescribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spo2Scale {
    #[default]
    One,
    Two,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Vitals {
    pub respiration_rate: Option<Taken<Decimal>>,
    pub spo2: Option<Taken<Decimal>>,
    pub breathing: Option<Taken<Breathing>>,
    pub systolic: Option<Taken<Decimal>>,
    pub pulse: Option<Taken<Decimal>>,
    pub consciousness: Option<Taken<Consciousness>>,
    pub temperature: Option<Taken<Decimal>>,
    pub scale: Spo2Scale,
}

/// Bands of one input: up to the value, so many points; above the last one, `above`.
struct Bands {
    up_to: &'static [(Decimal, u8)],
    above: u8,
}

const fn tenths(tenths: i64) -> Decimal {
    Decimal::new(tenths, -1)
}

const RESPIRATION: Bands = Bands {
    up_to: &[
        (tenths(80), 3),
        (tenths(110), 1),
        (tenths(200), 0),
        (tenths(240), 2),
    ],
    above: 3,
};
const SPO2_SCALE_1: Bands = Bands {
    up_to: &[(tenths(910), 3), (tenths(930), 2), (tenths(950), 1)],
    above: 0,
};
const SPO2_SCALE_2_ON_AIR: Bands = Bands {
    up_to: &[(tenths(830), 3), (tenths(850), 2), (tenths(870), 1)],
    above: 0,
};
const SPO2_SCALE_2_ON_OXYGEN: Bands = Bands {
    up_to: &[
        (tenths(830), 3),
        (tenths(850), 2),
        (tenths(870), 1),
        (tenths(920), 0),
        (tenths(940), 1),
        (tenths(960), 2),
    ],
    above: 3,
};
const SYSTOLIC: Bands = Bands {
    up_to: &[
        (tenths(900), 3),
        (tenths(1_000), 2),
        (tenths(1_100), 1),
        (tenths(2_190), 0),
    ],
    above: 3,
};
const PULSE: Bands = Bands {
    up_to: &[
        (tenths(400), 3),
        (tenths(500), 1),
        (tenths(900), 0),
        (tenths(1_100), 1),
        (tenths(1_300), 2),
    ],
    above: 3,
};
const TEMPERATURE: Bands = Bands {
    up_to: &[
        (tenths(350), 3),
        (tenths(360), 1),
        (tenths(380), 0),
        (tenths(390), 1),
    ],
    above: 2,
};

impl Bands {
    fn score(&self, value: Decimal) -> u8 {
        self.up_to
            .iter()
            .find(|(limit, _)| value.compare(*limit) != Ordering::Greater)
            .map_or(self.above, |(_, score)| *score)
    }
}

pub fn news2(vitals: &Vitals) -> News2 {
    let scores: Vec<Scored> = Input::ALL
        .into_iter()
        .filter_map(|input| scored(input, vitals))
        .collect();
    let missing: Vec<Input> = Input::ALL
        .into_iter()
        .filter(|input| scores.iter().all(|scored| scored.input != *input))
        .collect();
    let total = missing
        .is_empty()
        .then(|| scores.iter().map(|scored| scored.score).sum());
    let single_three = scores.iter().any(|scored| scored.score == 3);
    News2 {
        total,
        risk: total.map(|total| risk(total, single_three)),
        scores,
        missing,
    }
}

fn risk(total: u8, single_three: bool) -> Risk {
    match total {
        7.. => Risk::High,
        5..=6 => Risk::Medium,
        _ if single_three => Risk::LowMedium,
        _ => Risk::Low,
    }
}

fn scored(input: Input, vitals: &Vitals) -> Option<Scored> {
    let by = |bands: &Bands, taken: Option<Taken<Decimal>>| {
        taken.map(|taken| (bands.score(taken.value), Some(taken.value), taken.at))
    };
    let (score, value, at) = match input {
        Input::RespirationRate => by(&RESPIRATION, vitals.respiration_rate),
        Input::Spo2 => by(spo2_bands(vitals)?, vitals.spo2),
        Input::AirOrOxygen => vitals.breathing.map(|taken| {
            let points = match taken.value {
                Breathing::Air => 0,
                Breathing::Oxygen => 2,
            };
            (points, None, taken.at)
        }),
        Input::SystolicPressure => by(&SYSTOLIC, vitals.systolic),
        Input::Pulse => by(&PULSE, vitals.pulse),
        Input::Consciousness => vitals.consciousness.map(|taken| {
            let points = if taken.value == Consciousness::Alert { 0 } else { 3 };
            (points, None, taken.at)
        }),
        Input::Temperature => by(&TEMPERATURE, vitals.temperature),
    }?;
    Some(Scored {
        input,
        score,
        value,
        at,
    })
}

/// On scale 2 the same saturation means something else on oxygen: without knowing, it can't be scored.
fn spo2_bands(vitals: &Vitals) -> Option<&'static Bands> {
    match vitals.scale {
        Spo2Scale::One => Some(&SPO2_SCALE_1),
        Spo2Scale::Two => vitals.breathing.map(|taken| match taken.value {
            Breathing::Air => &SPO2_SCALE_2_ON_AIR,
            Breathing::Oxygen => &SPO2_SCALE_2_ON_OXYGEN,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken<T>(value: T) -> Option<Taken<T>> {
        Some(Taken {
            value,
            at: Instant::EPOCH,
        })
    }

    fn number(text: &str) -> Option<Taken<Decimal>> {
        taken(text.parse().unwrap())
    }

    /// Mrs Okoro, well.
    fn well() -> Vitals {
        Vitals {
            respiration_rate: number("16"),
            spo2: number("97"),
            breathing: taken(Breathing::Air),
            systolic: number("120"),
            pulse: number("72"),
            consciousness: taken(Consciousness::Alert),
            temperature: number("36.8"),
            scale: Spo2Scale::One,
        }
    }

    fn points(vitals: &Vitals, input: Input) -> u8 {
        news2(vitals)
            .scores
            .iter()
            .find(|scored| scored.input == input)
            .unwrap()
            .score
    }

    #[test]
    fn each_band_of_the_chart_begins_and_ends_where_it_should() {
        let table: [(Input, &[(&str, u8)]); 5] = [
            (
                Input::RespirationRate,
                &[
                    ("8", 3),
                    ("9", 1),
                    ("11", 1),
                    ("12", 0),
                    ("20", 0),
                    ("21", 2),
                    ("24", 2),
                    ("25", 3),
                ],
            ),
            (
                Input::Spo2,
                &[
                    ("91", 3),
                    ("92", 2),
                    ("93", 2),
                    ("94", 1),
                    ("95", 1),
                    ("96", 0),
                    ("100", 0),
                ],
            ),
            (
                Input::SystolicPressure,
                &[
                    ("90", 3),
                    ("91", 2),
                    ("100", 2),
                    ("101", 1),
                    ("110", 1),
                    ("111", 0),
                    ("219", 0),
                    ("220", 3),
                ],
            ),
            (
                Input::Pulse,
                &[
                    ("40", 3),
                    ("41", 1),
                    ("50", 1),
                    ("51", 0),
                    ("90", 0),
                    ("91", 1),
                    ("110", 1),
                    ("111", 2),
                    ("130", 2),
                    ("131", 3),
                ],
            ),
            (
                Input::Temperature,
                &[
                    ("35.0", 3),
                    ("35.1", 1),
                    ("36.0", 1),
                    ("36.1", 0),
                    ("38.0", 0),
                    ("38.1", 1),
                    ("39.0", 1),
                    ("39.1", 2),
                ],
            ),
        ];
        for (input, bands) in table {
            for (value, expected) in bands {
                let mut vitals = well();
                let value = number(value);
                match input {
                    Input::RespirationRate => vitals.respiration_rate = value,
                    Input::Spo2 => vitals.spo2 = value,
                    Input::SystolicPressure => vitals.systolic = value,
                    Input::Pulse => vitals.pulse = value,
                    _ => vitals.temperature = value,
                }
                assert_eq!(points(&vitals, input), *expected, "{input:?} {value:?}");
            }
        }
    }

    #[test]
    fn scale_2_scores_a_high_saturation_only_on_oxygen() {
        let on = |breathing, spo2: &str| {
            let vitals = Vitals {
                scale: Spo2Scale::Two,
                breathing: taken(breathing),
                spo2: number(spo2),
                ..well()
            };
            points(&vitals, Input::Spo2)
        };
        let low = [
            ("83", 3),
            ("84", 2),
            ("85", 2),
            ("86", 1),
            ("87", 1),
            ("88", 0),
            ("92", 0),
        ];
        for (spo2, expected) in low {
            assert_eq!(on(Breathing::Air, spo2), expected);
            assert_eq!(on(Breathing::Oxygen, spo2), expected);
        }
        for (spo2, expected) in [("93", 1), ("94", 1), ("95", 2), ("96", 2), ("97", 3)] {
            assert_eq!(on(Breathing::Oxygen, spo2), expected);
            assert_eq!(on(Breathing::Air, spo2), 0);
        }
    }

    #[test]
    fn a_well_patient_scores_nothing_and_the_sickest_scores_twenty() {
        assert_eq!(news2(&well()).total, Some(0));
        let sickest = Vitals {
            respiration_rate: number("30"),
            spo2: number("80"),
            breathing: taken(Breathing::Oxygen),
            systolic: number("80"),
            pulse: number("140"),
            consciousness: taken(Consciousness::Unresponsive),
            temperature: number("34.0"),
            scale: Spo2Scale::One,
        };
        let score = news2(&sickest);
        assert_eq!((score.total, score.risk), (Some(20), Some(Risk::High)));
    }

    #[test]
    fn three_points_in_one_value_are_more_than_their_total() {
        let confused = Vitals {
            consciousness: taken(Consciousness::Confused),
            ..well()
        };
        assert_eq!(news2(&confused).risk, Some(Risk::LowMedium));
        let five = Vitals {
            breathing: taken(Breathing::Oxygen),
            ..confused
        };
        assert_eq!(news2(&five).risk, Some(Risk::Medium));
        let seven = Vitals {
            pulse: number("120"),
            ..five
        };
        assert_eq!(news2(&seven).risk, Some(Risk::High));
    }

    #[test]
    fn a_missing_input_is_named_and_there_is_no_total() {
        for input in Input::ALL {
            let mut vitals = well();
            match input {
                Input::RespirationRate => vitals.respiration_rate = None,
                Input::Spo2 => vitals.spo2 = None,
                Input::AirOrOxygen => vitals.breathing = None,
                Input::SystolicPressure => vitals.systolic = None,
                Input::Pulse => vitals.pulse = None,
                Input::Consciousness => vitals.consciousness = None,
                Input::Temperature => vitals.temperature = None,
            }
            let score = news2(&vitals);
            assert_eq!(
                (score.total, score.risk, score.missing),
                (None, None, vec![input])
            );
            assert_eq!(score.scores.len(), 6);
        }
    }

    #[test]
    fn scale_2_without_knowing_of_oxygen_scores_no_saturation() {
        let vitals = Vitals {
            scale: Spo2Scale::Two,
            breathing: None,
            ..well()
        };
        assert_eq!(news2(&vitals).missing, [Input::Spo2, Input::AirOrOxygen]);
    }
}

//! "Relation then", as intervals: what held when it was opened, what was missing, what came after. Pure.

use std::time::Duration;

use fleetward_common::{
    review::{Lane, LaneBar, LaneLook},
    time::Span,
};

use super::explain::Around;

const BEFORE: Duration = Duration::from_secs(3_600);
const AFTER: Duration = Duration::from_secs(3 * 3_600);

/// What the picture covers.
pub fn window(access: Span) -> Span {
    Span {
        from: access.from - BEFORE,
        until: access.until + AFTER,
    }
}

pub fn lanes(around: &Around, access: Span, title: &str, how_it_ended: &str) -> Vec<Lane> {
    let window = window(access);
    let mut units: Vec<&str> = around.units.iter().map(|worked| worked.name.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    let mut lanes: Vec<Lane> = units
        .into_iter()
        .map(|name| {
            let spans = around
                .units
                .iter()
                .filter(|worked| worked.name == name)
                .map(|worked| (worked.span, "worked there".to_owned()));
            lane(format!("Works on {name}"), spans, access, window)
        })
        .collect();
    let stays = around.stays.iter().map(|stay| (stay.span, stay.place()));
    lanes.push(lane("Patient’s bed".to_owned(), stays, access, window));
    let care = around.care.iter().map(|span| (*span, "in it".to_owned()));
    lanes.push(lane("In the care team".to_owned(), care, access, window));
    lanes.push(Lane {
        title: title.to_owned(),
        bars: vec![LaneBar {
            span: access,
            label: how_it_ended.to_owned(),
            look: LaneLook::Access,
        }],
    });
    lanes
}

fn lane(title: String, spans: impl Iterator<Item = (Span, String)>, access: Span, window: Span) -> Lane {
    let mut bars: Vec<LaneBar> = spans
        .filter_map(|(span, label)| {
            let shown = span.intersect(&window)?;
            let look = if span.from > access.from {
                LaneLook::After
            } else {
                LaneLook::Then
            };
            Some(LaneBar {
                span: shown,
                label,
                look,
            })
        })
        .collect();
    bars.sort_by_key(|bar| bar.span.from);
    let held = bars.iter().any(|bar| bar.span.contains(access.from));
    if !held {
        let until = bars
            .iter()
            .map(|bar| bar.span.from)
            .find(|from| *from > access.from)
            .unwrap_or(window.until);
        let from = bars
            .iter()
            .map(|bar| bar.span.until)
            .filter(|until| *until <= access.from)
            .max()
            .unwrap_or(window.from);
        bars.push(LaneBar {
            span: Span { from, until },
            label: "not then".to_owned(),
            look: LaneLook::Missing,
        });
        bars.sort_by_key(|bar| bar.span.from);
    }
    Lane { title, bars }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    fn minutes(from: i64, until: i64) -> Span {
        let at = |minute: i64| Instant::from_millis(minute * 60_000);
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn what_was_missing_stands_there_until_it_came() {
        let around = Around {
            care: vec![minutes(140, 10_000)],
            ..Around::default()
        };
        let lanes = lanes(&around, minutes(100, 115), "Emergency access", "closed by itself");
        let care = lanes
            .iter()
            .find(|lane| lane.title == "In the care team")
            .unwrap();
        let looks: Vec<_> = care.bars.iter().map(|bar| (bar.look, bar.span)).collect();
        assert_eq!(
            looks,
            [
                (LaneLook::Missing, minutes(40, 140)),
                (LaneLook::After, minutes(140, 295))
            ]
        );
    }

    #[test]
    fn what_held_then_is_no_gap() {
        let around = Around {
            care: vec![minutes(0, 110)],
            ..Around::default()
        };
        let lanes = lanes(&around, minutes(100, 115), "Emergency access", "");
        let care = lanes
            .iter()
            .find(|lane| lane.title == "In the care team")
            .unwrap();
        assert_eq!(care.bars.len(), 1);
        assert_eq!(care.bars[0].look, LaneLook::Then);
    }
}

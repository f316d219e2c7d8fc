//! Times in the zone they belong to. The browser's `Intl` knows the zones, so no table is shipped.

use fleetward_common::time::Instant;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Intl, js_name = DateTimeFormat)]
    type Formatter;
    #[wasm_bindgen(constructor, js_namespace = Intl, js_class = "DateTimeFormat", catch)]
    fn new(locale: &str, options: &JsValue) -> Result<Formatter, JsValue>;
    #[wasm_bindgen(method)]
    fn format(this: &Formatter, millis: f64) -> String;
    #[wasm_bindgen(method, js_name = resolvedOptions)]
    fn resolved_options(this: &Formatter) -> JsValue;
}

const STYLES: usize = 6;

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `14:32:08`
    Clock,
    /// `14:28`
    Minute,
    /// `Mon, 23 Nov 2026`
    Date,
    /// `Tuesday 24 November`
    SpokenDate,
    /// `Saturday`
    Weekday,
    /// `Europe/London`, as people call it now: `GMT+1`
    ZoneName,
}

impl Style {
    fn options(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Style::Clock => &[("hour", "2-digit"), ("minute", "2-digit"), ("second", "2-digit")],
            Style::Minute => &[("hour", "2-digit"), ("minute", "2-digit")],
            Style::Date => &[
                ("weekday", "short"),
                ("day", "numeric"),
                ("month", "short"),
                ("year", "numeric"),
            ],
            Style::SpokenDate => &[("weekday", "long"), ("day", "numeric"), ("month", "long")],
            Style::Weekday => &[("weekday", "long")],
            Style::ZoneName => &[("year", "numeric"), ("timeZoneName", "short")],
        }
    }
}

/// One IANA zone. Cloning is cheap; formatters are made when first used.
#[derive(Clone)]
pub struct Zone(Rc<Inner>);

struct Inner {
    name: String,
    formatters: RefCell<[Option<Formatter>; STYLES]>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Zone {
    pub fn new(name: &str) -> Self {
        Self(Rc::new(Inner {
            name: name.to_owned(),
            formatters: RefCell::default(),
        }))
    }

    /// The zone this computer is set to.
    pub fn of_viewer() -> Self {
        thread_local! {
            static VIEWER: Zone = Zone::asked_of_browser();
        }
        VIEWER.with(Zone::clone)
    }

    fn asked_of_browser() -> Self {
        let name = Formatter::new("en-GB", &JsValue::UNDEFINED)
            .ok()
            .map(|formatter| formatter.resolved_options())
            .and_then(|options| js_sys::Reflect::get(&options, &"timeZone".into()).ok())
            .and_then(|name| name.as_string());
        Self::new(name.as_deref().unwrap_or("UTC"))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    fn write(&self, at: Instant, style: Style) -> String {
        let mut formatters = self.0.formatters.borrow_mut();
        let Some(slot) = formatters.get_mut(style as usize) else {
            return String::new();
        };
        if slot.is_none() {
            *slot = formatter(&self.0.name, style);
        }
        slot.as_ref()
            .map(|formatter| formatter.format(at.micros() as f64 / 1_000.0))
            .unwrap_or_default()
    }

    pub fn clock(&self, at: Instant) -> String {
        self.write(at, Style::Clock)
    }

    pub fn minute(&self, at: Instant) -> String {
        self.write(at, Style::Minute)
    }

    pub fn date(&self, at: Instant) -> String {
        self.write(at, Style::Date).replace(',', "")
    }

    pub fn spoken_date(&self, at: Instant) -> String {
        self.write(at, Style::SpokenDate).replace(',', "")
    }

    pub fn weekday(&self, at: Instant) -> String {
        self.write(at, Style::Weekday)
    }

    /// `GMT+1`: what a person adds to read the zone.
    pub fn short_name(&self, at: Instant) -> String {
        let written = self.write(at, Style::ZoneName);
        written
            .rsplit_once(' ')
            .map_or(written.clone(), |(_, name)| name.to_owned())
    }

    /// The hour of the day, for a greeting.
    pub fn hour(&self, at: Instant) -> u32 {
        self.minute(at)
            .split(':')
            .next()
            .and_then(|hour| hour.parse().ok())
            .unwrap_or(12)
    }

    /// `14:28` today, `Sat 21 Nov 14:28` before.
    pub fn moment(&self, at: Instant, now: Instant) -> String {
        if self.is_same_day(at, now) {
            self.minute(at)
        } else {
            format!("{} {}", self.day(at), self.minute(at))
        }
    }

    pub fn is_same_day(&self, a: Instant, b: Instant) -> bool {
        self.date(a) == self.date(b)
    }

    /// `Sat 21 Nov`
    pub fn day(&self, at: Instant) -> String {
        let date = self.date(at);
        date.rsplit_once(' ')
            .map_or(date.clone(), |(day, _)| day.to_owned())
    }
}

/// `None` for a zone this browser does not know; then UTC is used and said.
fn formatter(zone: &str, style: Style) -> Option<Formatter> {
    let options = js_sys::Object::new();
    let set = |name: &str, value: &str| {
        // Setting a field of a fresh object can't fail.
        let _ = js_sys::Reflect::set(&options, &name.into(), &value.into());
    };
    set("hourCycle", "h23");
    for (name, value) in style.options() {
        set(name, value);
    }
    set("timeZone", zone);
    Formatter::new("en-GB", &options).ok().or_else(|| {
        set("timeZone", "UTC");
        Formatter::new("en-GB", &options).ok()
    })
}

/// Needs a JavaScript engine: run as wasm, in Node.
#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const NOVEMBER: Instant = Instant::from_millis(1_795_444_328_000);
    const JULY: Instant = Instant::from_millis(1_784_000_000_000);

    #[wasm_bindgen_test]
    fn a_ward_in_london_is_an_hour_ahead_of_utc_in_summer_only() {
        let (london, utc) = (Zone::new("Europe/London"), Zone::new("UTC"));
        assert_eq!(london.clock(NOVEMBER), utc.clock(NOVEMBER));
        assert_eq!(london.hour(JULY), (utc.hour(JULY) + 1) % 24);
    }

    #[wasm_bindgen_test]
    fn hours_run_from_00_to_23() {
        let midnight = Instant::from_millis(1_795_392_000_000);
        assert_eq!(Zone::new("UTC").minute(midnight), "00:00");
    }

    #[wasm_bindgen_test]
    fn a_moment_of_today_needs_no_date_and_another_day_does() {
        let zone = Zone::new("UTC");
        assert_eq!(zone.moment(NOVEMBER, NOVEMBER), zone.minute(NOVEMBER));
        let day_before = Instant::from_millis(NOVEMBER.millis() - 86_400_000);
        assert!(
            zone.moment(day_before, NOVEMBER)
                .ends_with(&zone.minute(NOVEMBER))
        );
        assert!(zone.moment(day_before, NOVEMBER).len() > 5);
    }

    #[wasm_bindgen_test]
    fn a_zone_that_no_browser_knows_is_read_as_utc() {
        let nowhere = Zone::new("Mars/Olympus");
        assert_eq!(nowhere.clock(NOVEMBER), Zone::new("UTC").clock(NOVEMBER));
    }
}

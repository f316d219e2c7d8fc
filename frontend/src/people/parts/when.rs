//! Between a date field and a moment. Access that ends on a day lasts that whole day, where the
//! administrator is.

use fleetward_common::time::Instant;
use js_sys::Date;
use wasm_bindgen::JsValue;

/// The last second of a day as the browser's date field writes it, `2027-11-30`.
pub fn end_of_day(day: &str) -> Option<Instant> {
    at(day, "23:59:59")
}

/// Of a field for date and time, `2027-11-30T07:00`.
pub fn moment(text: &str) -> Option<Instant> {
    text.split_once('T').and_then(|(day, time)| at(day, time))
}

fn at(day: &str, time: &str) -> Option<Instant> {
    if day.is_empty() {
        return None;
    }
    let millis = Date::parse(&format!("{day}T{time}"));
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date are whole")]
    millis.is_finite().then(|| Instant::from_millis(millis as i64))
}

/// For the value of a date field.
pub fn as_date(at: Option<Instant>) -> String {
    let Some(at) = at else {
        return String::new();
    };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time fit a double")]
    let date = Date::new(&JsValue::from_f64(at.millis() as f64));
    format!(
        "{:04}-{:02}-{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date()
    )
}

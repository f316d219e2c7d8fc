//! Numbers that keep their digits, and the units they are measured in.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize, de};
use std::{cmp::Ordering, fmt, str::FromStr};

/// `mantissa × 10^exponent`, so that `97.0` stays `97.0` from the device to the report.
/// In JSON it is a string, because a JSON number would lose the trailing zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Decimal {
    #[n(0)]
    pub mantissa: i64,
    #[n(1)]
    pub exponent: i8,
}

impl Decimal {
    /// Exponents outside this range are no measurement; refusing them keeps all arithmetic small.
    pub const EXPONENTS: std::ops::RangeInclusive<i8> = -9..=6;

    pub const fn new(mantissa: i64, exponent: i8) -> Self {
        Self { mantissa, exponent }
    }

    pub const fn whole(value: i64) -> Self {
        Self::new(value, 0)
    }

    pub fn to_f64(self) -> f64 {
        let scale = 10f64.powi(i32::from(self.exponent.unsigned_abs()));
        let mantissa = self.mantissa as f64;
        if self.exponent < 0 {
            mantissa / scale
        } else {
            mantissa * scale
        }
    }

    /// `value` rounded to `decimals` places. `None` for what is no number or doesn't fit.
    pub fn rounded(value: f64, decimals: u8) -> Option<Self> {
        let exponent = -i8::try_from(decimals).ok()?;
        let scaled = (value * 10f64.powi(i32::from(decimals))).round();
        (scaled.is_finite() && scaled.abs() < 9e15).then_some(Self::new(scaled as i64, exponent))
    }

    /// The mantissa this number has at another exponent. `None` when digits would be lost.
    pub fn mantissa_at(self, exponent: i8) -> Option<i64> {
        let steps = u32::try_from(i16::from(self.exponent) - i16::from(exponent)).ok();
        match steps {
            Some(steps) => 10i64
                .checked_pow(steps)
                .and_then(|scale| self.mantissa.checked_mul(scale)),
            None => {
                let scale = 10i64.checked_pow(u32::from((exponent - self.exponent).unsigned_abs()))?;
                (self.mantissa % scale == 0).then_some(self.mantissa / scale)
            }
        }
    }

    fn widened(self, exponent: i8) -> i128 {
        let steps = u32::try_from(i16::from(self.exponent) - i16::from(exponent)).unwrap_or(0);
        i128::from(self.mantissa).saturating_mul(10i128.saturating_pow(steps))
    }

    /// Order by value: `97` and `97.0` compare as equal here, though they are different readings.
    pub fn compare(self, other: Self) -> Ordering {
        let finest = self.exponent.min(other.exponent);
        self.widened(finest).cmp(&other.widened(finest))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exponent >= 0 {
            return write!(f, "{}", self.widened(0));
        }
        let places = usize::from(self.exponent.unsigned_abs());
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDecimal;

impl fmt::Display for BadDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number of at most 18 digits")
    }
}

impl std::error::Error for BadDecimal {}

impl FromStr for Decimal {
    type Err = BadDecimal;

    fn from_str(text: &str) -> Result<Self, BadDecimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let ends_in_dot = digits.ends_with('.');
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if whole.is_empty() || ends_in_dot || !all_digits || whole.len() + fraction.len() > 18 {
            return Err(BadDecimal);
        }
        let exponent = i8::try_from(fraction.len())
            .map(|places| -places)
            .or(Err(BadDecimal))?;
        if !Self::EXPONENTS.contains(&exponent) {
            return Err(BadDecimal);
        }
        let magnitude: i64 = format!("{whole}{fraction}").parse().or(Err(BadDecimal))?;
        Ok(Self::new(if negative { -magnitude } else { magnitude }, exponent))
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
crate::openapi::written_as_text!(Decimal, "A decimal number with all its digits, e.g. `97.0`");

// `tt`, not `literal`, for what the schema's derive has to read: see `access.rs`.
macro_rules! units {
    ($($name:ident = $mdc:literal, $ucum:tt, $printed:literal;)+) => {
        /// A unit of measurement: its 11073 dimension code on the device link, its UCUM code
        /// everywhere else, and the way a person reads it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Unit {
            $(#[serde(rename = $ucum)] $name,)+
        }

        impl Unit {
            pub const ALL: &'static [Unit] = &[$(Unit::$name),+];

            pub const fn mdc(self) -> u32 {
                match self { $(Unit::$name => $mdc,)+ }
            }

            pub const fn ucum(self) -> &'static str {
                match self { $(Unit::$name => $ucum,)+ }
            }

            /// As printed beside a value.
            pub const fn printed(self) -> &'static str {
                match self { $(Unit::$name => $printed,)+ }
            }

            pub fn from_mdc(code: u32) -> Option<Self> {
                match code { $($mdc => Some(Unit::$name),)+ _ => None }
            }
        }
    };
}

// Dimension codes: ISO/IEEE 11073-10101 partition 4. Codes above 67108864 are private to Fleetward.
units! {
    One = 262_656, "1", "";
    Percent = 262_688, "%", "%";
    BeatPerMinute = 264_864, "{beat}/min", "/min";
    BreathPerMinute = 264_928, "{breath}/min", "/min";
    MillimetreOfMercury = 266_016, "mm[Hg]", "mmHg";
    CentimetreOfWater = 266_048, "cm[H2O]", "cmH2O";
    DegreeCelsius = 268_192, "Cel", "°C";
    Millivolt = 266_418, "mV", "mV";
    MillilitrePerHour = 265_266, "mL/h", "mL/h";
    Millilitre = 263_762, "mL", "mL";
    LitrePerMinute = 265_216, "L/min", "L/min";
    Minute = 264_352, "min", "min";
    Hour = 264_384, "h", "h";
    EventPerHour = 67_108_865, "{event}/h", "/h";
    MilligramPerDecilitre = 264_274, "mg/dL", "mg/dL";
    Kilogram = 263_875, "kg", "kg";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reading_keeps_its_trailing_zero() {
        let reading: Decimal = "97.0".parse().unwrap();
        assert_eq!((reading.mantissa, reading.exponent), (970, -1));
        assert_eq!(reading.to_string(), "97.0");
        assert_ne!(reading, "97".parse().unwrap());
        assert_eq!(reading.compare(Decimal::whole(97)), Ordering::Equal);
    }

    #[test]
    fn small_negative_readings_keep_their_sign_and_zeros() {
        assert_eq!("-0.0236".parse::<Decimal>().unwrap().to_string(), "-0.0236");
    }

    #[test]
    fn text_that_is_no_decimal_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1e3",
            "NaN",
            "--1",
            "1,5",
            "1234567890123456789",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mantissa_moves_between_exponents_only_without_loss() {
        assert_eq!(Decimal::new(62, 0).mantissa_at(-1), Some(620));
        assert_eq!(Decimal::new(620, -1).mantissa_at(0), Some(62));
        assert_eq!(Decimal::new(628, -1).mantissa_at(0), None);
    }

    proptest! {
        #[test]
        fn every_decimal_survives_being_printed(mantissa in -999_999_999_999i64..999_999_999_999, places in 0i8..=5) {
            let number = Decimal::new(mantissa, -places);
            let read_back: Decimal = number.to_string().parse().unwrap();
            prop_assert_eq!(read_back.compare(number), Ordering::Equal);
            prop_assert_eq!(read_back.to_string(), number.to_string());
        }
    }
}

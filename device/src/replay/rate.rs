//! Sample rates as exact ratios: `360hz`, `0.5hz` and `116.99hz` in file names, `11699/100` in options.

use fleetward_common::{time::SampleRate, unit::Decimal};
use std::{fmt, path::Path};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRate(String);

impl fmt::Display for BadRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no sample rate; write 250, 116.99 or 11699/100 (per second)",
            self.0
        )
    }
}

impl std::error::Error for BadRate {}

/// `250`, `116.99`, `11699/100`.
pub fn parse(text: &str) -> Result<SampleRate, BadRate> {
    exact(text).ok_or_else(|| BadRate(text.to_owned()))
}

fn exact(text: &str) -> Option<SampleRate> {
    let (samples, seconds) = match text.split_once('/') {
        Some((samples, seconds)) => (samples.parse().ok()?, seconds.parse().ok()?),
        None => {
            let number: Decimal = text.parse().ok()?;
            let seconds = 10u64.checked_pow(u32::from(number.exponent.unsigned_abs()))?;
            (u64::try_from(number.mantissa).ok()?, seconds)
        }
    };
    let divisor = greatest_common_divisor(samples, seconds).max(1);
    let rate = SampleRate {
        samples: u32::try_from(samples / divisor).ok()?,
        seconds: u32::try_from(seconds / divisor).ok()?,
    };
    rate.is_sound().then_some(rate)
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// `ecg_mitbih100_mlii_360hz.csv` → 360 Hz: the last part of the name, if it ends in `hz`.
pub fn of_file_name(path: &Path) -> Option<SampleRate> {
    let stem = path.file_stem()?.to_str()?;
    let last = stem.rsplit('_').next()?.to_ascii_lowercase();
    parse(last.strip_suffix("hz")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(samples: u32, seconds: u32) -> SampleRate {
        SampleRate { samples, seconds }
    }

    #[test]
    fn rates_are_exact_ratios() {
        assert_eq!(parse("360"), Ok(ratio(360, 1)));
        assert_eq!(parse("116.99"), Ok(ratio(11_699, 100)));
        assert_eq!(parse("0.5"), Ok(ratio(1, 2)));
        assert_eq!(parse("250.00"), Ok(ratio(250, 1)));
        assert_eq!(parse("11699/100"), Ok(ratio(11_699, 100)));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "0", "hz", "-250", "1/0", "0/1", "1e3", "99999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_part_of_a_file_name_is_its_rate() {
        let of = |name: &str| of_file_name(Path::new(name));
        assert_eq!(of("/tmp/ecg_mitbih100_mlii_360hz.csv"), Some(ratio(360, 1)));
        assert_eq!(of("ppg_heartpy2_116.99hz.csv"), Some(ratio(11_699, 100)));
        assert_eq!(of("flow_25Hz.csv"), Some(ratio(25, 1)));
        assert_eq!(of("cgm_diabetic_a.csv"), None);
        assert_eq!(of("ecg_360.csv"), None);
    }
}

//! Strings that are parsed once, at the edge, and are known to be good from there on.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! parsed_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode)]
        #[serde(try_from = "String", into = "String")]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] String);

        #[cfg(feature = "openapi")]
        crate::openapi::written_as_text!($name, concat!("A ", $what));

        impl $name {
            pub fn parse(text: &str) -> Result<Self, BadText> {
                let text = text.trim();
                if text.is_empty() {
                    return Err(BadText { what: $what, problem: Problem::Empty });
                }
                if text.len() > $max {
                    return Err(BadText { what: $what, problem: Problem::LongerThan($max) });
                }
                if !text.chars().all($ok) {
                    return Err(BadText { what: $what, problem: Problem::Character });
                }
                Ok(Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadText;

            fn try_from(text: String) -> Result<Self, BadText> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::parse(d.str()?).map_err(minicbor::decode::Error::custom)
            }
        }
    };
}

parsed_text!(
    /// What is printed on the device's plate: letters, digits, dash, dot; at most 64 bytes.
    SerialNumber, "serial number", 64, |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.'
);
parsed_text!(
    /// A software version as the maker writes it.
    SoftwareVersion, "software version", 64, |c: char| c.is_ascii_graphic()
);
parsed_text!(
    /// What a person signs in with. An e-mail address or a short name; compared without case.
    Login, "login", 254, |c: char| !c.is_control() && !c.is_whitespace()
);
parsed_text!(
    /// What a ward calls one of its screens: `Desk 2`.
    StationName, "name of a screen", 60, |c: char| !c.is_control()
);
parsed_text!(
    /// A fault code as the maker's manual lists it, e.g. `F-311`.
    FaultCode, "fault code", 32, |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.'
);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadText {
    what: &'static str,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Empty,
    LongerThan(usize),
    Character,
}

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Empty => write!(f, "a {} can't be empty", self.what),
            Problem::LongerThan(max) => write!(f, "a {} has at most {max} bytes", self.what),
            Problem::Character => write!(f, "a {} can't hold that character", self.what),
        }
    }
}

impl std::error::Error for BadText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_trimmed_and_kept() {
        assert_eq!(
            SerialNumber::parse(" NW-M40-000317 ").unwrap().as_str(),
            "NW-M40-000317"
        );
    }

    #[test]
    fn a_serial_number_with_a_slash_is_refused() {
        let refusal = SerialNumber::parse("NW/M40").unwrap_err();
        assert_eq!(refusal.to_string(), "a serial number can't hold that character");
    }

    #[test]
    fn json_can_not_smuggle_in_an_empty_login() {
        assert!(serde_json::from_str::<Login>("\"  \"").is_err());
    }
}

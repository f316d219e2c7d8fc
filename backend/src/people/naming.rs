//! Names that an administrator types: of people, sites and units.

use crate::platform::http::Failure;

/// Without the spaces around it; letters are counted, not bytes. `what` completes "Give …".
pub fn name(text: &str, longest: usize, what: &str) -> Result<String, Failure> {
    let name = text.trim();
    let fits = (1..=longest).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Failure::BadRequest(format!(
            "Give {what} of at most {longest} letters."
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_letters_are_eighty_in_every_language() {
        let ward = "病".repeat(80);
        assert_eq!(name(&format!(" {ward} "), 80, "the unit a name").unwrap(), ward);
        let told = name(&format!("{ward}房"), 80, "the unit a name").unwrap_err();
        assert_eq!(told.to_string(), "Give the unit a name of at most 80 letters.");
    }

    #[test]
    fn nothing_and_what_no_list_can_show_is_no_name() {
        for text in ["", "   ", "Ward\n4B"] {
            assert!(name(text, 80, "the unit a name").is_err(), "{text:?}");
        }
    }
}

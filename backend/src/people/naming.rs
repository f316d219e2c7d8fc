//! Names and addresses that an administrator types: of people, organisations, sites and units.

use fleetward_common::text::Login;

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

/// In small letters, as it is stored: one mailbox is one person.
pub fn mail_address(text: &str) -> Result<String, Failure> {
    let no_address =
        || Failure::BadRequest("That is not a mail address. It looks like name@place.example.".to_owned());
    let email = Login::parse(text).or(Err(no_address()))?;
    let email = email.as_str().to_lowercase();
    let (user, host) = email.split_once('@').ok_or_else(no_address)?;
    if user.is_empty() || !host.contains('.') || host.contains('@') || email.contains(['<', '>', ',', '"']) {
        return Err(no_address());
    }
    Ok(email)
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

//! How a search for a patient is written down: by what, and a digest of the words.

use fleetward_common::care::PatientSearch;
use serde_json::{Value, json};

use crate::{platform::secrets::Key, privacy::reads::blind};

pub fn in_the_record(wanted: &PatientSearch, key: &Key) -> Value {
    let (by, words) = match wanted {
        PatientSearch::RecordNumber { record_number } => ("record_number", record_number.clone()),
        PatientSearch::SurnameAndBirth { family_name, born } => {
            ("surname_and_birth", format!("{family_name} {born}"))
        }
        PatientSearch::SurnameStart { family_name } => ("surname_start", family_name.clone()),
    };
    json!({ "by": by, "words": blind(key, &words) })
}

//! The people anyone can be in the demo. Their passwords are made at random with the demo world and kept
//! beside the other secrets; outside demo mode the file is not even read.

use std::{fs, io};

use fleetward_common::identity::DemoPerson;

use crate::platform::secrets::{Secrets, write_private};

const FILE: &str = "demo-people.json";

/// Empty when no demo world was made.
pub fn read(secrets: &Secrets) -> io::Result<Vec<DemoPerson>> {
    match fs::read(secrets.path(FILE)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub fn write(secrets: &Secrets, people: &[DemoPerson]) -> io::Result<()> {
    write_private(&secrets.path(FILE), &serde_json::to_vec_pretty(people)?)
}

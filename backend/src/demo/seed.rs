//! Makes the demo world, once.

use std::{io, path::Path};

use fleetward_common::{access::Role, identity::DemoPerson};

use super::{
    builder::Builder,
    fleet_file::{self, FleetFile, ServerTrust},
    world::{PEOPLE, PersonSeed},
};
use crate::{
    app::{App, StartError},
    identity::{demo_people, store::organisations, totp::Secret},
    platform::{clock::random, http::Failure},
};

/// Makes the demo world if there is none. A second run changes nothing.
pub async fn seed(app: &App, data: &Path) -> Result<(), StartError> {
    let organisations = app.db.read(organisations::count).await?;
    if organisations == 0 {
        make_world(app, data).await?;
    }
    Ok(())
}

async fn make_world(app: &App, data: &Path) -> Result<(), StartError> {
    let mut people = Vec::new();
    let mut demo_list = Vec::new();
    for person in PEOPLE {
        let password = random_password();
        people.push(app.sign_in.hashing.hash(password.clone()).await?);
        demo_list.push(DemoPerson {
            login: person.login.to_owned(),
            password,
            name: person.name.to_owned(),
            role: person.role,
            organisation: person.organisation.to_owned(),
            sees: person.sees.to_owned(),
            one_time_code_secret: has_app(person).then(|| Secret::random().to_base32()),
        });
    }
    // Written first: passwords that nobody can look up would make the world useless.
    demo_people::write(&app.secrets, &demo_list).map_err(unwritten("write the demo people"))?;
    let apps = demo_list
        .iter()
        .map(|person| {
            person
                .one_time_code_secret
                .as_deref()
                .and_then(Secret::from_base32)
        })
        .collect();
    let builder = Builder::new(app, data, people, apps);
    let data = data.to_owned();
    app.db
        .write(move |connection| {
            let file = FleetFile {
                server: ServerTrust {
                    ca: "server-ca.pem".to_owned(),
                },
                devices: builder.build(connection)?,
            };
            // Before the commit: a world whose devices nobody can start would never be made again.
            fleet_file::write(&data, &file).map_err(|source| Failure::Internal {
                step: "write devices/fleet.json",
                source: source.into(),
            })
        })
        .await?;
    Ok(())
}

/// Staff have an authenticator app, so that emergency access can be tried; it is asked for only then, or
/// no card would sign anyone in. Rashida is new and has a password only.
fn has_app(person: &PersonSeed) -> bool {
    person.login != "rashida.amadi" && !matches!(person.role, Role::Patient | Role::Proxy)
}

fn unwritten(step: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Step {
        step: step.to_owned(),
        source,
        advice: "Give this user the right to write into the data folder.",
    }
}

/// Twenty letters and digits without look-alikes: about 100 bits.
fn random_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random::<20>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}

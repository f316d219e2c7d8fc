//! One system, four audiences: each sees its own page, and not another's.

use fleetward_common::{
    care::{Occupancy, PatientIdentity, WardBoard as Board, WardSummary},
    page::Page,
};
use fleetward_e2e::{
    api::Session,
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey, server_journey},
    pages::{SignIn, WardBoard},
    people::{ALAN, AUDIENCES, BEN, IVO, JOAN, Person, RASHIDA, ROSA},
    portal::Portal,
    trouble::{Outcome, same},
};
use serde_json::Value;

/// Pages of each audience, as an address that somebody else may have been given.
const PAGES: [(&str, &[Person]); 4] = [
    ("/ward", &[RASHIDA]),
    ("/staff/patients", &[ROSA]),
    ("/staff/fleet", &[BEN]),
    ("/patient", &[ALAN]),
];

async fn board_of(portal: &Portal, person: Person) -> Outcome<Board> {
    let session = Session::sign_in(portal, person).await?;
    let wards: Vec<WardSummary> = session.get("/api/v1/wards").await?;
    let first = wards.first().expect("a nurse has a ward");
    session.get(&format!("/api/v1/wards/{}", first.ward.id)).await
}

fn identities(board: &Board) -> Vec<&PatientIdentity> {
    let occupancies = board.beds.iter().map(|bed| &bed.occupancy);
    occupancies
        .filter_map(|occupancy| match occupancy {
            Occupancy::Occupied { identity, .. } => identity.as_ref(),
            Occupancy::Free => None,
        })
        .collect()
}

#[test]
fn a_nurse_sees_every_bed_of_her_ward_and_the_nurse_next_door_none_of_them() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        door.choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        same("the beds of Ward 4B", board.beds().await?, 24)?;
        for (bed, word) in [("8", "Free"), ("12", "Not monitored")] {
            let tile = board.tile(bed).await?;
            assert!(tile.text.contains(word), "bed {bed}: {}", tile.text);
        }
        let ward_4b = browser.path().await?;

        door.choose(IVO).await?;
        let board = WardBoard::on(browser).await?;
        assert!(
            board.title().await?.contains("Ward 2"),
            "{}",
            board.title().await?
        );
        browser.goto(&portal.url(&ward_4b)).await?;
        browser.read("Nothing here that you can open").await?;
        same("beds of Ward 4B", browser.is_there("[data-bed]").await?, false)?;
        browser.expect_console_errors(|line| line.contains("404")).await
    })
}

#[test]
fn rosa_sees_her_home_patients_and_how_old_their_data_is() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        SignIn::at(&stage.portal, &stage.browser).choose(ROSA).await?;
        for words in ["REED", "WHITFIELD", "No data"] {
            stage.browser.read(words).await?;
        }
        Ok(())
    })
}

#[test]
fn ben_sees_the_fleet_and_nobody_in_it() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(BEN).await?;
        for words in ["No patient data", "NW-M40-"] {
            browser.read(words).await?;
        }
        let page = browser.text().await?.to_lowercase();
        let board = board_of(portal, RASHIDA).await?;
        assert!(identities(&board).len() >= 20);
        for identity in identities(&board) {
            let name = identity.family_name.to_lowercase();
            assert!(!page.contains(&name), "a patient's name is on the maker's page");
            assert!(
                !page.contains(&identity.record_number),
                "a record number is on the maker's page"
            );
        }
        assert!(
            !page.contains("northgate"),
            "a hospital is named on the maker's page"
        );
        Ok(())
    })
}

#[test]
fn alan_reads_his_night_in_a_sentence_and_joan_why_there_is_none() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        door.choose(ALAN).await?;
        browser.see("his page", "main h1").await?;
        browser.read("Alan").await?;
        let page = browser.text().await?;
        assert!(!page.contains("Joan") && !page.contains("Whitfield"), "{page}");
        door.choose(JOAN).await?;
        browser.read("Joan").await?;
        let page = browser.text().await?;
        assert!(!page.contains("Alan") && !page.contains("Reed"), "{page}");
        Ok(())
    })
}

/// Somebody else's address: their own portal instead, or one plain sentence.
async fn keeps_out(browser: &Browser, person: Person, address: &str) -> Outcome {
    eventually(
        &format!("{} being kept out of {address}", person.name),
        async || {
            let at = browser.path().await?;
            let text = browser.text().await?;
            let refused = ["Nothing here that you can open", "Not open to you"];
            let sent_home = !at.starts_with(address) && at.starts_with(person.home);
            Ok((sent_home || refused.iter().any(|words| text.contains(words))).then_some(()))
        },
    )
    .await?;
    Ok(())
}

#[test]
fn an_address_of_another_audience_opens_nothing() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        for person in AUDIENCES {
            SignIn::at(portal, browser).choose(person).await?;
            for (address, readers) in PAGES {
                if !readers.contains(&person) {
                    browser.goto(&portal.url(address)).await?;
                    keeps_out(browser, person, address).await?;
                }
            }
        }
        browser
            .expect_console_errors(|line| line.contains("403") || line.contains("404"))
            .await
    })
}

#[test]
fn behind_the_pages_the_api_refuses_the_same() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let board = board_of(portal, RASHIDA).await?;
        let bed = board
            .beds
            .iter()
            .find(|bed| !bed.devices.is_empty())
            .expect("a monitored bed");
        let device = &bed.devices.first().expect("its monitor").device;
        let ward = format!("/api/v1/wards/{}", board.ward.id);
        let bed = format!("/api/v1/beds/{}", bed.id);
        let history =
            format!("/api/v1/devices/{device}/history?metric=heart-rate&from=0&until=1&max_points=10");

        let rashida = Session::sign_in(portal, RASHIDA).await?;
        for path in [&ward, &bed] {
            same(path, rashida.status_of(path).await?.as_u16(), 200)?;
        }
        for stranger in [IVO, ROSA, ALAN] {
            let session = Session::sign_in(portal, stranger).await?;
            for path in [&ward, &bed, &history] {
                let what = format!("{} at {path}", stranger.name);
                same(&what, session.status_of(path).await?.as_u16(), 404)?;
            }
        }
        // The maker sees the device, and nothing that it measured on anybody.
        let ben = Session::sign_in(portal, BEN).await?;
        let seen: Value = ben.get(&format!("/api/v1/devices/{device}")).await?;
        assert!(
            seen.get("technical").is_some_and(|slice| !slice.is_null()),
            "{seen}"
        );
        assert!(seen.get("clinical").is_none_or(Value::is_null), "{seen}");
        for path in [&ward, &bed, &history] {
            let status = ben.status_of(path).await?.as_u16();
            assert!(matches!(status, 403 | 404), "Ben at {path}: {status}");
        }
        let patients: Page<Value> = Session::sign_in(portal, ROSA)
            .await?
            .get("/api/v1/patients")
            .await?;
        assert!(patients.items.len() >= 2, "Rosa has patients");
        Ok(())
    })
}

//! What a person may, they see; what they may no longer, leaves their screen by itself.

use fleetward_common::{
    care::{Occupancy, Transfer, WardBoard as Board, WardSummary},
    id::BedId,
};
use fleetward_e2e::{
    a11y,
    api::Session,
    browser::{Browser, Screen},
    eventually::{PATIENCE, eventually},
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{BEN, DANIEL, HELEN, LOUISE, RASHIDA, RUTH},
    portal::Portal,
    trouble::{Outcome, Trouble, same},
};

async fn board(session: &Session, ward: &str) -> Outcome<Board> {
    let wards: Vec<WardSummary> = session.get("/api/v1/wards").await?;
    let found = wards.iter().find(|summary| summary.ward.name.contains(ward));
    let ward = found.ok_or_else(|| Trouble::wrong("no such ward"))?.ward.id;
    session.get(&format!("/api/v1/wards/{ward}")).await
}

/// Daniel sees every bed of the hospital, and nobody in it.
async fn free_bed_on_5a(portal: &Portal) -> Outcome<BedId> {
    let daniel = Session::sign_in(portal, DANIEL).await?;
    let beds = board(&daniel, "5A").await?.beds;
    let free = beds.iter().find(|bed| bed.occupancy == Occupancy::Free);
    Ok(free.ok_or_else(|| Trouble::wrong("5A is full"))?.id)
}

/// By its row and its column.
async fn choose_cell(browser: &Browser, cell: &str) -> Outcome {
    let css = format!("table.policy button[data-cell='{cell}']");
    browser.see(cell, &css).await?.click().await?;
    Ok(())
}

#[test]
fn a_patient_who_is_moved_leaves_the_open_board_of_the_old_ward() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let open = WardBoard::on(browser).await?;
        open.is_live().await?;

        let louise = Session::sign_in(portal, LOUISE).await?;
        let beds = board(&louise, "4B").await?.beds;
        let seven = beds.iter().find(|bed| bed.label == "7");
        let Some(Occupancy::Occupied {
            patient: Some(patient),
            identity: Some(identity),
            ..
        }) = seven.map(|bed| bed.occupancy.clone())
        else {
            return Err(Trouble::wrong("bed 7 is not taken"));
        };
        let name = identity.family_name;
        assert!(open.tile("7").await?.text.contains(&name), "{name}");

        let to = Transfer {
            bed: free_bed_on_5a(portal).await?,
        };
        louise
            .post(&format!("/api/v1/patients/{patient}/transfer"), &to)
            .await?;
        let left = open
            .wait_for_tile("bed 7 being free", "7", PATIENCE, |tile| {
                tile.text.contains("Free")
            })
            .await?;
        println!(
            "delay: a moved patient left the open board after {} ms",
            left.after.as_millis()
        );
        let page = browser.text().await?;
        assert!(!page.contains(&name), "a moved patient is still on the page");
        // Asked for by hand, the patient is not there either.
        let rashida = Session::sign_in(portal, RASHIDA).await?;
        let asked = rashida
            .status_of(&format!("/api/v1/capabilities?kind=patient&id={patient}"))
            .await?;
        same("the patient asked for by hand", asked.as_u16(), 404)
    })
}

#[test]
fn ruth_reads_who_may_do_what_and_tells_never_from_not_given() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.press("Policy").await?;
        browser.read("Who may do what").await?;
        browser.see("the table", "table.policy").await?;
        a11y::nothing_found(browser, "the policy").await?;

        browser.see("a cell", "td.never button").await?;
        choose_cell(browser, "Support agent, Identity").await?;
        browser.read("may never").await?;
        choose_cell(browser, "Nurse, Commercial").await?;
        browser.read("A rule could be added").await?;
        choose_cell(browser, "Nurse, Clinical").await?;
        for words in ["may in an emergency", "The rules, as kept", "break_glass"] {
            browser.read(words).await?;
        }
        Ok(())
    })
}

#[test]
fn a_link_is_shown_to_those_who_may_follow_it() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        let shows_policy = async || {
            let links = browser.run(
                "return [...document.querySelectorAll('header nav a')].map((link) => link.innerText)",
                Vec::new(),
            );
            let links: Vec<String> = serde_json::from_value(links.await?).map_err(Trouble::wrong)?;
            Ok::<_, Trouble>(links.iter().any(|link| link == "Policy"))
        };
        for (person, shown) in [(HELEN, true), (DANIEL, true), (BEN, false)] {
            door.choose(person).await?;
            browser.see("the console", "main h1").await?;
            eventually(&format!("{}’s links", person.name), async || {
                Ok((shows_policy().await? == shown).then_some(()))
            })
            .await?;
        }
        // Ben types the address: the server says no, and who could say yes.
        browser.goto(&portal.url("/staff/policy")).await?;
        browser.read("Not open to you").await?;
        browser.read("administrator of your organisation").await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

//! From a refusal to the review's decision: Tomas opens a patient of another ward, Helen looks at it.

use fleetward_common::emergency::EmergencyWard;
use fleetward_e2e::{
    a11y::nothing_found,
    api::Session,
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::SignIn,
    people::{HELEN, LOUISE, TOMAS},
    portal::Portal,
    trouble::{Outcome, Trouble},
};
use std::time::Instant;
use thirtyfour::Key;

const ENTER: Key = Key::Enter;

pub async fn ward_5a(portal: &Portal) -> Outcome<EmergencyWard> {
    let session = Session::sign_in(portal, TOMAS).await?;
    let wards: Vec<EmergencyWard> = session.get("/api/v1/emergency/wards").await?;
    let ward = wards.into_iter().find(|ward| ward.name.contains("5A"));
    ward.ok_or_else(|| Trouble::wrong("Northgate has no Ward 5A"))
}

/// Tab by Tab, as a person without a mouse goes.
pub async fn tab_to(browser: &Browser, css: &str) -> Outcome {
    browser.see(css, css).await?;
    let there = format!("return !!document.activeElement?.matches({css:?})");
    for _ in 0..80 {
        if browser.run(&there, Vec::new()).await?.as_bool() == Some(true) {
            return Ok(());
        }
        browser.type_keys(Key::Tab.value().to_string()).await?;
    }
    Err(Trouble::Wrong(format!("80 times Tab do not lead to {css}")))
}

pub async fn press(browser: &Browser, key: Key) -> Outcome {
    browser.type_keys(key.value().to_string()).await
}

/// Finds, says why, proves, all by keys; ends on the open record.
async fn open_by_keys(browser: &Browser, number: &str, family_name: &str) -> Outcome {
    find_by_keys(browser, number, family_name).await?;
    say_why_by_keys(browser, "Called by the nurse, pressure falling.").await?;
    prove_by_keys(browser).await
}

pub async fn find_by_keys(browser: &Browser, number: &str, family_name: &str) -> Outcome {
    tab_to(browser, "#bg-number").await?;
    browser.type_keys(number).await?;
    press(browser, ENTER).await?;
    browser.read(family_name).await
}

pub async fn say_why_by_keys(browser: &Browser, sentence: &str) -> Outcome {
    // No reason is chosen before the person chooses one.
    assert!(!browser.is_there(".reason input:checked").await?);
    browser.type_keys("3").await?;
    browser
        .see("the third reason", ".reason:nth-of-type(3) input:checked")
        .await?;
    tab_to(browser, "#bg-why").await?;
    browser.type_keys(sentence).await
}

pub async fn prove_by_keys(browser: &Browser) -> Outcome {
    tab_to(browser, ".bg-go button[type=submit]").await?;
    press(browser, ENTER).await?;
    browser.read("First prove that it is you").await?;
    // The demo fills in what this person would type.
    browser.see("the code", "#step-up-code").await?;
    tab_to(browser, "#step-up-code").await?;
    press(browser, ENTER).await?;
    browser.see("the banner", ".emergency").await?;
    Ok(())
}

#[test]
fn tomas_opens_a_patient_on_the_refusal_and_helen_decides_by_keys_alone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let ward = ward_5a(portal).await?;
        let door = SignIn::at(portal, browser);
        door.choose(TOMAS).await?;
        browser.goto(&portal.url(&format!("/ward/{}", ward.ward))).await?;
        browser.read("Nothing here that you can open").await?;
        let began = Instant::now();
        open_by_keys(browser, "NG-104340", "HOLLIS").await?;
        println!(
            "delay: from the refusal to the open record by keys {} ms",
            began.elapsed().as_millis()
        );
        browser.read("Emergency access to Edgar HOLLIS only").await?;
        browser.see("the record", "h1.pl-name").await?;
        browser.read("Closed in emergency access").await?;
        nothing_found(browser, "the record opened in an emergency").await?;

        browser.goto(&portal.url("/ward")).await?;
        browser.see("his own board", "[data-bed='24']").await?;
        browser.see("the banner on it", ".emergency [role=timer]").await?;
        nothing_found(browser, "the board in an emergency").await?;
        browser.press("End now").await?;
        eventually("the banner being gone", async || {
            Ok((!browser.is_there(".emergency").await?).then_some(()))
        })
        .await?;

        door.choose(HELEN).await?;
        browser.read("Tomas Reuter opened Edgar HOLLIS").await?;
        browser.read("None found").await?;
        nothing_found(browser, "the queue").await?;
        browser.type_keys("j").await?;
        browser.see("the line in focus", ".queue tr.is-current").await?;
        press(browser, ENTER).await?;
        browser.read("What was opened, in order").await?;
        browser.read("Your own view").await?;
        nothing_found(browser, "the event").await?;
        browser.type_keys("1").await?;
        browser
            .see("the first verdict", ".verdict:first-child input:checked")
            .await?;
        browser.type_keys("n").await?;
        browser.type_keys("The nurse of 5A confirms the call.").await?;
        tab_to(browser, ".decision button[type=submit]").await?;
        press(browser, ENTER).await?;
        browser.read("First prove that it is you").await?;
        browser.see("the code", "#step-up-code").await?;
        tab_to(browser, "#step-up-code").await?;
        press(browser, ENTER).await?;
        browser.read("found it appropriate").await?;
        press(browser, Key::Escape).await?;
        browser.read("No open reviews").await?;
        // The refusal and the missing proof were meant.
        browser
            .expect_console_errors(|line| line.contains("404") || line.contains("403"))
            .await
    })
}

#[test]
fn emergency_access_is_open_to_everyone_in_both_themes_and_on_a_phone() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(LOUISE).await?;
        for theme in ["light", "night"] {
            browser
                .run("localStorage.setItem('theme', arguments[0])", vec![theme.into()])
                .await?;
            browser.goto(&portal.url("/ward/emergency")).await?;
            browser.see("the form", "#bg-number").await?;
            nothing_found(browser, &format!("the form on a phone, {theme}")).await?;
        }
        open_by_keys(browser, "NG-104352", "NWOSU").await?;
        nothing_found(browser, "the record on a phone at night").await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

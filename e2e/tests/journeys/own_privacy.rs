//! The patient on the phone: who looked, and what is shared.

use fleetward_e2e::{
    a11y::nothing_found,
    api::Session,
    browser::Screen,
    journey::{Stage, journey},
    pages::SignIn,
    people::{ALAN, ROSA},
    trouble::Outcome,
};
use serde_json::Value;

const THEMES: [&str; 2] = ["light", "night"];

#[test]
fn alan_reads_on_his_phone_who_saw_his_data_and_why() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(ALAN).await?;
        browser.press("Who saw my data").await?;
        browser.read("Nobody looked in this month.").await?;
        nothing_found(browser, "an empty list of looks").await?;

        let _: Value = Session::sign_in(portal, ROSA)
            .await?
            .get("/api/v1/patients")
            .await?;
        for theme in THEMES {
            browser
                .run("localStorage.setItem('theme', arguments[0])", vec![theme.into()])
                .await?;
            browser.goto(&portal.url("/patient/who-saw")).await?;
            browser.see("a look", ".looks li").await?;
            for words in [
                "Rosa Lind, Larkfield Sleep Clinic",
                "Respiratory technician",
                "Saw your name and your measurements, in a list.",
                "Why: in your care team.",
                "Today",
            ] {
                browser.read(words).await?;
            }
            browser
                .see("the theme", &format!("html[data-theme={theme}]"))
                .await?;
            nothing_found(browser, &format!("who saw my data in {theme}")).await?;
        }
        let page = browser.text().await?;
        assert!(!page.contains("Alan Reed"), "his own looks are not on it: {page}");
        Ok(())
    })
}

#[test]
fn alan_shares_and_stops_sharing_with_one_press_each() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(ALAN).await?;
        browser.press("What I share").await?;
        browser.read("You share with no one person.").await?;
        browser.press("Share: Research").await?;
        browser.read("Done. You share this now.").await?;
        browser.press("Stop sharing: Research").await?;
        browser.read("You share this no longer").await?;
        browser.control("Share: Research").await?;

        browser
            .see("the field for a name", "#person")
            .await?
            .send_keys("tomas.reuter")
            .await?;
        browser.press("Share with this person").await?;
        browser.read("Tomas Reuter").await?;
        browser.read("Physician, Northgate General").await?;
        for theme in THEMES {
            browser
                .run("localStorage.setItem('theme', arguments[0])", vec![theme.into()])
                .await?;
            browser.goto(&portal.url("/patient/sharing")).await?;
            browser.read("Tomas Reuter").await?;
            browser
                .see("the theme", &format!("html[data-theme={theme}]"))
                .await?;
            nothing_found(browser, &format!("what I share in {theme}")).await?;
        }
        browser.press("Stop sharing with Tomas Reuter").await?;
        browser.read("You share with no one person.").await?;

        browser
            .see("the field for a name", "#person")
            .await?
            .send_keys("nobody.at.all")
            .await?;
        browser.press("Share with this person").await?;
        browser.read("We can’t find that person.").await?;
        browser.expect_console_errors(|line| line.contains("400")).await
    })
}

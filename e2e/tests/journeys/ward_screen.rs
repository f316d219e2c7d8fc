//! A browser that belongs to the ward, and sessions that end: here, everywhere, by themselves.

use fleetward_e2e::{
    a11y::nothing_found,
    api::Session,
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{BEN, LOUISE, RASHIDA},
    portal::Portal,
    stored::leave_alone,
    trouble::{Outcome, Trouble, same},
};
use thirtyfour::{By, Key};

const WINDOW: &str = "dialog.switch[open]";

pub async fn make_a_screen(portal: &Portal, browser: &Browser) -> Outcome {
    SignIn::at(portal, browser).choose(LOUISE).await?;
    WardBoard::on(browser).await?;
    browser.press("Make this a ward screen").await?;
    browser.see("the name of the screen", "#station-name").await?;
    nothing_found(browser, "making a ward screen").await?;
    browser.press("Make it a ward screen").await?;
    browser.press("Prove it").await?;
    browser.read("Nobody signed in").await?;
    WardBoard::on(browser).await.map(drop)
}

async fn is_gone(browser: &Browser, css: &str) -> Outcome {
    eventually(&format!("no {css}"), async || {
        Ok((!browser.is_there(css).await?).then_some(()))
    })
    .await
    .map(drop)
}

/// The number of the key beside this name.
async fn key_of(browser: &Browser, name: &str) -> Outcome<String> {
    let path = format!("//dialog//button[contains(., '{name}')]/kbd");
    let seen = eventually(&format!("{name} in the window"), async || {
        let key = browser.driver().find(By::XPath(path.as_str())).await?;
        Ok(Some(key.text().await?))
    })
    .await?;
    Ok(seen.value)
}

async fn beds(browser: &Browser) -> Outcome<usize> {
    Ok(browser.driver().find_all(By::Css("[data-bed]")).await?.len())
}

#[test]
fn the_wards_screen_asks_for_a_person_when_someone_acts_and_goes_back() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        make_a_screen(portal, browser).await?;
        nothing_found(browser, "a ward's screen").await?;

        // From here on without the mouse.
        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter + "").await?;
        let window = browser.see("the question", WINDOW).await?;
        let words = window.text().await?;
        if !words.contains("Who is acting?") || !words.contains("open bed 7") {
            return Err(Trouble::Wrong(format!("the window says {words}")));
        }
        nothing_found(browser, "the window that asks who is acting").await?;
        same("beds behind it", beds(browser).await?, 24)?;
        browser.type_keys(Key::Escape + "").await?;
        is_gone(browser, WINDOW).await?;
        same("the drawer", browser.is_there(".bed-drawer").await?, false)?;

        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter + "").await?;
        browser.see("the question again", WINDOW).await?;
        let key = key_of(browser, RASHIDA.name).await?;
        browser.type_keys(key).await?;
        browser.see("bed 7 in full", ".bed-drawer").await?;
        browser.read("acts on Desk 1").await?;
        same("beds beside it", beds(browser).await?, 24)?;

        // Nobody there for two minutes: the next touch finds the screen read only again.
        leave_alone(portal, RASHIDA.login, 120)?;
        browser.type_keys("f").await?;
        browser.read("Nobody signed in").await?;
        is_gone(browser, ".bed-drawer").await?;
        same("beds afterwards", beds(browser).await?, 24)?;

        // The last one who acted is known here now, and stands first.
        browser.press("Act").await?;
        same("her key", key_of(browser, RASHIDA.name).await?, "1".to_owned())?;
        browser.type_keys("1").await?;
        browser.read("acts on Desk 1").await?;
        browser.press("Done").await?;
        browser.read("Nobody signed in").await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn a_wrong_password_at_the_wards_screen_opens_nothing_and_keeps_the_board() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        make_a_screen(portal, browser).await?;
        browser.press("Act").await?;
        browser.see("the question", WINDOW).await?;
        browser.type_keys("/").await?;
        browser
            .see("the name", "#switch-login")
            .await?
            .send_keys(RASHIDA.login)
            .await?;
        browser.type_keys(Key::Tab + "").await?;
        browser.type_keys("not her password").await?;
        browser.type_keys(Key::Enter + "").await?;
        browser.read("don’t go together").await?;
        nothing_found(browser, "a refused person at the ward's screen").await?;
        same("beds", beds(browser).await?, 24)?;
        // A refused person, and before that a screen that asked for a proof first.
        let expected = |line: &str| line.contains("401") || line.contains("/stations");
        browser.expect_console_errors(expected).await
    })
}

#[test]
fn louise_signs_out_everywhere_and_no_browser_of_hers_knows_her_any_more() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let elsewhere = Session::sign_in(portal, LOUISE).await?;
        SignIn::at(portal, browser).choose(LOUISE).await?;
        browser.goto(&portal.url("/security")).await?;
        browser
            .see("her sessions", ".sessions tbody tr:nth-child(2)")
            .await?;
        nothing_found(browser, "the list of sessions").await?;
        browser.press("Sign out everywhere").await?;
        browser.press("Yes, sign out everywhere").await?;
        SignIn::at(portal, browser).is_open().await?;
        let status = elsewhere.status_of("/api/v1/session").await?;
        same("her other browser", status.as_u16(), 401)?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn ben_is_warned_two_minutes_before_his_session_ends_and_goes_on_with_one_key() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(BEN).await?;
        browser.see("his fleet", "main table").await?;
        leave_alone(portal, BEN.login, 3_600 - 110)?;
        browser.goto(&portal.url("/staff/fleet")).await?;
        let warning = browser
            .see("the warning", "dialog[role=alertdialog][open]")
            .await?;
        let words = warning.text().await?;
        if !words.contains("Are you still there?") || !words.contains("1:") {
            return Err(Trouble::Wrong(format!("the warning says {words}")));
        }
        nothing_found(browser, "the warning before the end").await?;
        browser.type_keys(Key::Enter + "").await?;
        is_gone(browser, "dialog[role=alertdialog][open]").await?;
        same("his page", browser.path().await?, "/staff/fleet".to_owned())
    })
}

#[test]
fn a_session_that_nobody_touched_ends_and_says_so_at_the_door() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(BEN).await?;
        browser.see("his fleet", "main table").await?;
        leave_alone(portal, BEN.login, 3_595)?;
        browser.goto(&portal.url("/staff/fleet")).await?;
        browser
            .see("the warning", "dialog[role=alertdialog][open]")
            .await?;
        SignIn::at(portal, browser).is_open().await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

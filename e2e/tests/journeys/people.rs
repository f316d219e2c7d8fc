//! An administrator and the people of the organisation: inviting, joining, suspending.

use std::time::Instant;

use fleetward_e2e::{
    a11y::nothing_found,
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{NILS, RASHIDA, RUTH},
    portal::Portal,
    trouble::{Outcome, same},
};
use thirtyfour::Key;

const MIRA: &str = "mira.solberg@northgate.example";
const PASSWORD: &str = "seven quiet herons ashore";
const THEMES: [&str; 2] = ["light", "night"];

/// Fills in the invitation of a nurse on Ward 4B and sends it.
async fn invite_mira(browser: &Browser) -> Outcome {
    browser.press("Invite someone").await?;
    browser
        .see("the name's field", "#name")
        .await?
        .send_keys("Mira Solberg")
        .await?;
    browser.find("#email").await?.send_keys(MIRA).await?;
    let ward = "//label[contains(., 'Ward 4B')]//input[@type='checkbox']";
    eventually("choosing the ward", async || {
        browser
            .driver()
            .find(thirtyfour::By::XPath(ward))
            .await?
            .click()
            .await?;
        Ok(Some(()))
    })
    .await?;
    browser.read("Who the patients are in Ward 4B Cardiology").await?;
    browser.press("Send the invitation").await?;
    prove(browser).await
}

/// The dialog asks who is there; the demo has filled in what this person would type.
async fn prove(browser: &Browser) -> Outcome {
    browser.press("Prove it").await
}

/// The link of the message to Mira, as the demo's page of mail shows it.
async fn follow_the_link(portal: &Portal, browser: &Browser) -> Outcome<String> {
    eventually("the message with the link", async || {
        browser.goto(&portal.url("/demo/outbox")).await?;
        let link = browser.find("a[href^='/join/']").await?;
        let path = link.attr("href").await?;
        link.click().await?;
        Ok(path)
    })
    .await
    .map(|seen| seen.value)
}

#[test]
fn ruth_invites_a_nurse_who_joins_from_the_message_and_sees_her_ward() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        invite_mira(browser).await?;
        browser.read("The message was sent.").await?;

        follow_the_link(portal, browser).await?;
        browser.read("Step 2 of 4").await?;
        // The browser is Ruth's, and nobody gives themselves a role.
        browser.press("Join as Ruth Adler").await?;
        browser.read("Nobody gives themselves a role").await?;
        browser
            .find("input[name=password]")
            .await?
            .send_keys(format!("{PASSWORD}\n"))
            .await?;
        browser.read("Next time without a password?").await?;
        browser.press("Not now").await?;
        browser.read("Step 3 of 4").await?;
        browser.read("Who the patients are in Ward 4B Cardiology").await?;
        browser.press("Yes, take me to my first page").await?;
        let board = WardBoard::on(browser).await?;
        same("the ward", board.title().await?, "Ward 4B Cardiology".to_owned())?;
        browser.read("Mira Solberg").await?;
        browser
            .expect_console_errors(|line| line.contains("400") || line.contains("403"))
            .await
    })
}

async fn sign_out(portal: &Portal, browser: &Browser) -> Outcome {
    browser.goto(&portal.url("/sign-in?as=yourself")).await?;
    let script =
        "const done = arguments[0]; fetch('/api/v1/session', { method: 'DELETE' }).then(() => done(true));";
    browser.run_until_called_back(script, Vec::new()).await?;
    Ok(())
}

#[test]
fn a_nurse_joins_on_her_phone_by_keyboard_alone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        invite_mira(browser).await?;
        browser.read("The message was sent.").await?;

        let phone = Browser::open(Screen::Phone).await?;
        let enter = || Key::Enter.value().to_string();
        let link = follow_the_link(portal, &phone).await?;
        phone.read("Step 2 of 4").await?;
        phone.tab_to("Choose a password").await?;
        phone.type_keys(format!("{PASSWORD}{}", enter())).await?;
        phone.read("Next time without a password?").await?;
        phone.tab_to("Not now").await?;
        phone.type_keys(enter()).await?;
        phone.read("Step 3 of 4").await?;
        phone.tab_to("Yes, take me to my first page").await?;
        phone.type_keys(enter()).await?;
        let board = WardBoard::on(&phone).await?;
        same("the ward", board.title().await?, "Ward 4B Cardiology".to_owned())?;

        // Used up: whoever finds the link later is told what to do.
        let stranger = Browser::open(Screen::Phone).await?;
        stranger.goto(&portal.url(&link)).await?;
        stranger.read("You have joined already").await?;
        stranger
            .expect_console_errors(|line| line.contains("410"))
            .await?;
        stranger.close().await?;
        phone.no_console_errors().await?;
        phone.close().await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn suspending_rashida_closes_her_open_board() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        let office = Browser::open(Screen::Desk).await?;
        let suspended = suspend(portal, &office).await;
        let pressed = Instant::now();
        suspended?;
        let gone = eventually("her board closed and the door open", async || {
            Ok((browser.path().await? == "/sign-in").then_some(()))
        })
        .await;
        println!(
            "delay: from suspending a person to the door on her screen {} ms",
            pressed.elapsed().as_millis()
        );
        gone?;
        same("beds on her screen", browser.is_there("[data-bed]").await?, false)?;
        office.read("Lift the suspension").await?;
        office.close().await?;
        browser
            .expect_console_errors(|line| line.contains("401") || line.contains("403"))
            .await
    })
}

async fn suspend(portal: &Portal, office: &Browser) -> Outcome {
    SignIn::at(portal, office).choose(RUTH).await?;
    office.read("people at Northgate General").await?;
    // By keyboard: find her, open her.
    office
        .type_keys(format!("/rashida{enter}", enter = Key::Enter.value()))
        .await?;
    office.read("1 of 1 shown").await?;
    office.run("document.activeElement.blur()", Vec::new()).await?;
    office.type_keys("j").await?;
    office.type_keys(Key::Enter.value().to_string()).await?;
    office.read("rashida.amadi@northgate.example").await?;
    office.press("Suspend…").await?;
    office.press("Suspend now").await?;
    prove(office).await
}

#[test]
fn ruth_opens_a_site_with_a_ward_and_starts_a_way_back_for_rashida() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        browser.goto(&portal.url("/staff/units")).await?;
        browser.press("Add a site").await?;
        // The field for the name has the focus.
        browser.type_keys("Northgate South").await?;
        nothing_found(browser, "a new site being written").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser.read("No unit yet").await?;
        let add = "//section[@aria-label='Northgate South']//button[.='Add a unit']";
        browser
            .driver()
            .find(thirtyfour::By::XPath(add))
            .await?
            .click()
            .await?;
        browser
            .see("the name of the unit", "input[aria-label='Name of the new unit']")
            .await?;
        browser
            .type_keys(format!("Ward 1S Surgery{enter}", enter = Key::Enter.value()))
            .await?;
        browser.read("Ward 1S Surgery").await?;
        browser.press("Change Northgate South").await?;
        browser.type_keys(" Bank").await?;
        browser.press("Save").await?;
        browser.read("Northgate South Bank").await?;

        browser.goto(&portal.url("/staff/people?q=rashida")).await?;
        browser.press("Rashida Amadi").await?;
        browser.press("Recover…").await?;
        browser.read("I know that it is Rashida who asks").await?;
        let start = browser.control("I know them: start").await?;
        same("a start without saying how", start.is_enabled().await?, false)?;
        nothing_found(browser, "how she knew").await?;
        browser
            .find(".known-by label:last-child input")
            .await?
            .click()
            .await?;
        browser.press("I know them: start").await?;
        prove(browser).await?;
        browser.read("Tell Rashida this code").await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn the_administrators_pages_are_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        invite_mira(browser).await?;
        browser.read("The message was sent.").await?;
        let invitation = browser.path().await?;
        browser.goto(&portal.url("/staff/people?q=rashida")).await?;
        browser.press("Rashida Amadi").await?;
        browser.read("With this, Rashida").await?;
        let person = browser.path().await?;
        for theme in THEMES {
            browser
                .run("localStorage.setItem('theme', arguments[0])", vec![theme.into()])
                .await?;
            for (path, words) in [
                ("/staff/people", "people at Northgate General"),
                ("/staff/people?q=zzz", "Nobody matches"),
                (person.as_str(), "With this, Rashida"),
                ("/staff/invite", "With this, them"),
                (invitation.as_str(), "The message was sent."),
                ("/staff/units", "Add a unit"),
            ] {
                browser.goto(&portal.url(path)).await?;
                browser.read(words).await?;
                nothing_found(browser, &format!("{path} in {theme}")).await?;
            }
            browser.goto(&portal.url(&person)).await?;
            browser.read("With this, Rashida").await?;
            browser.press("End…").await?;
            browser.read("This can’t be undone").await?;
            nothing_found(browser, &format!("the question in {theme}")).await?;
        }
        SignIn::at(portal, browser).choose(NILS).await?;
        browser.goto(&portal.url("/staff/outbox")).await?;
        browser.read(MIRA).await?;
        nothing_found(browser, "the outbox").await?;
        // The proof that was asked for before the invitation.
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn every_step_of_joining_is_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        invite_mira(browser).await?;
        browser.read("The message was sent.").await?;
        let link = follow_the_link(portal, browser).await?;
        sign_out(portal, browser).await?;
        for theme in THEMES {
            for path in [
                format!("{link}?theme={theme}"),
                format!("/join/nonsense?theme={theme}"),
                format!("/demo/outbox?theme={theme}"),
            ] {
                browser.goto(&portal.url(&path)).await?;
                nothing_found(browser, &path).await?;
            }
        }
        browser.goto(&portal.url(&link)).await?;
        browser
            .find("input[name=password]")
            .await?
            .send_keys(format!("{PASSWORD}\n"))
            .await?;
        browser.press("Not now").await?;
        browser.read("Step 3 of 4").await?;
        for theme in THEMES {
            browser
                .goto(&portal.url(&format!("{link}?theme={theme}")))
                .await?;
            browser.read("Step 3 of 4").await?;
            nothing_found(browser, &format!("the role in {theme}")).await?;
        }
        browser
            .expect_console_errors(|line| line.contains("404") || line.contains("403"))
            .await
    })
}

//! In and out of the portal.

use fleetward_e2e::{
    api::password_of,
    browser::Screen,
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{ALAN, AUDIENCES, RASHIDA},
    trouble::{Outcome, same},
};

#[test]
fn one_press_on_a_card_takes_each_audience_to_their_own_portal() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        for person in AUDIENCES {
            SignIn::at(&stage.portal, &stage.browser).choose(person).await?;
        }
        Ok(())
    })
}

#[test]
fn rashida_signs_in_with_her_password_and_out_again() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        let password = password_of(portal, RASHIDA).await?;
        door.fill_in(RASHIDA.login, &password).await?;
        door.is_home(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        same("the ward", board.title().await?, "Ward 4B Cardiology".to_owned())?;

        board.sign_out().await?;
        door.is_open().await?;
        // Her old address leads to the door now, and shows no bed on the way.
        browser.goto(&portal.url("/ward")).await?;
        door.is_open().await?;
        same(
            "beds without a session",
            browser.is_there("[data-bed]").await?,
            false,
        )?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn a_wrong_password_is_refused_in_the_same_words_as_an_unknown_name() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        let mut answers = Vec::new();
        for login in [RASHIDA.login, "nobody.at.all"] {
            door.fill_in(login, "not the password").await?;
            let alert = browser.see("the refusal", "[role=alert]").await?;
            answers.push(alert.text().await?);
            let name = browser.find("input[name=login]").await?;
            same(
                "the name, kept",
                name.prop("value").await?.as_deref(),
                Some(login),
            )?;
            let password = browser.find("input[name=password]").await?;
            same(
                "the password, emptied",
                password.prop("value").await?.as_deref(),
                Some(""),
            )?;
        }
        same("the words", answers.first(), answers.get(1))?;
        same("her portal afterwards", portal_opens(stage).await?, false)?;
        stage
            .browser
            .expect_console_errors(|line| line.contains("401"))
            .await
    })
}

/// Whether the ward portal shows anything but the door.
async fn portal_opens(stage: &Stage) -> Outcome<bool> {
    stage.browser.goto(&stage.portal.url("/")).await?;
    Ok(stage.browser.path().await? != "/sign-in")
}

#[test]
fn without_script_the_form_and_the_cards_sign_in_all_the_same() -> Outcome {
    journey(Screen::DeskWithoutScript, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        door.choose(ALAN).await?;
        let password = password_of(portal, RASHIDA).await?;
        door.fill_in(RASHIDA.login, &password).await?;
        door.is_home(RASHIDA).await?;
        browser.read("needs JavaScript").await
    })
}

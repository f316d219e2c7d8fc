//! Passkeys and second factors, as people meet them: with a real browser and an authenticator in it.

use fleetward::identity::totp::Secret;
use fleetward_device::clock::{Clock, SystemClock};
use fleetward_e2e::{
    a11y::nothing_found,
    api::password_of,
    authenticator::Authenticator,
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{ALAN, LOUISE, RASHIDA},
    portal::Portal,
    relay::Relay,
    stored::why_passkeys_were_refused,
    trouble::{Outcome, Trouble, same},
};
use thirtyfour::Key;

/// Signs in with her password and takes the offer.
async fn rashida_makes_a_passkey(portal: &Portal, browser: &Browser) -> Outcome {
    let door = SignIn::at(portal, browser);
    let password = password_of(portal, RASHIDA).await?;
    door.fill_in(RASHIDA.login, &password).await?;
    door.is_offered_a_passkey().await?;
    browser.press("Make a passkey").await?;
    door.is_home(RASHIDA).await
}

/// Opens the form and uses the passkey: by autofill, which this authenticator answers by itself, or by
/// the button.
async fn use_the_passkey(portal: &Portal, browser: &Browser) -> Outcome {
    use_the_passkey_at(browser, &portal.url("/sign-in?as=yourself")).await
}

async fn use_the_passkey_at(browser: &Browser, form: &str) -> Outcome {
    browser.goto(form).await?;
    // Gone already, when autofill was quicker.
    if let Ok(button) = browser.control("Use a passkey").await {
        let _ = button.click().await;
    }
    Ok(())
}

#[test]
fn rashida_is_offered_a_passkey_after_her_password_and_signs_in_with_it_alone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let authenticator = Authenticator::plug_in(browser).await?;
        let door = SignIn::at(portal, browser);
        let password = password_of(portal, RASHIDA).await?;
        door.fill_in(RASHIDA.login, &password).await?;
        door.is_offered_a_passkey().await?;
        browser.see("the button", "[data-passkey=register]").await?;
        nothing_found(browser, "the offer of a passkey").await?;
        browser.press("Make a passkey").await?;
        door.is_home(RASHIDA).await?;
        same(
            "passkeys in her authenticator",
            authenticator.credentials().await?.len(),
            1,
        )?;

        WardBoard::on(browser).await?.sign_out().await?;
        door.is_open().await?;
        use_the_passkey(portal, browser).await?;
        door.is_home(RASHIDA).await?;
        // She has one now, so nobody offers her another.
        WardBoard::on(browser).await?.sign_out().await?;
        door.is_open().await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn a_copied_authenticator_gets_nobody_in_and_its_owner_can_see_why() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let authenticator = Authenticator::plug_in(browser).await?;
        let door = SignIn::at(portal, browser);
        rashida_makes_a_passkey(portal, browser).await?;
        for _ in 0..2 {
            WardBoard::on(browser).await?.sign_out().await?;
            door.is_open().await?;
            use_the_passkey(portal, browser).await?;
            door.is_home(RASHIDA).await?;
        }
        WardBoard::on(browser).await?.sign_out().await?;
        door.is_open().await?;
        authenticator.swap_for_an_old_copy().await?;
        use_the_passkey(portal, browser).await?;
        browser.read("That passkey was not accepted").await?;
        same("the page", browser.path().await?, "/sign-in".to_owned())?;

        let password = password_of(portal, RASHIDA).await?;
        browser
            .find("input[name=login]")
            .await?
            .send_keys(RASHIDA.login)
            .await?;
        let field = browser.find("input[name=password]").await?;
        field.send_keys(format!("{password}\n")).await?;
        door.is_home(RASHIDA).await?;
        browser.goto(&portal.url("/security")).await?;
        browser.read("a copy of it may exist").await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn a_good_copy_of_the_portal_gets_nowhere_with_rashidas_passkey() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let authenticator = Authenticator::plug_in(browser).await?;
        let door = SignIn::at(portal, browser);
        rashida_makes_a_passkey(portal, browser).await?;
        WardBoard::on(browser).await?.sign_out().await?;
        door.is_open().await?;
        let relay = Relay::of(portal).await?;
        let form = "/sign-in?as=yourself";

        // Of the same name at another port: the browser lets it sign, and the server hears where it was.
        let before = authenticator.signatures().await?;
        use_the_passkey_at(browser, &relay.url("localhost", form)).await?;
        browser.read("That passkey was not accepted").await?;
        same("the page", browser.path().await?, "/sign-in".to_owned())?;
        let signed = authenticator.signatures().await?;
        assert!(signed > before, "it signed for the copy");
        let mut why = why_passkeys_were_refused(portal)?;
        // Autofill and the button may both have been tried.
        why.dedup();
        same("why it was refused", why, vec!["origin".to_owned()])?;

        // Of another name: the browser does not even ask the authenticator.
        use_the_passkey_at(browser, &relay.url("127.0.0.1", form)).await?;
        browser.read("Passkeys do not work at this address").await?;
        same("the page", browser.path().await?, "/sign-in".to_owned())?;
        same("signatures", authenticator.signatures().await?, signed)?;

        use_the_passkey(portal, browser).await?;
        door.is_home(RASHIDA).await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn an_authenticator_that_does_not_know_its_owner_proves_nothing() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let authenticator = Authenticator::plug_in(browser).await?;
        let door = SignIn::at(portal, browser);
        rashida_makes_a_passkey(portal, browser).await?;
        WardBoard::on(browser).await?.sign_out().await?;
        door.is_open().await?;
        authenticator.set_user_verified(false).await?;
        use_the_passkey(portal, browser).await?;
        eventually("the button, to be tried again", async || {
            let button = browser.control("Use a passkey").await?;
            Ok(button.is_enabled().await?.then_some(()))
        })
        .await?;
        same("the page", browser.path().await?, "/sign-in".to_owned())?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn with_the_keyboard_alone_alan_adds_renames_and_removes_a_passkey() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        Authenticator::plug_in(browser).await?;
        SignIn::at(portal, browser).choose(ALAN).await?;
        browser.goto(&portal.url("/security")).await?;
        browser.see("the field for a name", "#new-passkey").await?;
        nothing_found(browser, "the security page").await?;

        tab_to(browser, "new-passkey").await?;
        browser.type_keys(" at home").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser.read("never used").await?;
        nothing_found(browser, "the security page with a passkey").await?;

        tab_to_name(browser, "Rename").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser
            .see("the field for the name, ready to type", ".name-form input:focus")
            .await?;
        browser.type_keys(" 2").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        eventually("the new name", async || {
            let name = browser.find(".passkeys b").await?.text().await?;
            Ok(name.ends_with('2').then_some(()))
        })
        .await?;

        tab_to_name(browser, "Remove").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        tab_to_name(browser, "Remove it").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        // He has a passkey, so that is what proves that it is him.
        browser.read("First prove that it is you").await?;
        nothing_found(browser, "the question who is there").await?;
        tab_to_name(browser, "Use a passkey").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser.read("You have none yet").await?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn louise_proves_with_password_and_code_before_she_adds_a_passkey() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let authenticator = Authenticator::plug_in(browser).await?;
        SignIn::at(portal, browser).choose(LOUISE).await?;
        browser.goto(&portal.url("/security")).await?;
        browser.see("the field for a name", "#new-passkey").await?;
        browser.press("Add a passkey").await?;
        browser.read("First prove that it is you").await?;
        same(
            "passkeys before the proof",
            authenticator.credentials().await?.len(),
            0,
        )?;
        // In the demo the code of a made-up person is filled in.
        browser.see("the code", "#step-up-code").await?;
        browser.press("Prove it").await?;
        browser.read("never used").await?;
        same("passkeys after it", authenticator.credentials().await?.len(), 1)?;
        browser.expect_console_errors(|line| line.contains("403")).await
    })
}

#[test]
fn rashida_sets_up_an_app_and_is_asked_for_its_code_from_then_on() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let door = SignIn::at(portal, browser);
        let password = password_of(portal, RASHIDA).await?;
        door.fill_in(RASHIDA.login, &password).await?;
        door.is_home(RASHIDA).await?;
        browser.goto(&portal.url("/security")).await?;
        browser.press("Set up an app").await?;
        browser.see("the QR code", ".qr path").await?;
        nothing_found(browser, "an app being set up").await?;
        let secret = browser.find(".secret").await?.text().await?.replace(' ', "");
        let secret = Secret::from_base32(&secret).ok_or_else(|| Trouble::wrong("no secret to type"))?;
        let code = |last: u64| {
            let code = secret
                .next_code(last, SystemClock.now())
                .map_err(Trouble::wrong)?;
            code.ok_or_else(|| Trouble::wrong("no code left"))
        };
        browser.find("#first-code").await?.send_keys(code(0)?).await?;
        browser.press("Use this app from now on").await?;
        browser.read("Your recovery codes").await?;
        nothing_found(browser, "the recovery codes").await?;
        let spare = browser.find(".recovery li").await?.text().await?;
        browser.press("I have kept them").await?;
        browser.read("10 recovery codes left").await?;

        browser.press("Sign out").await?;
        door.is_open().await?;
        door.fill_in(RASHIDA.login, &password).await?;
        let field = browser.see("the field for the code", "input[name=code]").await?;
        nothing_found(browser, "the page that asks for the code").await?;
        field.send_keys("000000\n").await?;
        browser.read("That code is not right").await?;
        let field = browser.find("input[name=code]").await?;
        field.send_keys(format!("{spare}\n")).await?;
        door.is_home(RASHIDA).await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

async fn tab_to(browser: &Browser, id: &str) -> Outcome {
    tab_to_selector(browser, &format!("#{id}")).await
}

async fn tab_to_selector(browser: &Browser, selector: &str) -> Outcome {
    let there = format!("return document.activeElement.matches('{selector}')");
    tab_until(browser, selector, &there).await
}

/// To the button that says this, or begins with it.
async fn tab_to_name(browser: &Browser, name: &str) -> Outcome {
    let there = format!(
        "const e = document.activeElement; return e.tagName === 'BUTTON' && e.textContent.trim() === '{name}'"
    );
    eventually(&format!("a button “{name}”"), async || {
        let there = format!(
            "return [...document.querySelectorAll('button')].some(e => e.textContent.trim() === '{name}')"
        );
        Ok((browser.run(&there, Vec::new()).await? == true).then_some(()))
    })
    .await?;
    tab_until(browser, name, &there).await
}

async fn tab_until(browser: &Browser, what: &str, there: &str) -> Outcome {
    for _ in 0..40 {
        if browser.run(there, Vec::new()).await? == true {
            return Ok(());
        }
        browser.type_keys(Key::Tab.value().to_string()).await?;
    }
    Err(Trouble::Wrong(format!("the keyboard does not reach {what}")))
}

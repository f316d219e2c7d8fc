//! Every page in both themes: axe finds nothing, not even what it calls minor.

use fleetward_common::unit::Decimal;
use fleetward_device::clock::{Clock, SystemClock};
use fleetward_e2e::{
    a11y::nothing_found,
    bedside::{Bedside, monitor_at},
    browser::{Browser, Screen},
    journey::{Stage, journey},
    pages::{BedDrawer, SignIn, WardBoard},
    people::{ALAN, BEN, HELEN, JOAN, RASHIDA, ROSA},
    portal::Portal,
    trouble::Outcome,
};
use thirtyfour::Key;

const THEMES: [&str; 2] = ["light", "night"];

/// As the theme switch leaves it in this browser.
async fn remember(browser: &Browser, theme: &str) -> Outcome {
    let script = "localStorage.setItem('theme', arguments[0])";
    browser.run(script, vec![theme.into()]).await?;
    Ok(())
}

/// Looks at the page at `path` once `shown` is on it.
async fn check(portal: &Portal, browser: &Browser, path: &str, shown: &str, theme: &str) -> Outcome {
    browser.goto(&portal.url(path)).await?;
    browser.see(&format!("{path} in {theme}"), shown).await?;
    browser
        .see("the theme", &format!("html[data-theme={theme}]"))
        .await?;
    nothing_found(browser, &format!("{path} in {theme}")).await
}

#[test]
fn the_door_is_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        for theme in THEMES {
            check(
                portal,
                browser,
                &format!("/sign-in?theme={theme}"),
                "button[name=person]",
                theme,
            )
            .await?;
            let form = format!("/sign-in?as=yourself&theme={theme}");
            check(portal, browser, &form, "input[name=password]", theme).await?;
        }
        SignIn::at(portal, browser)
            .fill_in("nobody.at.all", "wrong")
            .await?;
        browser.see("the refusal", "[role=alert]").await?;
        nothing_found(browser, "a refused sign-in").await?;
        browser.expect_console_errors(|line| line.contains("401")).await
    })
}

#[test]
fn the_ward_board_with_drawer_table_far_view_and_help_is_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        for theme in THEMES {
            remember(browser, theme).await?;
            bedside.heart_rate(SystemClock.now(), Decimal::whole(72))?;
            check(portal, browser, "/ward", "[data-bed='24']", theme).await?;

            browser.type_keys("?").await?;
            browser.see("the keys", "dialog[open]").await?;
            nothing_found(browser, &format!("the list of keys in {theme}")).await?;
            browser.type_keys(Key::Escape.value().to_string()).await?;

            browser.type_keys("v").await?;
            browser.see("the far view", "[data-far=true]").await?;
            nothing_found(browser, &format!("the far view in {theme}")).await?;
            browser.type_keys("v").await?;

            browser.type_keys("7").await?;
            browser.type_keys(Key::Enter.value().to_string()).await?;
            let drawer = BedDrawer::on(browser).await?;
            drawer.shows_a_chart().await?;
            nothing_found(browser, &format!("the drawer in {theme}")).await?;
            drawer.table().await?;
            nothing_found(browser, &format!("the drawer's table in {theme}")).await?;

            check(portal, browser, "/ward/no/such/page", "main", theme).await?;
        }
        browser.expect_console_errors(|line| line.contains("404")).await
    })
}

#[test]
fn the_ward_board_on_a_phone_is_open_to_everyone() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        for theme in THEMES {
            remember(browser, theme).await?;
            check(portal, browser, "/ward", "[data-bed='24']", theme).await?;
        }
        Ok(())
    })
}

#[test]
fn the_providers_and_the_makers_pages_are_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        for (person, path, shown) in [
            (ROSA, "/staff/patients", "main table tbody tr"),
            (BEN, "/staff/fleet", "main table tbody tr"),
        ] {
            SignIn::at(portal, browser).choose(person).await?;
            for theme in THEMES {
                remember(browser, theme).await?;
                check(portal, browser, path, shown, theme).await?;
            }
        }
        let first = browser.find("main table tbody a").await?;
        let device = first.attr("href").await?.unwrap_or_default();
        for theme in THEMES {
            remember(browser, theme).await?;
            check(portal, browser, &device, "main h1", theme).await?;
            check(portal, browser, "/staff/no/such/page", "main h1", theme).await?;
        }
        Ok(())
    })
}

#[test]
fn a_console_that_waits_for_its_page_is_open_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(HELEN).await?;
        for theme in THEMES {
            remember(browser, theme).await?;
            check(portal, browser, "/staff", "main h1", theme).await?;
        }
        Ok(())
    })
}

#[test]
fn a_lost_server_is_told_to_everyone() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        for theme in THEMES {
            remember(browser, theme).await?;
            check(portal, browser, "/ward", "[data-bed='24']", theme).await?;
            portal.kill();
            browser.read("Nothing on this page is live").await?;
            nothing_found(browser, &format!("a lost server in {theme}")).await?;
            portal.start_again().await?;
        }
        browser
            .expect_console_errors(|line| line.contains("ERR_CONNECTION") || line.contains("WebSocket"))
            .await
    })
}

#[test]
fn the_patients_page_is_open_to_everyone_with_data_and_without() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        for person in [ALAN, JOAN] {
            SignIn::at(portal, browser).choose(person).await?;
            for theme in THEMES {
                remember(browser, theme).await?;
                check(portal, browser, "/patient", "main h1", theme).await?;
            }
        }
        Ok(())
    })
}

//! An alarm, from a racing heart to a nurse who owns it.

use fleetward_common::{time::Instant, unit::Decimal};
use fleetward_device::clock::{Clock, SystemClock};
use fleetward_e2e::{
    a11y::nothing_found,
    bedside::{Bedside, monitor_at},
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::{SignIn, WardBoard},
    people::{LOUISE, RASHIDA},
    trouble::{Outcome, same},
};
use thirtyfour::Key;

/// As measured over the last seconds, one each.
fn heart_rate(bedside: &Bedside, rate: i64, seconds: i64) -> Outcome<Instant> {
    let now = SystemClock.now();
    for second in (0..seconds).rev() {
        bedside.heart_rate(now.shifted(-second * 1_000_000), Decimal::whole(rate))?;
    }
    Ok(now)
}

async fn strip(browser: &Browser) -> Outcome<String> {
    Ok(browser
        .find(".alarm-strip")
        .await?
        .text()
        .await?
        .replace('\n', " "))
}

async fn strip_says(browser: &Browser, words: &[&str]) -> Outcome {
    eventually(&format!("the strip saying {words:?}"), async || {
        let said = strip(browser).await?;
        Ok(words.iter().all(|words| said.contains(words)).then_some(()))
    })
    .await
    .map(drop)
}

#[test]
fn rashida_owns_an_alarm_by_keyboard_and_louise_sees_it_on_her_own_screen() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        heart_rate(&bedside, 82, 3)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?.is_live().await?;
        strip_says(browser, &["No active alarms"]).await?;
        let louise = Browser::open(Screen::Desk).await?;
        SignIn::at(portal, &louise).choose(LOUISE).await?;
        WardBoard::on(&louise).await?.is_live().await?;

        let measured = heart_rate(&bedside, 131, 10)?;
        strip_says(
            browser,
            &["Medium alarm: HR 131 /min", "above limit 120", "No owner yet"],
        )
        .await?;
        println!(
            "delay: from the last value to the alarm on the board {} ms",
            SystemClock.now().since(measured).as_millis()
        );
        browser
            .see(
                "the bed's frame",
                "[data-bed='7'][data-alarm='medium'] .vital.rate.is-medium",
            )
            .await?;
        for theme in ["light", "night"] {
            browser
                .run(
                    "document.documentElement.dataset.theme = arguments[0]",
                    vec![theme.into()],
                )
                .await?;
            nothing_found(browser, &format!("a board with an alarm, {theme}")).await?;
        }

        // To the bed that calls, open it, own it.
        browser.type_keys("n").await?;
        browser
            .see("the bed in focus", "[data-bed='7'] .bed-link:focus")
            .await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser.see("what to do", ".bed-actions .button.primary").await?;
        nothing_found(browser, "the open bed with an alarm").await?;
        browser.type_keys("a").await?;
        for screen in [&*browser, &louise] {
            strip_says(screen, &["HR 131", "R. Amadi"]).await?;
            same(
                "flashing",
                screen.is_there(".alarm-strip .is-flashing").await?,
                false,
            )?;
        }

        // Calm again: it is over, on both.
        heart_rate(&bedside, 80, 2)?;
        for screen in [&*browser, &louise] {
            strip_says(screen, &["No active alarms"]).await?;
            same(
                "a frame",
                screen.is_there("[data-bed='7'][data-alarm]").await?,
                false,
            )?;
        }
        louise.no_console_errors().await?;
        louise.close().await
    })
}

#[test]
fn a_pause_is_seen_on_another_screen_and_a_high_alarm_waits_for_somebody() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?.is_live().await?;
        let louise = Browser::open(Screen::Desk).await?;
        SignIn::at(portal, &louise).choose(LOUISE).await?;
        WardBoard::on(&louise).await?.is_live().await?;

        heart_rate(&bedside, 150, 10)?;
        strip_says(browser, &["High alarm: HR 150 /min"]).await?;
        browser.type_keys("n").await?;
        browser
            .see("the bed in focus", "[data-bed='7'] .bed-link:focus")
            .await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        browser.see("what to do", ".bed-silence .button").await?;
        browser.type_keys("s").await?;
        browser.read("Pause the sound now").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        louise
            .see("the pause on the other screen", "[data-bed='7'] .pause-countdown")
            .await?;

        // Its cause is over and nobody has seen it: it stays.
        heart_rate(&bedside, 80, 2)?;
        strip_says(&louise, &["High alarm", "over now"]).await?;
        browser.type_keys("a").await?;
        strip_says(&louise, &["No active alarms"]).await?;

        // Only the charge nurse switches a bed off, and everybody sees it.
        same(
            "Rashida's off",
            browser.text().await?.contains("Alarms off…"),
            false,
        )?;
        louise
            .type_keys(format!("7{enter}", enter = Key::Enter.value()))
            .await?;
        louise.press("Alarms off…").await?;
        nothing_found(&louise, "switching off").await?;
        louise.press("Switch off now").await?;
        browser
            .see("it on the other screen", "[data-bed='7'] .pause-countdown")
            .await?;
        browser.read("ALARMS OFF to").await?;
        heart_rate(&bedside, 150, 10)?;
        strip_says(browser, &["HR 150", "OFF"]).await?;
        same("flashing", browser.is_there(".is-flashing").await?, false)?;
        louise.no_console_errors().await?;
        louise.close().await
    })
}

#[test]
fn a_board_whose_server_went_away_tells_what_happened_meanwhile_once_it_is_back() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        board.is_live().await?;
        heart_rate(&bedside, 131, 10)?;
        strip_says(browser, &["HR 131"]).await?;
        portal.kill();
        portal.start_again().await?;
        board.is_live().await?;
        // The same alarm, not a second one.
        strip_says(browser, &["HR 131"]).await?;
        let blocks = browser
            .run(
                "return document.querySelectorAll('.alarm-strip .alarm-block').length",
                Vec::new(),
            )
            .await?;
        same("alarms", blocks, 1.into())?;
        heart_rate(&bedside, 80, 2)?;
        strip_says(browser, &["No active alarms"]).await?;
        browser
            .expect_console_errors(|line| {
                line.contains("WebSocket") || line.contains("ERR_CONNECTION_REFUSED")
            })
            .await
    })
}

#[test]
fn on_a_phone_every_alarm_is_in_the_list_and_the_phone_says_that_it_does_not_ring() -> Outcome {
    journey(Screen::Phone, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?.is_live().await?;
        heart_rate(&bedside, 131, 10)?;
        strip_says(browser, &["HR 131 /min"]).await?;
        browser.read("This phone does not ring.").await?;
        let wide = browser
            .run(
                "return document.documentElement.scrollWidth <= innerWidth",
                Vec::new(),
            )
            .await?;
        same("fits the phone", wide, true.into())?;
        nothing_found(browser, "alarms on a phone").await
    })
}

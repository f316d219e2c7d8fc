//! One bed by keyboard, and its trends as numbers.

use fleetward_e2e::{
    browser::Screen,
    journey::{Stage, journey},
    pages::{BedDrawer, SignIn, WardBoard},
    people::RASHIDA,
    trouble::{Outcome, same},
};
use thirtyfour::Key;

#[test]
fn seven_enter_opens_bed_seven_and_escape_brings_the_focus_back_to_it() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        let drawer = BedDrawer::on(browser).await?;
        let banner = drawer.banner().await?;
        assert!(
            banner.contains("Born") && banner.contains("Record no."),
            "{banner}"
        );
        same("the focus in the drawer", drawer.has_focus().await?, true)?;
        same("the board beside it", board.beds().await?, 24)?;

        browser.type_keys(Key::Escape.value().to_string()).await?;
        drawer.is_closed().await?;
        same("the focus on bed 7", board.tile("7").await?.focused, true)?;

        browser.type_keys(Key::Right.value().to_string()).await?;
        same("the focus on bed 8", board.tile("8").await?.focused, true)?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        let drawer = BedDrawer::on(browser).await?;
        assert!(drawer.banner().await?.contains("Free bed"));
        Ok(())
    })
}

#[test]
fn trends_are_a_chart_and_the_same_as_a_table() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        let drawer = BedDrawer::on(browser).await?;
        drawer.shows_a_chart().await?;
        let table = drawer.table().await?;
        let head = table.first().cloned().unwrap_or_default().join(" | ");
        for column in ["From", "HR", "SpO", "RR", "NIBP"] {
            assert!(head.contains(column), "{column} is not in {head}");
        }
        // No device ever sent to this copy of the world: absence is said, never drawn as zero.
        let cells: Vec<&String> = table.iter().skip(1).flat_map(|row| row.iter().skip(1)).collect();
        assert!(cells.iter().all(|cell| *cell == "no data"), "{cells:?}");
        drawer.show_range("24 h").await?;
        browser
            .see("the long range, pressed", ".bed-drawer [aria-pressed=true]")
            .await?;
        Ok(())
    })
}

#[test]
fn on_a_low_screen_the_drawer_scrolls_and_squeezes_no_number() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        browser.shrink_to_a_low_window().await?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        BedDrawer::on(browser).await?.shows_a_chart().await?;
        let (whole, shown) = browser.height_of(".bed-drawer .big-vitals").await?;
        assert!(shown + 2 >= whole, "{whole} px of numbers in {shown} px");
        Ok(())
    })
}

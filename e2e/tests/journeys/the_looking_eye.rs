//! Before trusting that a journey saw nothing wrong: does it see what is wrong?

use fleetward_e2e::{
    a11y,
    browser::{Browser, Screen},
    journey::alone,
    trouble::{Outcome, same},
};

const LABELLED: &str = "<main><h1>Beds</h1><label>Bed <input name=bed></label></main>";
const UNLABELLED: &str = "<main><h1>Beds</h1><input name=bed></main>";

fn page(body: &str) -> String {
    format!("data:text/html,<!doctype html><html lang=en><title>Beds</title>{body}</html>")
}

#[test]
fn a_script_error_is_seen_in_the_console_and_a_plain_page_leaves_none() -> Outcome {
    alone(async {
        let browser = Browser::open(Screen::Desk).await?;
        browser.goto(&page(LABELLED)).await?;
        browser.no_console_errors().await?;
        browser
            .goto(&page("<script>throw new Error('pulse lost')</script>"))
            .await?;
        let errors = browser.console_errors().await?;
        assert!(
            errors.iter().any(|line| line.contains("pulse lost")),
            "{errors:?}"
        );
        browser
            .expect_console_errors(|line| line.contains("pulse lost"))
            .await?;
        browser.no_console_errors().await?;
        browser.close().await
    })
}

#[test]
fn axe_finds_an_unlabelled_field_and_lets_a_labelled_one_pass() -> Outcome {
    alone(async {
        let browser = Browser::open(Screen::Desk).await?;
        browser.goto(&page(LABELLED)).await?;
        a11y::nothing_found(&browser, "a labelled field").await?;
        browser.goto(&page(UNLABELLED)).await?;
        let found = a11y::nothing_found(&browser, "an unlabelled field").await;
        let words = found.expect_err("axe must complain").to_string();
        assert!(words.contains("label (critical"), "{words}");
        browser.close().await
    })
}

#[test]
fn a_page_without_script_runs_none() -> Outcome {
    alone(async {
        let browser = Browser::open(Screen::DeskWithoutScript).await?;
        browser
            .goto(&page(
                "<p>still<script>document.querySelector('p').textContent='ran'</script>",
            ))
            .await?;
        same("the page's text", browser.text().await?, "still".to_owned())?;
        browser.close().await
    })
}

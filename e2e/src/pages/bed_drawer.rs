//! One bed in full, beside the board.

use crate::{
    browser::Browser,
    eventually::eventually,
    trouble::{Outcome, Trouble},
};

pub struct BedDrawer<'a> {
    browser: &'a Browser,
}

const DRAWER: &str = "section.bed-drawer";

impl<'a> BedDrawer<'a> {
    /// Waits until it is open.
    pub async fn on(browser: &'a Browser) -> Outcome<Self> {
        browser.see("the bed's drawer", DRAWER).await?;
        Ok(Self { browser })
    }

    /// The words of its banner: bed, name, the two identifiers.
    pub async fn banner(&self) -> Outcome<String> {
        Ok(self.browser.find(".patient-banner").await?.text().await?)
    }

    /// Where the keyboard is.
    pub async fn has_focus(&self) -> Outcome<bool> {
        let inside = format!("return !!document.activeElement?.closest('{DRAWER}')");
        Ok(self
            .browser
            .run(&inside, Vec::new())
            .await?
            .as_bool()
            .unwrap_or(false))
    }

    pub async fn is_closed(&self) -> Outcome {
        eventually("the drawer being closed", async || {
            Ok((!self.browser.is_there(DRAWER).await?).then_some(()))
        })
        .await?;
        Ok(())
    }

    /// `1 h`, `6 h`, `24 h`.
    pub async fn show_range(&self, range: &str) -> Outcome {
        self.browser.press(range).await
    }

    /// The trends as numbers: the head's cells, then each row's.
    pub async fn table(&self) -> Outcome<Vec<Vec<String>>> {
        self.browser.press("Show as table").await?;
        let seen = eventually("the trends as a table", async || {
            let read = self.browser.run(
                "return [...document.querySelectorAll('.bed-drawer table tr')]\
                 .map((row) => [...row.cells].map((cell) => cell.innerText.trim()))",
                Vec::new(),
            );
            let rows: Vec<Vec<String>> = serde_json::from_value(read.await?).map_err(Trouble::wrong)?;
            Ok((rows.len() > 1).then_some(rows))
        })
        .await?;
        Ok(seen.value)
    }

    pub async fn shows_a_chart(&self) -> Outcome {
        self.browser
            .see("the trends as a chart", ".bed-drawer .uplot canvas")
            .await?;
        Ok(())
    }
}

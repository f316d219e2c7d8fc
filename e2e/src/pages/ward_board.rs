//! Every bed of a ward, live.

use crate::{
    browser::Browser,
    eventually::{Seen, eventually, within},
    trouble::{Outcome, Trouble},
};
use serde::Deserialize;
use std::time::Duration;

pub struct WardBoard<'a> {
    browser: &'a Browser,
}

/// One bed at one moment, read in one go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tile {
    /// All its words.
    pub text: String,
    /// What is said where a wave should be, if anything.
    pub no_wave: Vec<String>,
    pub gone: bool,
    pub heart_rate: Option<Vital>,
    pub focused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vital {
    /// `72`, or `---`.
    pub number: String,
    /// Age, or what was known last.
    pub note: String,
    /// `live`, `stale` or `void`: how loud it is drawn.
    pub state: String,
}

const READ_TILE: &str = r"
    const tile = document.querySelector(`[data-bed='${arguments[0]}']`);
    if (!tile) return null;
    const words = (element) => element.innerText.replace(/\s+/g, ' ').trim();
    const rate = tile.querySelector('dl.rate');
    return {
        text: words(tile),
        no_wave: [...tile.querySelectorAll('.no-wave')].map(words),
        gone: tile.classList.contains('is-gone'),
        focused: tile.contains(document.activeElement),
        heart_rate: rate && {
            number: words(rate.querySelector('.number')),
            note: words(rate.querySelector('.note')),
            state: ['live', 'stale', 'void'].find((state) => rate.classList.contains(`is-${state}`)) ?? '',
        },
    };
";

/// Where a wave was drawn in the first half second and where in the next: a pen that moves.
const PEN_MOVES: &str = r"
    const done = arguments[arguments.length - 1];
    const canvas = document.querySelector(`[data-bed='${arguments[0]}'] canvas`);
    if (!canvas) return done(false);
    const picture = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const before = picture();
    setTimeout(() => {
        const after = picture();
        done(after.some((byte, index) => byte !== before[index]));
    }, 500);
";

impl<'a> WardBoard<'a> {
    /// Waits until beds are drawn.
    pub async fn on(browser: &'a Browser) -> Outcome<Self> {
        browser
            .see("the beds of the ward", "ul[aria-label=Beds] > li")
            .await?;
        Ok(Self { browser })
    }

    pub async fn title(&self) -> Outcome<String> {
        Ok(self.browser.find("h1").await?.text().await?)
    }

    pub async fn beds(&self) -> Outcome<usize> {
        let beds = self.browser.run(
            "return document.querySelectorAll('[data-bed]').length",
            Vec::new(),
        );
        let beds = beds.await?.as_u64().unwrap_or(0);
        usize::try_from(beds).map_err(Trouble::wrong)
    }

    pub async fn tile(&self, bed: &str) -> Outcome<Tile> {
        let read = self.browser.run(READ_TILE, vec![bed.into()]).await?;
        let tile: Option<Tile> = serde_json::from_value(read).map_err(Trouble::wrong)?;
        tile.ok_or_else(|| Trouble::Wrong(format!("bed {bed} is not on the board")))
    }

    /// Looks at a bed until it is as wanted.
    pub async fn wait_for_tile(
        &self,
        what: &str,
        bed: &str,
        patience: Duration,
        is_as_wanted: impl Fn(&Tile) -> bool,
    ) -> Outcome<Seen<Tile>> {
        within(patience, what, async || {
            let tile = self.tile(bed).await?;
            if is_as_wanted(&tile) {
                return Ok(Some(tile));
            }
            // The last look is in the failure, if it comes to one.
            Err(Trouble::Wrong(format!("{tile:?}")))
        })
        .await
    }

    /// Waits until a wave of this bed is being drawn: the first samples wait in the jitter buffer.
    pub async fn see_the_pen_move(&self, bed: &str) -> Outcome {
        eventually(&format!("the pen of bed {bed} moving"), async || {
            let moves = self
                .browser
                .run_until_called_back(PEN_MOVES, vec![bed.into()])
                .await?;
            Ok(moves.as_bool().unwrap_or(false).then_some(()))
        })
        .await?;
        Ok(())
    }

    /// `Live`, `Reconnecting 0:12`, `Offline 0:40`: the words in the header.
    pub async fn connection(&self) -> Outcome<String> {
        Ok(self.browser.find(".connection-badge").await?.text().await?)
    }

    pub async fn is_live(&self) -> Outcome {
        eventually("the board being live", async || {
            let words = self.connection().await?;
            if words == "Live" {
                Ok(Some(()))
            } else {
                Err(Trouble::Wrong(words))
            }
        })
        .await?;
        Ok(())
    }

    pub async fn clock(&self) -> Outcome<String> {
        Ok(self.browser.find("header time").await?.text().await?)
    }

    pub async fn sign_out(&self) -> Outcome {
        self.browser.press("Sign out").await
    }
}

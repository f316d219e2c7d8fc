//! One person's Chromium: fresh profile, desk-sized window, its console kept as evidence.

use crate::{
    built,
    chromedriver::Chromedriver,
    eventually::{PATIENCE, Seen, eventually},
    trouble::{Outcome, Trouble, While},
    world::scratch_folder,
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};
use tempfile::TempDir;
use thirtyfour::{
    BrowserLogEntry, By, ChromiumLikeCapabilities, DesiredCapabilities, Key, LoggingPrefsLogLevel,
    TypingData, WebDriver, WebElement,
};

/// As a Chromium meets us that asks nobody for updates and has a screen of its own.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-crash-reporter",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--lang=en-GB",
];

/// Which screen the person sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The ward's PC.
    Desk,
    Phone,
    /// A PC whose browser runs no scripts.
    DeskWithoutScript,
}

impl Screen {
    const fn size(self) -> &'static str {
        match self {
            Screen::Desk | Screen::DeskWithoutScript => "--window-size=1920,1080",
            // Headless Chromium goes down to this width and no further.
            Screen::Phone => "--window-size=500,900",
        }
    }
}

pub struct Browser {
    driver: WebDriver,
    console: Mutex<Vec<BrowserLogEntry>>,
    // Dropped after the session: first Chromium ends, then its profile goes.
    chromedriver: Chromedriver,
    _profile: TempDir,
}

impl Browser {
    pub async fn open(screen: Screen) -> Outcome<Self> {
        let chromedriver = Chromedriver::start().await?;
        let profile = scratch_folder()?;
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(&built::chromium()?.to_string_lossy())?;
        for flag in FLAGS {
            wanted.add_arg(flag)?;
        }
        wanted.add_arg(screen.size())?;
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        if screen == Screen::DeskWithoutScript {
            let off = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
            wanted.add_experimental_option("prefs", off)?;
        }
        let driver = WebDriver::new(chromedriver.url(), wanted).await?;
        Ok(Self {
            driver,
            console: Mutex::default(),
            chromedriver,
            _profile: profile,
        })
    }

    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Where the driver takes commands about this browser's session.
    pub fn session_url(&self, path: &str) -> String {
        format!(
            "{}/session/{}/{path}",
            self.chromedriver.url(),
            self.driver.session_id()
        )
    }

    pub async fn goto(&self, url: &str) -> Outcome {
        Ok(self.driver.goto(url).await?)
    }

    /// Path of the page that is open, without origin and query.
    pub async fn path(&self) -> Outcome<String> {
        Ok(self.driver.current_url().await?.path().to_owned())
    }

    pub async fn find(&self, css: &str) -> Outcome<WebElement> {
        Ok(self.driver.find(By::Css(css)).await?)
    }

    pub async fn is_there(&self, css: &str) -> Outcome<bool> {
        Ok(!self.driver.find_all(By::Css(css)).await?.is_empty())
    }

    /// Waits until there is such an element and gives it.
    pub async fn see(&self, what: &str, css: &str) -> Outcome<WebElement> {
        let seen: Seen<WebElement> = eventually(what, async || Ok(Some(self.find(css).await?))).await?;
        Ok(seen.value)
    }

    /// Waits until the page says this somewhere.
    pub async fn read(&self, words: &str) -> Outcome {
        eventually(&format!("the page saying “{words}”"), async || {
            let text = self.text().await?;
            Ok(text.contains(words).then_some(()))
        })
        .await?;
        Ok(())
    }

    /// All text on the page that a person can see.
    pub async fn text(&self) -> Outcome<String> {
        Ok(self.find("body").await?.text().await?)
    }

    /// A button or link by the words on it or its accessible name.
    pub async fn control(&self, name: &str) -> Outcome<WebElement> {
        let path = format!(
            "//*[self::button or self::a or self::summary or @role='button' or @role='tab']\
             [normalize-space(.)={name} or @aria-label={name}]",
            name = quoted(name)
        );
        Ok(self.driver.find(By::XPath(path)).await?)
    }

    pub async fn press(&self, name: &str) -> Outcome {
        eventually(&format!("pressing “{name}”"), async || {
            self.control(name).await?.click().await?;
            Ok(Some(()))
        })
        .await?;
        Ok(())
    }

    /// The window of a small laptop, or of a PC with much else on its screen.
    pub async fn shrink_to_a_low_window(&self) -> Outcome {
        Ok(self.driver.set_window_rect(0, 0, 1440, 760).await?)
    }

    /// Keys go to whatever has the focus, as they do for a person.
    pub async fn type_keys(&self, keys: impl Into<TypingData>) -> Outcome {
        Ok(self.driver.action_chain().send_keys(keys).perform().await?)
    }

    /// Presses Tab until what is called so has the focus, as somebody without a mouse does.
    pub async fn tab_to(&self, name: &str) -> Outcome {
        const MOST_STOPS: usize = 60;
        const FOCUSED: &str = "const at = document.activeElement;
            if (at === null || at === document.body) return '';
            const labels = [...(at.labels ?? [])];
            return [at.ariaLabel, at.innerText, ...labels.map(label => label.innerText)].filter(Boolean).join(' ');";
        let mut stops = Vec::new();
        for _ in 0..MOST_STOPS {
            let focused = self.run(FOCUSED, Vec::new()).await?;
            let focused = focused.as_str().unwrap_or_default().trim().to_owned();
            if focused.contains(name) {
                return Ok(());
            }
            stops.push(focused);
            self.type_keys(Key::Tab.value().to_string()).await?;
        }
        Err(Trouble::NeverHappened {
            what: format!("the focus on {name}"),
            waited: PATIENCE,
            last: stops.join(" | "),
        })
    }

    /// How high something would like to be, and how high it is shown, in pixels.
    pub async fn height_of(&self, css: &str) -> Outcome<(i64, i64)> {
        let measure =
            format!("const at = document.querySelector({css:?}); return [at.scrollHeight, at.clientHeight];");
        let heights = self.run(&measure, Vec::new()).await?;
        let pixels = |at: usize| heights.get(at).and_then(Value::as_i64).unwrap_or_default();
        Ok((pixels(0), pixels(1)))
    }

    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Outcome<Value> {
        Ok(self.driver.execute(script, arguments).await?.json().clone())
    }

    /// Runs a script that calls its last argument with the result.
    pub async fn run_until_called_back(&self, script: &str, arguments: Vec<Value>) -> Outcome<Value> {
        Ok(self.driver.execute_async(script, arguments).await?.json().clone())
    }

    /// Errors of the console so far: script errors, refused resources, breaches of the content policy.
    pub async fn console_errors(&self) -> Outcome<Vec<String>> {
        let entries = self.driver.browser_log().await?;
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.extend(entries);
        let errors = console.iter().filter(|entry| entry.level == "SEVERE");
        Ok(errors.map(|entry| entry.message.clone()).collect())
    }

    /// All that the console holds, whatever its level: addresses of what could not be loaded among it.
    pub async fn console(&self) -> Outcome<Vec<String>> {
        self.console_errors().await?;
        let console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(console.iter().map(|entry| entry.message.clone()).collect())
    }

    /// What just happened had to leave these errors. Any other stays.
    pub async fn expect_console_errors(&self, expected: impl Fn(&str) -> bool) -> Outcome {
        self.console_errors().await?;
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.retain(|entry| entry.level != "SEVERE" || !expected(&entry.message));
        Ok(())
    }

    pub async fn no_console_errors(&self) -> Outcome {
        let errors = self.console_errors().await?;
        if errors.is_empty() {
            return Ok(());
        }
        Err(Trouble::Wrong(format!(
            "the console shows:\n{}",
            errors.join("\n")
        )))
    }

    /// What it shows, its source and its console, into `folder`.
    pub async fn keep_evidence(&self, folder: &Path) -> Outcome {
        fs::create_dir_all(folder).while_doing("making the folder for evidence")?;
        // Each by itself: a browser that can't show its screen may still tell its console.
        let console = self.console_errors().await;
        let entries: Vec<String> = {
            let console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
            console
                .iter()
                .map(|entry| format!("{} {}", entry.level, entry.message))
                .collect()
        };
        fs::write(folder.join("console.txt"), entries.join("\n")).while_doing("keeping the console")?;
        let source = self.driver.source().await;
        fs::write(folder.join("page.html"), source.as_deref().unwrap_or(""))
            .while_doing("keeping the page")?;
        self.driver.screenshot(&folder.join("screen.png")).await?;
        console.map(drop)
    }

    pub async fn close(self) -> Outcome {
        Ok(self.driver.quit().await?)
    }
}

/// An XPath string; the language knows no escape.
fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}

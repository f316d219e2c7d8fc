//! What a browser shows in its frame, writes into its console and keeps after the page is gone.

use fleetward_e2e::{
    bedside::{Bedside, monitor_at},
    browser::{Browser, Screen},
    eventually::eventually,
    journey::{Stage, journey},
    pages::{BedDrawer, SignIn, WardBoard},
    people::{ALAN, BEN, HELEN, RASHIDA, ROSA, RUTH, TOMAS},
    portal::Portal,
    trouble::{Outcome, Trouble, same},
};
use thirtyfour::Key;

use super::{WORDS, all_words, canary, found, known};
use crate::{
    emergency::{find_by_keys, press, prove_by_keys, say_why_by_keys, tab_to, ward_5a},
    ward_screen::make_a_screen,
};

/// Title, addresses (its own, those it leads to, those it asked for), the names of files it offers, and
/// every store that a page can write into.
const KEPT: &str = r"
    const done = arguments[arguments.length - 1];
    const answer = (asked) => new Promise((yes, no) => {
        asked.onsuccess = () => yes(asked.result);
        asked.onerror = () => no(asked.error);
    });
    const look = async () => {
        const kept = [document.title, location.href, document.cookie, document.referrer, history.state, name];
        for (const link of document.querySelectorAll('[href], [download]')) {
            kept.push(link.getAttribute('href'), link.getAttribute('download'));
        }
        for (const store of [localStorage, sessionStorage]) {
            for (const key of Object.keys(store)) kept.push(key, store.getItem(key));
        }
        for (const entry of performance.getEntries()) kept.push(entry.name);
        for (const { name } of await indexedDB.databases()) {
            const database = await answer(indexedDB.open(name));
            for (const store of database.objectStoreNames) {
                const rows = database.transaction(store).objectStore(store);
                const asked = [rows.getAllKeys(), rows.getAll()].map(answer);
                kept.push(name, store, await Promise.all(asked));
            }
            database.close();
        }
        for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
                const response = await cache.match(request);
                kept.push(name, request.url, await response.text());
            }
        }
        for (const worker of await navigator.serviceWorker.getRegistrations()) kept.push(worker.scope);
        return JSON.stringify(kept);
    };
    look().then(done, (error) => done('unread: ' + error));
";

/// A word into each store, as a page that knows no better would put it there.
const PLANT: &str = r"
    const [words, done] = arguments;
    const plant = async () => {
        sessionStorage.setItem('draft', words[0]);
        const asked = indexedDB.open('drafts', 1);
        await new Promise((yes) => {
            asked.onupgradeneeded = () => asked.result.createObjectStore('notes').add(words[1], 1);
            asked.onsuccess = yes;
        });
        asked.result.close();
        await (await caches.open('pages')).put('/draft', new Response(words[2]));
    };
    plant().then(() => done('planted'), (error) => done('' + error));
";

const UPROOT: &str = r"
    const done = arguments[arguments.length - 1];
    sessionStorage.removeItem('draft');
    const gone = indexedDB.deleteDatabase('drafts');
    gone.onsuccess = () => caches.delete('pages').then(() => done('uprooted'));
";

async fn kept(browser: &Browser) -> Outcome<String> {
    let kept = browser.run_until_called_back(KEPT, Vec::new()).await?;
    let kept = kept.as_str().unwrap_or_default().to_owned();
    if kept.contains("http") {
        return Ok(kept + browser.console().await?.join("\n").as_str());
    }
    Err(Trouble::Wrong(format!("the browser says of its stores: {kept}")))
}

/// Words that must not be there, and at how many pages they were looked for.
struct Look<'a> {
    browser: &'a Browser,
    words: Vec<String>,
    pages: usize,
}

impl<'a> Look<'a> {
    /// Of the people on Rashida's ward, of the home patients, of Hollis, and the canary.
    async fn for_patients(portal: &Portal, browser: &'a Browser) -> Outcome<Self> {
        let mut words = known(portal).await?;
        words.extend(["Whitfield", "Hughes", "Hollis", "NG-104340", "1941-04-04"].map(str::to_owned));
        words.extend(canary());
        Ok(Self {
            browser,
            words,
            pages: 0,
        })
    }

    async fn at(&mut self, what: &str) -> Outcome {
        self.pages += 1;
        same(
            &format!("patients kept by the browser at {what}"),
            found(&self.words, &kept(self.browser).await?),
            Vec::new(),
        )
    }
}

#[test]
fn what_a_browser_keeps_is_found_in_every_store() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        let words = vec![serde_json::json!(WORDS)];
        same(
            "planting",
            browser.run_until_called_back(PLANT, words).await?,
            "planted".into(),
        )?;
        same("words found", found(&canary(), &kept(browser).await?), canary())?;
        same(
            "uprooting",
            browser.run_until_called_back(UPROOT, Vec::new()).await?,
            "uprooted".into(),
        )?;
        same(
            "words found then",
            found(&canary(), &kept(browser).await?),
            Vec::new(),
        )?;
        browser
            .run("console.debug(arguments[0])", vec![WORDS[0].into()])
            .await?;
        same(
            "words in the console",
            found(&canary(), &kept(browser).await?),
            vec![WORDS[0].to_owned()],
        )
    })
}

#[test]
fn no_address_title_console_or_browser_store_holds_a_patients_name() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let mut look = Look::for_patients(portal, browser).await?;
        let _bedside = Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        WardBoard::on(browser).await?;
        look.at("the ward board").await?;
        browser.type_keys("7").await?;
        browser.type_keys(Key::Enter.value().to_string()).await?;
        BedDrawer::on(browser).await?;
        look.at("the open bed").await?;
        SignIn::at(portal, browser).choose(ROSA).await?;
        browser.read("WHITFIELD").await?;
        look.at("the home patients").await?;
        SignIn::at(portal, browser).choose(ALAN).await?;
        for path in ["/patient", "/patient/who-saw", "/patient/sharing"] {
            browser.goto(&portal.url(path)).await?;
            browser.see(path, "main h1").await?;
            look.at(path).await?;
        }
        SignIn::at(portal, browser).choose(BEN).await?;
        browser.see("the fleet", "main table tbody a").await?;
        look.at("the fleet").await?;
        let device = browser.find("main table tbody a").await?.attr("href").await?;
        browser.goto(&portal.url(&device.unwrap_or_default())).await?;
        browser.see("a device", "main h1").await?;
        look.at("a device").await?;
        SignIn::at(portal, browser).choose(RUTH).await?;
        browser.read("people at Northgate General").await?;
        look.at("the people").await?;
        make_a_screen(portal, browser).await?;
        look.at("the ward's screen").await?;
        same("pages that were looked at", look.pages, 10)?;
        // The screen asked for a proof first.
        browser
            .expect_console_errors(|line| line.contains("/stations"))
            .await
    })
}

#[test]
fn nothing_of_an_emergency_and_its_review_stays_in_the_browser() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let mut look = Look::for_patients(portal, browser).await?;
        let ward = ward_5a(portal).await?;
        SignIn::at(portal, browser).choose(TOMAS).await?;
        browser.goto(&portal.url(&format!("/ward/{}", ward.ward))).await?;
        browser.read("Nothing here that you can open").await?;
        look.at("the refusal").await?;
        browser.goto(&portal.url("/ward/emergency")).await?;
        find_by_keys(browser, "NG-104340", "HOLLIS").await?;
        look.at("the patient that was found").await?;
        say_why_by_keys(browser, &format!("Sister of {}, asked at once.", all_words())).await?;
        look.at("the filled-in form").await?;
        prove_by_keys(browser).await?;
        browser.read("Emergency access to Edgar HOLLIS only").await?;
        browser.see("the record", "h1.pl-name").await?;
        look.at("the record").await?;
        browser.press("End now").await?;
        eventually("the banner being gone", async || {
            Ok((!browser.is_there(".emergency").await?).then_some(()))
        })
        .await?;

        SignIn::at(portal, browser).choose(HELEN).await?;
        browser.read("Tomas Reuter opened Edgar HOLLIS").await?;
        browser.read(WORDS[0]).await?;
        look.at("the queue").await?;
        browser.type_keys("j").await?;
        browser.see("the line in focus", ".queue tr.is-current").await?;
        press(browser, Key::Enter).await?;
        browser.read("What was opened, in order").await?;
        look.at("the event").await?;
        browser.type_keys("1").await?;
        browser
            .see("the first verdict", ".verdict:first-child input:checked")
            .await?;
        browser.type_keys("n").await?;
        browser
            .type_keys(format!("No relative of {}.", all_words()))
            .await?;
        look.at("the note that is being written").await?;
        tab_to(browser, ".decision button[type=submit]").await?;
        press(browser, Key::Enter).await?;
        browser.see("the code", "#step-up-code").await?;
        tab_to(browser, "#step-up-code").await?;
        press(browser, Key::Enter).await?;
        browser.read("found it appropriate").await?;
        look.at("the decided event").await?;

        browser.goto(&portal.url("/staff/privacy/record")).await?;
        browser.see("the search", "main form input").await?;
        browser
            .find("main form label:nth-of-type(2) input")
            .await?
            .send_keys("NG-104340")
            .await?;
        browser.press("Search").await?;
        browser.read("Opened in an emergency").await?;
        look.at("the search of the record").await?;
        same("pages that were looked at", look.pages, 9)?;
        // The refusal and the missing proofs were meant.
        browser
            .expect_console_errors(|line| line.contains("404") || line.contains("403"))
            .await
    })
}

//! The door: a card for each person of the demo, and the form behind "as yourself".

use crate::{
    browser::Browser,
    eventually::eventually,
    people::Person,
    portal::Portal,
    trouble::{Outcome, Trouble},
};

const OFFER: &str = "/sign-in/passkey";

pub struct SignIn<'a> {
    portal: &'a Portal,
    browser: &'a Browser,
}

impl<'a> SignIn<'a> {
    pub fn at(portal: &'a Portal, browser: &'a Browser) -> Self {
        Self { portal, browser }
    }

    /// One press on the person's card, and their own portal is there.
    pub async fn choose(&self, person: Person) -> Outcome {
        self.browser.goto(&self.portal.url("/sign-in")).await?;
        let card = format!("button[name=person][value='{}']", person.login);
        let card = self.browser.see("the person's card", &card).await?;
        let words = card.text().await?;
        if !words.starts_with(person.name) {
            return Err(Trouble::Wrong(format!(
                "the card of {} says {words}",
                person.name
            )));
        }
        card.click().await?;
        self.is_home(person).await
    }

    /// The form, filled in and sent with Enter. Says nothing about what comes of it.
    pub async fn fill_in(&self, login: &str, password: &str) -> Outcome {
        self.browser
            .goto(&self.portal.url("/sign-in?as=yourself"))
            .await?;
        self.browser
            .see("the name's field", "input[name=login]")
            .await?
            .send_keys(login)
            .await?;
        let field = self.browser.find("input[name=password]").await?;
        field.send_keys(format!("{password}\n")).await?;
        Ok(())
    }

    /// At home, by way of "Not now" where a passkey was offered.
    pub async fn is_home(&self, person: Person) -> Outcome {
        eventually(&format!("{} at {}", person.name, person.home), async || {
            let path = self.browser.path().await?;
            if path == OFFER {
                self.browser.control("Not now").await?.click().await?;
            }
            Ok(path.starts_with(person.home).then_some(()))
        })
        .await?;
        Ok(())
    }

    /// The offer of a passkey, which follows a good password.
    pub async fn is_offered_a_passkey(&self) -> Outcome {
        eventually("the offer of a passkey", async || {
            Ok((self.browser.path().await? == OFFER).then_some(()))
        })
        .await?;
        Ok(())
    }

    pub async fn is_open(&self) -> Outcome {
        eventually("the door", async || {
            Ok((self.browser.path().await? == "/sign-in").then_some(()))
        })
        .await?;
        Ok(())
    }
}

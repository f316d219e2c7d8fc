//! An authenticator that only exists in the browser: it keeps passkeys, knows its owner and says yes.
//! The driver's Web Authentication extension, spoken directly.

use crate::{
    browser::Browser,
    trouble::{Outcome, Trouble},
};
use serde_json::{Value, json};

pub struct Authenticator<'a> {
    browser: &'a Browser,
    client: reqwest::Client,
    id: String,
}

impl<'a> Authenticator<'a> {
    /// As built into a phone or a laptop: resident keys, and it sees who its owner is.
    pub async fn plug_in(browser: &'a Browser) -> Outcome<Self> {
        let client = reqwest::Client::new();
        let wanted = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true,
        });
        let answer = client
            .post(browser.session_url("webauthn/authenticator"))
            .json(&wanted)
            .send()
            .await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let id = answer
            .get("value")
            .and_then(Value::as_str)
            .ok_or_else(|| Trouble::wrong("the driver gave no authenticator"))?
            .to_owned();
        Ok(Self { browser, client, id })
    }

    pub async fn credentials(&self) -> Outcome<Vec<Value>> {
        let answer = self.client.get(self.url("credentials")).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let known = answer.get("value").and_then(Value::as_array);
        Ok(known.cloned().unwrap_or_default())
    }

    /// How often the one passkey it holds has signed.
    pub async fn signatures(&self) -> Outcome<u64> {
        let credentials = self.credentials().await?;
        let count = |known: &Value| known.get("signCount").and_then(Value::as_u64);
        match credentials.as_slice() {
            [only] => count(only).ok_or_else(|| Trouble::wrong("a passkey without a count")),
            other => Err(Trouble::Wrong(format!("{} passkeys instead of one", other.len()))),
        }
    }

    /// Its owner turns away: from now on it does not know who asks.
    pub async fn set_user_verified(&self, verified: bool) -> Outcome {
        let body = json!({ "isUserVerified": verified });
        let answer = self.client.post(self.url("uv")).json(&body).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Puts a copy of its keys in their place, as a thief's would be: with a count from the past.
    pub async fn swap_for_an_old_copy(&self) -> Outcome {
        let credentials = self.credentials().await?;
        let cleared = self.client.delete(self.url("credentials")).send().await?;
        cleared.error_for_status()?;
        for mut credential in credentials {
            if let Some(fields) = credential.as_object_mut() {
                fields.insert("signCount".to_owned(), json!(0));
            }
            let added = self
                .client
                .post(self.url("credential"))
                .json(&credential)
                .send()
                .await?;
            added.error_for_status()?;
        }
        Ok(())
    }

    fn url(&self, what: &str) -> String {
        self.browser
            .session_url(&format!("webauthn/authenticator/{}/{what}", self.id))
    }
}

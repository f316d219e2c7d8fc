//! The portal's API as a program uses it: signed in by cookie, JSON in and out.

use crate::{
    people::Person,
    portal::Portal,
    trouble::{Outcome, Trouble},
};
use fleetward_common::{
    credentials::ProofView,
    identity::{DemoPerson, SignIn},
};
use reqwest::{StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

/// Somebody's session.
#[derive(Debug, Clone)]
pub struct Session {
    client: reqwest::Client,
    origin: String,
    cookie: String,
}

impl Session {
    pub async fn sign_in(portal: &Portal, person: Person) -> Outcome<Self> {
        let client = reqwest::Client::new();
        let sign_in = SignIn {
            login: person.login.to_owned(),
            password: password_of(portal, person).await?,
            code: None,
        };
        let response = client
            .post(portal.url("/api/v1/session"))
            .json(&sign_in)
            .send()
            .await?
            .error_for_status()?;
        Ok(Self {
            client,
            origin: portal.url(""),
            cookie: cookie_of(&response)?,
        })
    }

    /// As a `Cookie` header carries it.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Outcome<T> {
        Ok(self.send(path).await?.error_for_status()?.json().await?)
    }

    pub async fn status_of(&self, path: &str) -> Outcome<StatusCode> {
        Ok(self.send(path).await?.status())
    }

    /// A change; anything but a success is an error.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Outcome {
        self.answer_to(path, body).await?.error_for_status()?;
        Ok(())
    }

    /// The same, with what it is answered.
    pub async fn ask<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Outcome<T> {
        Ok(self
            .answer_to(path, body)
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// Whatever it is answered, a refusal too.
    pub async fn answer_to(&self, path: &str, body: &impl Serialize) -> Outcome<reqwest::Response> {
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header(header::COOKIE, &self.cookie)
            .json(body);
        Ok(request.send().await?)
    }

    pub async fn delete(&self, path: &str) -> Outcome {
        let request = self
            .client
            .delete(format!("{}{path}", self.origin))
            .header(header::COOKIE, &self.cookie);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Proves to be who signed in, with the password and the code that the demo tells. The session goes on
    /// with another cookie.
    pub async fn prove(&mut self) -> Outcome {
        let known: ProofView = self.get("/api/v1/session/proof").await?;
        let shown = known
            .demo
            .ok_or_else(|| Trouble::wrong("the demo tells no proof"))?;
        let body = json!({ "password": shown.password, "code": shown.code });
        let answer = self.answer_to("/api/v1/session/proof/password", &body).await?;
        self.cookie = cookie_of(&answer.error_for_status()?)?;
        Ok(())
    }

    /// As a page is asked for.
    pub async fn send(&self, path: &str) -> Outcome<reqwest::Response> {
        let request = self
            .client
            .get(format!("{}{path}", self.origin))
            .header(header::COOKIE, &self.cookie);
        Ok(request.send().await?)
    }
}

fn cookie_of(response: &reqwest::Response) -> Outcome<String> {
    response
        .headers()
        .get(header::SET_COOKIE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::to_owned)
        .ok_or_else(|| Trouble::wrong("the answer set no cookie"))
}

/// As the demo tells it to everybody who asks.
pub async fn password_of(portal: &Portal, person: Person) -> Outcome<String> {
    let people: Vec<DemoPerson> = reqwest::get(portal.url("/api/v1/demo/people"))
        .await?
        .error_for_status()?
        .json()
        .await?;
    people
        .into_iter()
        .find(|known| known.login == person.login)
        .map(|known| known.password)
        .ok_or_else(|| Trouble::Missing(format!("{} is not in the demo world", person.login)))
}

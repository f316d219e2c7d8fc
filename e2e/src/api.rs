//! The portal's API as a program uses it: signed in by cookie, JSON in and out.

use crate::{
    people::Person,
    portal::Portal,
    trouble::{Outcome, Trouble},
};
use fleetward_common::identity::{DemoPerson, SignIn};
use reqwest::{StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};

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
        let cookie = response
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .ok_or_else(|| Trouble::wrong("signing in set no cookie"))?
            .to_owned();
        Ok(Self {
            client,
            origin: portal.url(""),
            cookie,
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
        let request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header(header::COOKIE, &self.cookie)
            .json(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn send(&self, path: &str) -> Outcome<reqwest::Response> {
        let request = self
            .client
            .get(format!("{}{path}", self.origin))
            .header(header::COOKIE, &self.cookie);
        Ok(request.send().await?)
    }
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

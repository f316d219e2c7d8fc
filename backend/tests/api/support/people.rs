//! A person at a browser, or without one.

use fleetward::{access::Actor, identity::store::sessions, platform::db::DbError};
use reqwest::{Method, header::HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Portal;

pub struct Person<'a> {
    portal: &'a Portal,
    pub cookie: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl<'a> Person<'a> {
    pub fn new(portal: &'a Portal, cookie: Option<String>) -> Self {
        Self { portal, cookie }
    }

    /// Who the policy takes this person for, now.
    pub async fn actor(&self) -> Actor {
        let cookie = self.cookie.as_deref().expect("someone who signed in");
        let token = cookie.split('=').nth(1).expect("a token");
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = self.portal.app.clock.now();
        let alive = self
            .portal
            .app
            .db
            .read(move |connection| sessions::alive(connection, &hash, now));
        let alive: Result<_, DbError> = alive.await;
        alive.unwrap().expect("a session that lives").actor
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// As a page asks by itself, with nobody in front of it.
    pub async fn get_unattended(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("x-unattended", "yes"))
            .await
    }

    pub async fn read_unattended<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get_unattended(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).expect("the promised JSON")
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn post_form(&self, path: &str, body: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        self.send(request).await
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.portal.http.request(method, self.portal.url(path));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// A page that this person can open.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).expect("the promised JSON")
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// `name=value` of the cookie of someone who acts on a ward's screen.
    pub fn acting_cookie(&self) -> Option<String> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
            .find(|cookie| cookie.starts_with("__Host-acting=") && cookie.len() > 20)
    }

    /// `name=value` of the session cookie that came with this answer.
    pub fn session_cookie(&self) -> Option<String> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
            .find(|cookie| cookie.starts_with("__Host-session=") && cookie.len() > 20)
    }
}

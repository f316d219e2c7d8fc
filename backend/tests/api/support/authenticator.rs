//! A security key in software, and a browser around it that can be told to lie.
//!
//! It keeps no resident keys, so a browser that looks for a passkey by itself is played: the one
//! credential is put among those to choose from, and its owner's handle into the answer.

use serde_json::{Value, json};
use webauthn_authenticator_rs::{
    AuthenticatorBackend, WebauthnAuthenticator,
    prelude::{CreationChallengeResponse, PublicKeyCredential, RequestChallengeResponse, Url},
    softpasskey::SoftPasskey,
};

use super::{Person, Portal};

pub struct SecurityKey {
    inside: SoftPasskey,
    credential: Option<Credential>,
}

#[derive(Clone)]
struct Credential {
    id: Value,
    user_handle: Value,
}

impl SecurityKey {
    pub fn new() -> Self {
        Self {
            inside: SoftPasskey::new(true),
            credential: None,
        }
    }

    /// What `navigator.credentials.create` gives for these options.
    pub fn create(&mut self, origin: &str, mut options: Value) -> Value {
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = json!("discouraged");
        selection["requireResidentKey"] = json!(false);
        let user_handle = options["publicKey"]["user"]["id"].clone();
        let options: CreationChallengeResponse = serde_json::from_value(options).unwrap();
        let made = self
            .inside
            .do_registration(Url::parse(origin).unwrap(), options)
            .unwrap();
        let made = serde_json::to_value(made).unwrap();
        self.credential = Some(Credential {
            id: made["rawId"].clone(),
            user_handle,
        });
        made
    }

    /// What `navigator.credentials.get` gives for these options, on a page of `origin`.
    pub fn get(&mut self, origin: &str, options: Value) -> Value {
        let (options, handle) = self.with_its_own(options);
        let answer = self
            .inside
            .do_authentication(Url::parse(origin).unwrap(), options)
            .unwrap();
        with_handle(answer, handle)
    }

    /// As [`Self::get`], by a browser that checks nothing.
    pub fn get_unchecked(&mut self, origin: &str, options: Value) -> Value {
        let (options, handle) = self.with_its_own(options);
        let origin = Url::parse(origin).unwrap();
        let answer = AuthenticatorBackend::perform_auth(&mut self.inside, origin, options.public_key, 60_000);
        with_handle(answer.unwrap(), handle)
    }

    fn with_its_own(&self, mut options: Value) -> (RequestChallengeResponse, Value) {
        let credential = self.credential.clone().expect("a key that was registered");
        options["publicKey"]["allowCredentials"] = json!([{ "type": "public-key", "id": credential.id }]);
        (serde_json::from_value(options).unwrap(), credential.user_handle)
    }
}

fn with_handle(answer: PublicKeyCredential, handle: Value) -> Value {
    let mut answer = serde_json::to_value(answer).unwrap();
    answer["response"]["userHandle"] = handle;
    answer
}

/// Where the portal's passkeys are at home.
pub fn origin(portal: &Portal) -> String {
    format!("http://localhost:{}", portal.address.port())
}

impl Person<'_> {
    /// Registers a passkey; whoever needs a stronger proof has given it.
    pub async fn register(&self, portal: &Portal, key: &mut SecurityKey, name: &str) -> Value {
        let options = self.post("/api/v1/passkeys/options", &json!({})).await;
        assert_eq!(options.status, 200, "{}", options.text);
        let credential = key.create(&origin(portal), options.json());
        let added = self
            .post(
                "/api/v1/passkeys",
                &json!({ "name": name, "credential": credential }),
            )
            .await;
        assert_eq!(added.status, 200, "{}", added.text);
        added.json()
    }

    /// Proves the password and the next one-time code that is still good; the cookie changes with it.
    pub async fn step_up(&mut self) {
        let proof = self.get("/api/v1/session/proof").await.json();
        let shown = json!({ "password": proof["demo"]["password"], "code": proof["demo"]["code"] });
        let answer = self.post("/api/v1/session/proof/password", &shown).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.cookie = answer.session_cookie();
    }
}

//! Passkeys: what the browser is asked, and whether its answer is good. What follows from it is written
//! by `credentials.rs` (a new passkey), `sign_in.rs` (a session) and `step_up.rs` (a proof).
//!
//! Always with user verification: a passkey stands for two factors. Registered so that the authenticator
//! finds it without being told a name, which is what makes autofill and the one-tap sign-in work.

use std::sync::OnceLock;

use fleetward_common::{id::SessionId, time::Instant};
use serde_json::Value;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::{
    ceremonies::{Ceremonies, TicketHash},
    store::passkeys::StoredPasskey,
};
use crate::platform::http::Failure;

/// The cookie of a stranger who is about to sign in with a passkey.
pub const TICKET: &str = "__Host-passkey";

/// Which site the passkeys are for, and what is being asked of browsers right now.
#[derive(Default)]
pub struct Passkeys {
    site: OnceLock<Webauthn>,
    pub(super) sign_ins: Ceremonies<TicketHash, DiscoverableAuthentication>,
    pub(super) registrations: Ceremonies<SessionId, Registration>,
    pub(super) proofs: Ceremonies<SessionId, PasskeyAuthentication>,
}

/// A registration under way.
pub struct Registration {
    pub(super) state: PasskeyRegistration,
    pub(super) user_handle: Uuid,
}

/// Why an answer was not good; the word for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(pub &'static str);

/// Its counter did not go up: two authenticators may hold the same key.
pub const COUNTER: Refusal = Refusal("counter");

impl From<WebauthnError> for Refusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => COUNTER,
            WebauthnError::InvalidRPOrigin => Refusal("origin"),
            WebauthnError::InvalidRPIDHash => Refusal("relying_party"),
            WebauthnError::MismatchedChallenge => Refusal("challenge"),
            WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Refusal("user_verification"),
            WebauthnError::CredentialNotFound => Refusal("unknown_passkey"),
            _ => Refusal("invalid"),
        }
    }
}

/// Who asks for a new passkey.
pub struct Owner<'a> {
    pub login: &'a str,
    pub name: &'a str,
    pub passkeys: &'a [StoredPasskey],
}

impl Passkeys {
    /// The address people type. Passkeys belong to its host name and are refused anywhere else, so it
    /// is set once and for all; a second call changes nothing.
    pub fn serve_at(&self, origin: &str) -> Result<(), Failure> {
        let unusable = |error: &dyn std::fmt::Display| Failure::Internal {
            step: "use the portal's address for passkeys",
            source: format!("{origin}: {error}").into(),
        };
        let url = Url::parse(origin).map_err(|error| unusable(&error))?;
        let host = url
            .domain()
            .ok_or_else(|| unusable(&"it names no host"))?
            .to_owned();
        let site = WebauthnBuilder::new(&host, &url)
            .and_then(|builder| builder.rp_name("Fleetward").build())
            .map_err(|error| unusable(&error))?;
        let _ = self.site.set(site);
        Ok(())
    }

    pub fn is_served(&self) -> bool {
        self.site.get().is_some()
    }

    fn site(&self) -> Result<&Webauthn, Failure> {
        self.site.get().ok_or_else(|| Failure::Internal {
            step: "ask for a passkey",
            source: "the portal's address is not known yet".into(),
        })
    }

    /// Asks this session's browser to make a passkey, and gives what goes into
    /// `navigator.credentials.create`.
    pub fn ask_to_register(
        &self,
        session: SessionId,
        owner: &Owner<'_>,
        new_handle: Uuid,
        now: Instant,
    ) -> Result<Value, Failure> {
        let user_handle = owner
            .passkeys
            .iter()
            .find_map(|passkey| Uuid::from_slice(&passkey.user_handle).ok())
            .unwrap_or(new_handle);
        let known = owner
            .passkeys
            .iter()
            .map(|passkey| passkey.credential_id.clone())
            .collect();
        let (options, state) = self
            .site()?
            .start_passkey_registration(user_handle, owner.login, owner.name, Some(known))
            .map_err(not_asked)?;
        let mut options = written(&options)?;
        // The library leaves this open, because old security keys have little room; without it the
        // authenticator could not offer the passkey by itself.
        if let Some(Value::Object(selection)) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection.insert("residentKey".to_owned(), "required".into());
            selection.insert("requireResidentKey".to_owned(), true.into());
        }
        self.registrations
            .begin(session, Registration { state, user_handle }, now);
        Ok(options)
    }

    /// The new passkey, if the answer is good and belongs to what this session was asked.
    pub fn registered(
        &self,
        session: SessionId,
        answer: &RegisterPublicKeyCredential,
        now: Instant,
    ) -> Result<(Passkey, Uuid), Refusal> {
        let asked = self
            .registrations
            .take(&session, now)
            .ok_or(Refusal("challenge"))?;
        let site = self.site.get().ok_or(Refusal("invalid"))?;
        Ok((
            site.finish_passkey_registration(answer, &asked.state)?,
            asked.user_handle,
        ))
    }

    /// Asks a stranger's browser for any passkey of this site. `mediation` in the answer is for autofill;
    /// a page with a button leaves it out.
    pub fn ask_to_sign_in(&self, ticket: TicketHash, now: Instant) -> Result<Value, Failure> {
        let (options, state) = self
            .site()?
            .start_discoverable_authentication()
            .map_err(not_asked)?;
        self.sign_ins.begin(ticket, state, now);
        written(&options)
    }

    /// Checks a stranger's answer against the passkey that it names.
    pub fn signed_in(
        &self,
        asked: DiscoverableAuthentication,
        answer: &PublicKeyCredential,
        passkey: &StoredPasskey,
    ) -> Result<AuthenticationResult, Refusal> {
        let site = self.site.get().ok_or(Refusal("invalid"))?;
        let (handle, _) = site.identify_discoverable_authentication(answer)?;
        if handle.as_bytes().as_slice() != passkey.user_handle {
            return Err(Refusal("another_person"));
        }
        if passkey.switched_off_at.is_some() {
            return Err(Refusal("switched_off"));
        }
        Ok(site.finish_discoverable_authentication_v2(answer, asked, &passkey.credential)?)
    }

    /// Asks this session's browser for one of the person's own passkeys.
    pub fn ask_to_prove(
        &self,
        session: SessionId,
        passkeys: &[StoredPasskey],
        now: Instant,
    ) -> Result<Value, Failure> {
        let usable: Vec<Passkey> = passkeys
            .iter()
            .filter(|passkey| passkey.switched_off_at.is_none())
            .map(|passkey| passkey.credential.clone())
            .collect();
        if usable.is_empty() {
            return Err(Failure::NotPermitted(
                "You have no passkey yet. Add one on your security page.".to_owned(),
            ));
        }
        let (options, state) = self
            .site()?
            .start_passkey_authentication(&usable)
            .map_err(not_asked)?;
        self.proofs.begin(session, state, now);
        written(&options)
    }

    pub fn proven(
        &self,
        session: SessionId,
        answer: &PublicKeyCredential,
        now: Instant,
    ) -> Result<AuthenticationResult, Refusal> {
        let asked = self.proofs.take(&session, now).ok_or(Refusal("challenge"))?;
        let site = self.site.get().ok_or(Refusal("invalid"))?;
        Ok(site.finish_passkey_authentication(answer, &asked)?)
    }
}

fn not_asked(source: WebauthnError) -> Failure {
    Failure::Internal {
        step: "ask for a passkey",
        source: source.into(),
    }
}

fn written(options: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(options).map_err(|source| Failure::Internal {
        step: "write what a browser is asked",
        source: source.into(),
    })
}

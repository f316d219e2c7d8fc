//! Who is signed in: from a cookie to a person, freshly with every request.

use std::{fmt::Write, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    cookie::{Cookie, SameSite, time::Duration as CookieDuration},
    dev::Payload,
    web::Data,
};
use fleetward_common::{
    access::Role,
    identity::{SessionView, UnitSummary},
    time::Instant,
};
use sha2::{Digest, Sha256};

use super::store;
use crate::{
    access::Actor,
    app::App,
    platform::{clock::random, http::Failure},
};

/// `__Host-`: only over a secure line, only to this host, for every path, from no subdomain.
pub const COOKIE: &str = "__Host-session";

/// 256 random bits as 64 hex digits. Lives in the browser's cookie and nowhere else.
pub struct Token(String);

impl Token {
    pub fn random() -> Self {
        let mut text = String::with_capacity(64);
        for byte in random::<32>() {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    pub fn of_request(request: &HttpRequest) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        let text = cookie.value();
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    pub fn cookie(&self, lifetime: Duration) -> Cookie<'static> {
        built(
            self.0.clone(),
            CookieDuration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(0)),
        )
    }
}

/// What a browser is given to forget the session.
pub fn no_cookie() -> Cookie<'static> {
    built(String::new(), CookieDuration::ZERO)
}

fn built(value: String, age: CookieDuration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(age)
        .finish()
}

/// A shift for those who see patients' data, a month for a patient's own phone.
pub const fn lifetime(role: Role) -> Duration {
    const HOUR: u64 = 3_600;
    Duration::from_secs(match role {
        Role::Patient | Role::Proxy => 30 * 24 * HOUR,
        Role::PlatformOperator | Role::PrivacyOfficer => 8 * HOUR,
        _ => 12 * HOUR,
    })
}

/// A session that is alive, and who it belongs to.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub actor: Actor,
    pub name: String,
    pub organisation_name: String,
    pub units: Vec<UnitSummary>,
    pub expires_at: Instant,
    pub last_used_at: Instant,
}

impl SignedIn {
    pub fn view(&self, now: Instant) -> SessionView {
        SessionView {
            person: self.actor.person,
            name: self.name.clone(),
            role: self.actor.role,
            organisation: self.actor.organisation,
            organisation_name: self.organisation_name.clone(),
            portal: self.actor.role.portal(),
            units: self.units.clone(),
            expires_at: self.expires_at,
            server_time: now,
        }
    }
}

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<Data<App>>().cloned();
        let token = Token::of_request(request);
        Box::pin(async move {
            let (Some(app), Some(token)) = (app, token) else {
                return Err(Failure::SignInRequired);
            };
            let now = app.clock.now();
            let hash = token.sha256();
            let signed_in = app
                .db
                .read(move |connection| store::sessions::alive(connection, &hash, now))
                .await?
                .ok_or(Failure::SessionExpired)?;
            note_use(&app, &signed_in, now);
            Ok(signed_in)
        })
    }
}

/// The same session as it is now: its membership, its units, whether it still lives.
pub async fn session_again(app: &App, known: &SignedIn) -> Result<SignedIn, Failure> {
    let (session, now) = (known.actor.session, app.clock.now());
    app.db
        .read(move |connection| store::sessions::alive_by_id(connection, session, now))
        .await?
        .ok_or(Failure::SessionExpired)
}

/// Writes down that the session is in use, now and then: nobody needs it by the second.
fn note_use(app: &Data<App>, signed_in: &SignedIn, now: Instant) {
    const OFTEN_ENOUGH: Duration = Duration::from_secs(300);
    if now.since(signed_in.last_used_at) < OFTEN_ENOUGH {
        return;
    }
    let (app, session) = (app.clone(), signed_in.actor.session);
    actix_web::rt::spawn(async move {
        let noted = app
            .db
            .write(move |connection| store::sessions::note_use(connection, session, now))
            .await;
        if let Err(error) = noted {
            tracing::warn!(cause = %error, "could not note that a session is in use");
        }
    });
}

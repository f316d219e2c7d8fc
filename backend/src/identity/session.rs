//! Who is signed in: from a cookie to a person, freshly with every request.
//!
//! A handler says in its arguments whom it serves. [`SignedIn`] is a person who is present: a ward's
//! screen that asks is refused, unless someone acts on it. [`Watching`] is whoever's board this browser
//! shows: a person, present or away, or the screen itself. [`Whoever`] is the first of the two that there is. So a route is closed to screens unless it is
//! opened to them by name.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    cookie::{Cookie, SameSite, time::Duration as CookieDuration},
    dev::Payload,
    http::header::{self, HeaderName},
    web::Data,
};
use fleetward_common::{
    access::Purpose,
    credentials::Proof,
    id::SessionId,
    identity::{SessionView, UnitSummary},
    live::Topic,
    sessions::StationView,
    time::Instant,
};
use sha2::{Digest, Sha256};

use super::{
    rules::{Attention, Rules, SessionKind},
    store,
};
use crate::{
    access::Actor,
    app::App,
    platform::{
        clock::random,
        hex,
        http::{Failure, around::SESSION_COOKIE},
    },
    privacy::trail,
};

/// What a request is for, where that is not the session's purpose: `HRESCH` and nothing else. It opens what
/// patients agreed to for research, and closes everything that treating them opens.
const PURPOSE_OF_USE: &str = "purpose-of-use";
/// `__Host-`: only over a secure line, only to this host, for every path, from no subdomain.
pub const COOKIE: &str = SESSION_COOKIE;
/// Beside it on a ward's screen: who acts there now.
pub const ACTING_COOKIE: &str = "__Host-acting";
/// A page's own fetches carry it: that a board renews itself does not mean that someone is there.
const UNATTENDED: HeaderName = HeaderName::from_static("x-unattended");

/// 256 random bits as 64 hex digits. Lives in the browser's cookie and nowhere else.
pub struct Token(String);

impl Token {
    pub fn random() -> Self {
        Self(hex::encode(&random::<32>()))
    }

    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    pub fn of_request(request: &HttpRequest) -> Option<Self> {
        Self::in_cookie(request, COOKIE)
    }

    pub fn acting_of_request(request: &HttpRequest) -> Option<Self> {
        Self::in_cookie(request, ACTING_COOKIE)
    }

    fn in_cookie(request: &HttpRequest, name: &str) -> Option<Self> {
        let cookie = request.cookie(name)?;
        let text = cookie.value();
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    pub fn cookie(&self, kind: SessionKind, lifetime: Duration) -> Cookie<'static> {
        let name = match kind {
            SessionKind::Person | SessionKind::Kiosk => COOKIE,
            SessionKind::Acting => ACTING_COOKIE,
        };
        let age = CookieDuration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(0));
        built(name, self.0.clone(), age)
    }
}

/// What a browser is given to forget the session.
pub fn no_cookie() -> Cookie<'static> {
    built(COOKIE, String::new(), CookieDuration::ZERO)
}

/// What a ward's screen is given to forget who acted on it.
pub fn no_acting_cookie() -> Cookie<'static> {
    built(ACTING_COOKIE, String::new(), CookieDuration::ZERO)
}

fn built(name: &'static str, value: String, age: CookieDuration) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(age)
        .finish()
}

/// A session that is alive, and who it belongs to.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub actor: Actor,
    /// How and when the person last proved who they are; see [`super::step_up`].
    pub proof: Proof,
    pub name: String,
    pub organisation_name: String,
    pub units: Vec<UnitSummary>,
    pub kind: SessionKind,
    /// The screen's own session, under that of someone who acts on it.
    pub kiosk: Option<SessionId>,
    /// The ward's screen that this is, or on which this person acts.
    pub station: Option<StationView>,
    pub attention: Attention,
    pub rules: Rules,
    pub expires_at: Instant,
    /// The last touch that was noted.
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
            idle_until: self.rules.idle_until(self.last_used_at, self.expires_at),
            station: self.station.clone().map(|station| StationView {
                acting: self.kind == SessionKind::Acting,
                ..station
            }),
            server_time: now,
        }
    }

    /// By what was last noted of it.
    pub fn attention_at(&self, now: Instant) -> Attention {
        self.rules.attention(self.last_used_at, self.expires_at, now)
    }

    /// A screen, and someone's board without them, hear of a ward's beds and of nothing else.
    pub fn may_hear(&self, topic: Topic) -> bool {
        let only_the_board = self.kind == SessionKind::Kiosk || self.attention == Attention::Away;
        !only_the_board || matches!(topic, Topic::Ward(_) | Topic::Alarms(_))
    }
}

/// Whoever's board this browser shows.
#[derive(Debug, Clone)]
pub struct Watching(pub SignedIn);

/// The person who is there, or else whoever's board this browser shows: for what describes only them.
#[derive(Debug, Clone)]
pub struct Whoever(pub SignedIn);

impl FromRequest for Whoever {
    type Error = Failure;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::of(request);
        Box::pin(async move {
            let asked = asked?;
            match asked.person().await {
                Ok(person) => {
                    asked.note_use(&person);
                    Ok(Whoever(person))
                }
                Err(Failure::PersonRequired) => asked.watching().await.map(Whoever),
                Err(failure) => Err(failure),
            }
        })
    }
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

impl FromRequest for SignedIn {
    type Error = Failure;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::of(request);
        Box::pin(async move {
            let asked = asked?;
            let mut person = asked.person().await?;
            if asked.for_research {
                person.actor = person.actor.for_research();
            }
            trail::note_asker(person.actor.asker());
            asked.note_use(&person);
            Ok(person)
        })
    }
}

impl FromRequest for Watching {
    type Error = Failure;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = Asked::of(request);
        Box::pin(async move {
            let asked = asked?;
            let watching = asked.watching().await?;
            trail::note_asker(watching.actor.asker());
            if watching.attention == Attention::Present {
                asked.note_use(&watching);
            }
            Ok(Watching(watching))
        })
    }
}

/// What a request brings to show who asks.
struct Asked {
    app: Data<App>,
    session: Token,
    acting: Option<Token>,
    unattended: bool,
    for_research: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let app = request.app_data::<Data<App>>().cloned();
        let (Some(app), Some(session)) = (app, Token::of_request(request)) else {
            return Err(Failure::SignInRequired);
        };
        let purpose = request.headers().get(PURPOSE_OF_USE);
        if purpose.is_some_and(|purpose| purpose != Purpose::Research.as_str()) {
            return Err(Failure::BadRequest(
                "A request can say HRESCH, and is then answered for research. Every other purpose is the session’s.".to_owned(),
            ));
        }
        Ok(Self {
            for_research: purpose.is_some(),
            app,
            session,
            acting: Token::acting_of_request(request),
            // Nor does a socket that comes back by itself.
            unattended: request.headers().contains_key(UNATTENDED)
                || request.headers().contains_key(header::UPGRADE),
        })
    }

    /// The session of the browser itself.
    async fn watching(&self) -> Result<SignedIn, Failure> {
        alive(&self.app, &self.session)
            .await?
            // Worth nothing but beside the screen's own, on which it was begun.
            .filter(|session| session.kind != SessionKind::Acting)
            .ok_or(Failure::SessionExpired)
    }

    /// The person who is there now.
    async fn person(&self) -> Result<SignedIn, Failure> {
        let watching = self.watching().await?;
        if watching.kind != SessionKind::Kiosk {
            return match watching.attention {
                Attention::Present => Ok(watching),
                _ => Err(Failure::PersonRequired),
            };
        }
        let acting = match &self.acting {
            Some(token) => alive(&self.app, token).await?,
            None => None,
        };
        acting
            .filter(|acting| acting.kind == SessionKind::Acting)
            .filter(|acting| acting.kiosk == Some(watching.actor.session))
            .ok_or(Failure::PersonRequired)
    }

    /// Writes down that someone is there, now and then: nobody needs it by the second.
    fn note_use(&self, used: &SignedIn) {
        let now = self.app.clock.now();
        if self.unattended || now.since(used.last_used_at) < used.rules.worth_noting() {
            return;
        }
        let (app, session) = (self.app.clone(), used.actor.session);
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
}

async fn alive(app: &App, token: &Token) -> Result<Option<SignedIn>, Failure> {
    let (hash, now) = (token.sha256(), app.clock.now());
    let alive = app
        .db
        .read(move |connection| store::sessions::alive(connection, &hash, now))
        .await?;
    if alive.is_some() {
        app.budgets.vouch(hash, now);
    }
    Ok(alive)
}

/// The same session as it is now: its membership, its units, whether it still lives.
pub async fn session_again(app: &App, known: &SignedIn) -> Result<SignedIn, Failure> {
    let (session, now) = (known.actor.session, app.clock.now());
    app.db
        .read(move |connection| store::sessions::alive_by_id(connection, session, now))
        .await?
        .ok_or(Failure::SessionExpired)
}

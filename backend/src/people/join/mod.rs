//! Joining by an invitation: server HTML that works without script, on a phone and by keyboard, for
//! somebody who can't sign in yet.
//!
//! Four steps: the invitation was opened; a way to sign in; the role and units, looked at and
//! confirmed; the first useful page. The link makes the account once and is then used up; whoever
//! stops in between comes back to the open step by the same link, signed in.

mod pages;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path, Payload},
};
use fleetward_common::{
    id::{IntervalId, MembershipId, PersonId},
    people::{InvitationState, MemberState},
    time::Instant,
};
use serde_json::json;

use super::{
    invitations::about,
    links::LinkToken,
    preview::{self, Place},
    store::{
        changes::{self, NewInterval},
        invitations::{self, Invitation},
        members, places,
    },
};
pub use crate::identity::pages::brand;
use crate::{
    app::App,
    identity::{
        Chooser, SHORTEST_ALONE, SignedIn, Whoever,
        browser::Browser,
        check_password, member_session,
        pages::Look,
        store::people::{self as persons, NewPerson},
        way_back,
    },
    platform::{
        clock::Clock,
        db::DbConnection,
        http::{Cost, Failure, Guard, Routes, body, shell},
        secrets::Key,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntry, AuditOutcome},
};

pub fn page_routes() -> Routes {
    Routes::new()
        .get("/join/{token}", Guard::Public, page)
        .post("/join/{token}/password", Guard::Public, join_with_password)
        .costing(Cost::PASSWORD)
        .post("/join/{token}/existing", Guard::Public, go_and_sign_in)
        .post("/join/{token}/as-me", Guard::Public, join_as_myself)
        .post("/join/{token}/role", Guard::Public, confirm_role)
}

/// Why this can't be somebody's password where nothing stands beside it, for that somebody to read.
pub fn password_is_good(password: &str, chooser: Chooser<'_>) -> Result<(), String> {
    check_password(password, chooser, SHORTEST_ALONE).map_err(|weakness| weakness.to_string())
}

/// An invitation as its link finds it.
struct Found {
    token: LinkToken,
    invitation: Invitation,
    inviter: String,
}

async fn find(app: &App, text: &str) -> Result<Option<Found>, Failure> {
    let Some(token) = LinkToken::parse(text) else {
        return Ok(None);
    };
    let hash = token.sha256();
    app.db
        .read(move |connection| {
            let Some(invitation) = invitations::by_token(connection, &hash)? else {
                return Ok(None);
            };
            let inviter = members::name_of(connection, invitation.invited_by)?.unwrap_or_default();
            Ok(Some(Found {
                token,
                invitation,
                inviter,
            }))
        })
        .await
}

async fn page(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    signed_in: Option<SignedIn>,
) -> Result<HttpResponse, Failure> {
    let look = Look::of(&app, request.query_string());
    let Some(found) = find(&app, &token).await? else {
        return Ok(answer(StatusCode::NOT_FOUND, pages::unknown(&look)));
    };
    let now = app.clock.now();
    let mine = signed_in
        .as_ref()
        .filter(|signed_in| Some(signed_in.actor.membership) == found.invitation.membership);
    Ok(match found.invitation.state(now) {
        InvitationState::Withdrawn => answer(StatusCode::GONE, pages::withdrawn(&look, &found.inviter)),
        InvitationState::Expired => answer(
            StatusCode::GONE,
            pages::expired(&look, &found.inviter, found.invitation.expires_at),
        ),
        InvitationState::Open => {
            let me = signed_in.as_ref().map(|signed_in| signed_in.name.as_str());
            shell::page(pages::sign_in_step(&look, &found.step(), me, None))
        }
        InvitationState::Begun | InvitationState::Joined => match mine {
            Some(_) if found.invitation.confirmed_at.is_some() => see_other("/"),
            Some(_) => shell::page(role_page(&app, &look, &found)),
            None => answer(StatusCode::GONE, pages::used(&look, &found.step())),
        },
    })
}

impl Found {
    fn step(&self) -> pages::Step<'_> {
        pages::Step {
            token: self.token.as_str(),
            invitation: &self.invitation,
            inviter: &self.inviter,
        }
    }
}

fn role_page(app: &App, look: &Look, found: &Found) -> maud::Markup {
    let units = found.invitation.unit_names();
    let place = Place {
        organisation: &found.invitation.organisation_name,
        units: &units,
    };
    let preview = preview::preview(&app.access.rules(), found.invitation.role, &place);
    pages::role_step(look, &found.step(), &preview)
}

fn answer(status: StatusCode, page: maud::Markup) -> HttpResponse {
    let mut response = shell::page(page);
    *response.status_mut() = status;
    response
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .finish()
}

/// The page again when the invitation can't be used; the invitation when it can.
async fn open_invitation(app: &App, text: &str) -> Result<Result<Found, HttpResponse>, Failure> {
    let found = find(app, text).await?;
    let now = app.clock.now();
    Ok(match found {
        Some(found) if found.invitation.state(now) == InvitationState::Open => Ok(found),
        // The page itself says what is the matter.
        _ => Err(see_other(&format!(
            "/join/{}",
            LinkToken::parse(text).map_or_else(|| "unknown".to_owned(), |token| token.as_str().to_owned())
        ))),
    })
}

async fn join_with_password(
    app: Data<App>,
    request: HttpRequest,
    path: Path<String>,
    here: Result<Whoever, Failure>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let found = match open_invitation(&app, &path).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let look = Look::of(&app, request.query_string());
    let here = match here {
        Ok(Whoever(here)) => Some(here),
        Err(Failure::SignInRequired | Failure::SessionExpired) => None,
        // Whose screen this is can't be told now, and a ward's must not be signed out by a guess.
        Err(failure) => return Err(failure),
    };
    if let Some(refused) = here.and_then(|here| on_a_ward_screen(&look, &found, &here)) {
        return Ok(refused);
    }
    let fields = body::form(&request, payload).await?;
    let field = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let again = |trouble: &str| {
        answer(
            StatusCode::BAD_REQUEST,
            pages::sign_in_step(&look, &found.step(), None, Some(trouble)),
        )
    };
    let password = field("password");
    let (name, email) = (found.invitation.name.clone(), found.invitation.email.clone());
    let chooser = Chooser {
        login: &email,
        name: &name,
        organisation: &found.invitation.organisation_name,
    };
    if let Err(why) = password_is_good(&password, chooser) {
        return Ok(again(&why));
    }
    let phc = app.sign_in.hashing.hash(password).await?;
    let now = app.clock.now();
    let (invitation, clock, key) = (
        found.invitation.clone(),
        app.clock.clone(),
        app.secrets.audit.clone(),
    );
    let person = PersonId::new(now, clock.entropy());
    let joined = app
        .db
        .write(move |connection| {
            if invitations::login_is_taken(connection, &invitation.email)? {
                return Ok::<_, Failure>(None);
            }
            let new = NewPerson {
                id: person,
                home_region: &invitation.home_region,
                name: &invitation.name,
                login: &invitation.email,
                phc: &phc,
                created_at: now,
            };
            persons::add(connection, &new)?;
            // Only of somebody new. Whoever could set the address of an account that is there could have its
            // recovery sent to themselves.
            persons::set_email(connection, person, &invitation.email)?;
            take_in(connection, &invitation, person, &clock, &key, now).map(Some)
        })
        .await?;
    let Some(membership) = joined else {
        return Ok(again(
            "Somebody signs in with this address already. Is it you? Then use “I sign in to Fleetward already” below.",
        ));
    };
    app.access.epochs.bump_scope(found.invitation.organisation);
    let started = member_session::begin(&app, person, membership, &Browser::of(&request)).await?;
    // A passkey is offered after a good password, never before; the start page leads back to this link.
    let mut response = see_other("/sign-in/passkey");
    // Cookies that we just built are always valid headers.
    let _ = response.add_cookie(&started.cookie());
    let _ = response.add_cookie(&way_back::remember(&format!("/join/{}", found.token.as_str())));
    Ok(response)
}

/// A ward's screen shows its board to whoever passes: nobody's own account begins there, and the screen
/// keeps its board.
fn on_a_ward_screen(look: &Look, found: &Found, here: &SignedIn) -> Option<HttpResponse> {
    here.station.as_ref()?;
    let trouble = "This is a ward’s screen. Open the link on a phone or computer of your own.";
    let page = pages::sign_in_step(look, &found.step(), None, Some(trouble));
    Some(answer(StatusCode::FORBIDDEN, page))
}

/// Gives the person the membership that the invitation promised, and uses the invitation up.
fn take_in(
    connection: &mut DbConnection,
    invitation: &Invitation,
    person: PersonId,
    clock: &Clock,
    key: &Key,
    now: Instant,
) -> Result<MembershipId, Failure> {
    let membership = MembershipId::new(now, clock.entropy());
    changes::begin(
        connection,
        &NewInterval {
            id: membership,
            person,
            organisation: invitation.organisation,
            role: invitation.role,
            from: now,
            until: invitation.member_until,
            continues: None,
        },
    )?;
    // What was closed or has run out since the invitation was written is not given any more.
    let open = places::open_units(connection, invitation.organisation)?;
    for grant in invitation.grants() {
        if open.contains(&grant.unit) && grant.until.is_none_or(|until| until > now) {
            let id = IntervalId::new(now, clock.entropy());
            changes::join_unit(connection, id, membership, grant.unit, now, grant.until)?;
        }
    }
    if !invitations::note_joined(connection, invitation.id, membership, now)? {
        return Err(Failure::BadRequest(
            "This invitation was used a moment ago.".to_owned(),
        ));
    }
    note(
        connection,
        key,
        invitation,
        person,
        membership,
        "member_joined",
        now,
    )?;
    Ok(membership)
}

fn note(
    connection: &mut DbConnection,
    key: &Key,
    invitation: &Invitation,
    person: PersonId,
    membership: MembershipId,
    event: &'static str,
    now: Instant,
) -> Result<(), Failure> {
    let entry = AuditEntry {
        organisation: invitation.organisation,
        at: now,
        action: AuditAction::Create,
        event,
        outcome: AuditOutcome::Success,
        actor: AuditActor {
            person: Some(person),
            membership: Some(membership),
            role: Some(invitation.role),
            purpose: None,
        },
        entity: Some(about(invitation.id)),
        patient: None,
        detail: json!({ "role": invitation.role, "units": invitation.grants() }),
    };
    audit::append(connection, key, &entry)?;
    Ok(())
}

/// Whoever signs in already does that first, by whatever proof they have, and comes back here.
async fn go_and_sign_in(app: Data<App>, path: Path<String>) -> Result<HttpResponse, Failure> {
    let found = match open_invitation(&app, &path).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let mut response = see_other("/sign-in?as=yourself");
    let _ = response.add_cookie(&way_back::remember(&format!("/join/{}", found.token.as_str())));
    Ok(response)
}

/// A link that somebody else found opens nothing to them.
const TO_ANOTHER: &str = "This invitation was written to another address than yours. Ask who invited you to \
                          write to the one by which Fleetward knows you.";

async fn join_as_myself(
    app: Data<App>,
    request: HttpRequest,
    path: Path<String>,
    signed_in: SignedIn,
) -> Result<HttpResponse, Failure> {
    let found = match open_invitation(&app, &path).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let look = Look::of(&app, request.query_string());
    if let Some(refused) = on_a_ward_screen(&look, &found, &signed_in) {
        return Ok(refused);
    }
    let person = signed_in.actor.person;
    let again = |trouble: &str| {
        answer(
            StatusCode::BAD_REQUEST,
            pages::sign_in_step(&look, &found.step(), Some(&signed_in.name), Some(trouble)),
        )
    };
    if person == found.invitation.invited_by {
        return Ok(again(
            "Nobody gives themselves a role: this invitation is one that you sent.",
        ));
    }
    let now = app.clock.now();
    let (invitation, clock, key) = (
        found.invitation.clone(),
        app.clock.clone(),
        app.secrets.audit.clone(),
    );
    let joined = app
        .db
        .write(move |connection| {
            if !invitations::is_address_of(connection, person, &invitation.email)? {
                return Ok::<_, Failure>(Err(TO_ANOTHER));
            }
            let has_it = members::of_person(connection, person, invitation.organisation, now)?
                .iter()
                .any(|member| {
                    member.current.role == invitation.role && member.state(now) != MemberState::Ended
                });
            if has_it {
                return Ok(Err("You have this role there already."));
            }
            take_in(connection, &invitation, person, &clock, &key, now).map(Ok)
        })
        .await?;
    let membership = match joined {
        Ok(membership) => membership,
        Err(why) => return Ok(again(why)),
    };
    app.access.epochs.bump_scope(found.invitation.organisation);
    let started = member_session::switch(&app, &signed_in, membership, &Browser::of(&request)).await?;
    let mut response = see_other(&format!("/join/{}", found.token.as_str()));
    let _ = response.add_cookie(&started.cookie());
    Ok(response)
}

async fn confirm_role(
    app: Data<App>,
    path: Path<String>,
    signed_in: SignedIn,
) -> Result<HttpResponse, Failure> {
    let Some(found) = find(&app, &path).await? else {
        return Ok(see_other("/join/unknown"));
    };
    if found.invitation.membership != Some(signed_in.actor.membership) {
        return Ok(see_other(&format!("/join/{}", found.token.as_str())));
    }
    let (now, key) = (app.clock.now(), app.secrets.audit.clone());
    let (person, membership) = (signed_in.actor.person, signed_in.actor.membership);
    app.db
        .write(move |connection| {
            if found.invitation.confirmed_at.is_none() {
                invitations::note_confirmed(connection, found.invitation.id, now)?;
                note(
                    connection,
                    &key,
                    &found.invitation,
                    person,
                    membership,
                    "role_confirmed",
                    now,
                )?;
            }
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(see_other("/"))
}

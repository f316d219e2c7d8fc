//! What a person signs in with, over the API: passkeys, password, second factor, and proving again.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    credentials::{
        AtSignIn, NewPassword, OneTimeCode, PasskeyName, PasskeyView, PasswordProof, ProofView,
        RecoveryCodes, SecondFactorOffer, SecurityView,
    },
    error::ErrorBody,
    id::PasskeyId,
    identity::SessionView,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::{
    browser::Browser,
    ceremonies::Ticket,
    credentials, passkey_sign_in,
    passkeys::TICKET,
    routes::session_answer,
    session::{SignedIn, Token, session_again},
    step_up,
};
use crate::{
    app::App,
    platform::http::{Cost, Failure, Guard, Routes, body},
};

pub fn routes() -> Routes {
    Routes::new()
        .post("/session/passkey/options", Guard::Public, ask_to_sign_in)
        .reserved()
        .post("/session/passkey", Guard::Public, sign_in_with_passkey)
        .reserved()
        .get("/session/proof", Guard::SignedIn, proof)
        .post("/session/proof/passkey/options", Guard::SignedIn, ask_for_proof)
        .reserved()
        .post("/session/proof/passkey", Guard::SignedIn, prove_with_passkey)
        .reserved()
        .post("/session/proof/password", Guard::SignedIn, prove_with_password)
        .costing(Cost::PASSWORD)
        .reserved()
        .costing(Cost::PASSWORD)
        .get("/security", Guard::SignedIn, security)
        .post("/passkeys/options", Guard::SignedIn, ask_for_new_passkey)
        .post("/passkeys", Guard::SignedIn, add_passkey)
        .post("/passkeys/{id}/name", Guard::SignedIn, rename_passkey)
        .delete("/passkeys/{id}", Guard::SignedIn, remove_passkey)
        .post("/password", Guard::SignedIn, change_password)
        .costing(Cost::PASSWORD)
        .post("/second-factor/offer", Guard::SignedIn, offer_second_factor)
        .post("/second-factor", Guard::SignedIn, set_second_factor)
        .post("/second-factor/at-sign-in", Guard::SignedIn, ask_at_sign_in)
        .delete("/second-factor", Guard::SignedIn, remove_second_factor)
        .post("/recovery-codes", Guard::SignedIn, make_recovery_codes)
}

/// `POST /api/v1/passkeys`
#[derive(Deserialize, utoipa::ToSchema)]
pub struct NewPasskey {
    name: String,
    /// A `RegistrationResponseJSON` of the Web Authentication standard.
    #[schema(value_type = Object)]
    credential: Value,
}

/// What only the browser's own interface understands, read with the library's types.
fn browsers_answer<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(Failure::bad_request)
}

#[utoipa::path(
    post, path = "/api/v1/session/passkey/options", tag = "identity",
    responses((status = 200, description = "For `navigator.credentials.get`; good for five minutes, once, and with the cookie that comes along", body = Object))
)]
pub async fn ask_to_sign_in(app: Data<App>) -> Result<HttpResponse, Failure> {
    let ticket = Ticket::random(TICKET);
    let options = app
        .sign_in
        .passkeys
        .ask_to_sign_in(ticket.hash(), app.clock.now())?;
    Ok(HttpResponse::Ok().cookie(ticket.cookie()).json(options))
}

#[utoipa::path(
    post, path = "/api/v1/session/passkey", tag = "identity",
    request_body(content = Object, description = "An `AuthenticationResponseJSON` of the Web Authentication standard"),
    responses(
        (status = 200, description = "Signed in; the cookie comes with the answer", body = SessionView),
        (status = 400, body = ErrorBody),
        (status = 401, description = "That passkey was not accepted", body = ErrorBody)
    )
)]
pub async fn sign_in_with_passkey(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let answer: PublicKeyCredential = browsers_answer(body::json(&request, payload).await?)?;
    let ticket = Ticket::of_request(TICKET, &request).ok_or(Failure::PasskeyRefused)?;
    let started = passkey_sign_in::with_passkey(&app, &ticket, answer, &Browser::of(&request)).await?;
    let mut response = session_answer(&app, started).await?;
    // A cookie that we just built is always a valid header.
    let _ = response.add_cookie(&Ticket::no_cookie(TICKET));
    Ok(response)
}

#[utoipa::path(
    get, path = "/api/v1/session/proof", tag = "identity",
    responses((status = 200, body = ProofView), (status = 401, body = ErrorBody))
)]
pub async fn proof(app: Data<App>, signed_in: SignedIn) -> Result<Json<ProofView>, Failure> {
    Ok(Json(step_up::view(&app, &signed_in).await?))
}

#[utoipa::path(
    post, path = "/api/v1/session/proof/passkey/options", tag = "identity",
    responses(
        (status = 200, description = "For `navigator.credentials.get`; good for five minutes, once, in this session", body = Object),
        (status = 401, body = ErrorBody),
        (status = 403, description = "No passkey to prove with", body = ErrorBody)
    )
)]
pub async fn ask_for_proof(app: Data<App>, signed_in: SignedIn) -> Result<Json<Value>, Failure> {
    Ok(Json(step_up::ask_for_passkey(&app, &signed_in).await?))
}

#[utoipa::path(
    post, path = "/api/v1/session/proof/passkey", tag = "identity",
    request_body(content = Object, description = "An `AuthenticationResponseJSON` of the Web Authentication standard"),
    responses(
        (status = 200, description = "Proven; the session’s new cookie comes with the answer", body = ProofView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody)
    )
)]
pub async fn prove_with_passkey(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let answer: PublicKeyCredential = browsers_answer(body::json(&request, payload).await?)?;
    let token = step_up::by_passkey(&app, &signed_in, answer).await?;
    proof_answer(&app, &signed_in, &token).await
}

#[utoipa::path(
    post, path = "/api/v1/session/proof/password", tag = "identity",
    request_body = PasswordProof,
    responses(
        (status = 200, description = "Proven; the session’s new cookie comes with the answer", body = ProofView),
        (status = 400, body = ErrorBody),
        (status = 401, description = "Password or code is wrong, or the code is missing", body = ErrorBody),
        (status = 429, description = "Too many failures; Retry-After says when", body = ErrorBody)
    )
)]
pub async fn prove_with_password(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let shown: PasswordProof = body::json(&request, payload).await?;
    let token = step_up::by_password(&app, &signed_in, shown, &Browser::of(&request)).await?;
    proof_answer(&app, &signed_in, &token).await
}

async fn proof_answer(app: &App, signed_in: &SignedIn, token: &Token) -> Result<HttpResponse, Failure> {
    let signed_in = session_again(app, signed_in).await?;
    let lifetime: Duration = signed_in.expires_at.since(app.clock.now());
    let view = step_up::view(app, &signed_in).await?;
    Ok(HttpResponse::Ok()
        .cookie(token.cookie(signed_in.kind, lifetime))
        .json(view))
}

#[utoipa::path(
    get, path = "/api/v1/security", tag = "identity",
    responses((status = 200, body = SecurityView), (status = 401, body = ErrorBody))
)]
pub async fn security(app: Data<App>, signed_in: SignedIn) -> Result<Json<SecurityView>, Failure> {
    Ok(Json(credentials::view(&app, &signed_in).await?))
}

#[utoipa::path(
    post, path = "/api/v1/passkeys/options", tag = "identity",
    responses(
        (status = 200, description = "For `navigator.credentials.create`; good for five minutes, once, in this session", body = Object),
        (status = 401, body = ErrorBody),
        (status = 403, description = "First prove again who you are", body = ErrorBody)
    )
)]
pub async fn ask_for_new_passkey(app: Data<App>, signed_in: SignedIn) -> Result<Json<Value>, Failure> {
    Ok(Json(credentials::ask_to_add_passkey(&app, &signed_in).await?))
}

#[utoipa::path(
    post, path = "/api/v1/passkeys", tag = "identity",
    request_body = NewPasskey,
    responses(
        (status = 200, body = PasskeyView),
        (status = 400, body = ErrorBody),
        (status = 401, description = "The passkey was not accepted", body = ErrorBody)
    )
)]
pub async fn add_passkey(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<PasskeyView>, Failure> {
    let NewPasskey { name, credential } = body::json(&request, payload).await?;
    let answer: RegisterPublicKeyCredential = browsers_answer(credential)?;
    Ok(Json(
        credentials::add_passkey(&app, &signed_in, &name, answer).await?,
    ))
}

#[utoipa::path(
    post, path = "/api/v1/passkeys/{id}/name", tag = "identity",
    params(("id" = PasskeyId, Path)),
    request_body = PasskeyName,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn rename_passkey(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let id = id.parse().or(Err(Failure::NotFound))?;
    let PasskeyName { name } = body::json(&request, payload).await?;
    credentials::rename_passkey(&app, &signed_in, id, &name).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    delete, path = "/api/v1/passkeys/{id}", tag = "identity",
    params(("id" = PasskeyId, Path)),
    responses(
        (status = 204, description = "Removed, and every other session of the person ended"),
        (status = 401, body = ErrorBody),
        (status = 403, description = "First prove again who you are; or it is the last way in", body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub async fn remove_passkey(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = id.parse().or(Err(Failure::NotFound))?;
    credentials::remove_passkey(&app, &signed_in, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post, path = "/api/v1/password", tag = "identity",
    request_body = NewPassword,
    responses(
        (status = 204, description = "Changed, and every other session of the person ended"),
        (status = 400, description = "Too short, or one that is tried first", body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, description = "First prove again who you are", body = ErrorBody)
    )
)]
pub async fn change_password(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let NewPassword { password } = body::json(&request, payload).await?;
    credentials::change_password(&app, &signed_in, password).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post, path = "/api/v1/second-factor/offer", tag = "identity",
    responses(
        (status = 200, description = "What goes into the authenticator app, within five minutes", body = SecondFactorOffer),
        (status = 401, body = ErrorBody),
        (status = 403, description = "First prove again who you are", body = ErrorBody)
    )
)]
pub async fn offer_second_factor(
    app: Data<App>,
    signed_in: SignedIn,
) -> Result<Json<SecondFactorOffer>, Failure> {
    Ok(Json(credentials::offer_second_factor(&app, &signed_in).await?))
}

#[utoipa::path(
    post, path = "/api/v1/second-factor", tag = "identity",
    request_body = OneTimeCode,
    responses(
        (status = 200, description = "Set; these recovery codes are shown once", body = RecoveryCodes),
        (status = 400, body = ErrorBody),
        (status = 401, description = "The code is not of the app that was offered", body = ErrorBody)
    )
)]
pub async fn set_second_factor(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<RecoveryCodes>, Failure> {
    let OneTimeCode { code } = body::json(&request, payload).await?;
    Ok(Json(
        credentials::set_second_factor(&app, &signed_in, &code).await?,
    ))
}

#[utoipa::path(
    post, path = "/api/v1/second-factor/at-sign-in", tag = "identity",
    request_body = AtSignIn,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn ask_at_sign_in(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let AtSignIn { asked } = body::json(&request, payload).await?;
    credentials::ask_at_sign_in(&app, &signed_in, asked).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    delete, path = "/api/v1/second-factor", tag = "identity",
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn remove_second_factor(app: Data<App>, signed_in: SignedIn) -> Result<HttpResponse, Failure> {
    credentials::remove_second_factor(&app, &signed_in).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post, path = "/api/v1/recovery-codes", tag = "identity",
    responses(
        (status = 200, description = "New ones, shown once; those from before are void", body = RecoveryCodes),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)
    )
)]
pub async fn make_recovery_codes(
    app: Data<App>,
    signed_in: SignedIn,
) -> Result<Json<RecoveryCodes>, Failure> {
    Ok(Json(credentials::make_recovery_codes(&app, &signed_in).await?))
}

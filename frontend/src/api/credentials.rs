//! What a person signs in with, and proving again who they are.

use fleetward_common::{
    credentials::{
        AtSignIn, NewPassword, OneTimeCode, PasskeyName, PasskeyView, PasswordProof, ProofView,
        RecoveryCodes, SecondFactorOffer, SecurityView,
    },
    id::PasskeyId,
};
use serde_json::{Value, json};

use super::{
    ApiError, PasskeyError,
    client::{delete, get, post, tell},
    passkeys,
};

pub async fn security() -> Result<SecurityView, ApiError> {
    get("security").await
}

/// What is proven now, and what could be.
pub async fn proof() -> Result<ProofView, ApiError> {
    get("session/proof").await
}

/// The session's cookie changes with it.
pub async fn prove_with_password(password: String, code: Option<String>) -> Result<ProofView, ApiError> {
    post("session/proof/password", &PasswordProof { password, code }).await
}

pub async fn prove_with_passkey() -> Result<ProofView, PasskeyError> {
    let options: Value = post("session/proof/passkey/options", &json!({})).await?;
    let answer = passkeys::get(&options).await?;
    Ok(post("session/proof/passkey", &answer).await?)
}

pub async fn add_passkey(name: String) -> Result<PasskeyView, PasskeyError> {
    let options: Value = post("passkeys/options", &json!({})).await?;
    let credential = passkeys::create(&options).await?;
    Ok(post("passkeys", &json!({ "name": name, "credential": credential })).await?)
}

pub async fn rename_passkey(id: PasskeyId, name: String) -> Result<(), ApiError> {
    tell(&format!("passkeys/{id}/name"), &PasskeyName { name }).await
}

pub async fn remove_passkey(id: PasskeyId) -> Result<(), ApiError> {
    delete(&format!("passkeys/{id}")).await
}

pub async fn change_password(password: String) -> Result<(), ApiError> {
    tell("password", &NewPassword { password }).await
}

pub async fn offer_second_factor() -> Result<SecondFactorOffer, ApiError> {
    post("second-factor/offer", &json!({})).await
}

pub async fn set_second_factor(code: String) -> Result<RecoveryCodes, ApiError> {
    post("second-factor", &OneTimeCode { code }).await
}

pub async fn ask_at_sign_in(asked: bool) -> Result<(), ApiError> {
    tell("second-factor/at-sign-in", &AtSignIn { asked }).await
}

pub async fn remove_second_factor() -> Result<(), ApiError> {
    delete("second-factor").await
}

pub async fn make_recovery_codes() -> Result<RecoveryCodes, ApiError> {
    post("recovery-codes", &json!({})).await
}

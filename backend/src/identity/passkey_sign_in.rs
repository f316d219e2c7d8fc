//! Signing in with a passkey: nothing is typed, and no failure before makes it wait.

use fleetward_common::credentials::ProofKind;
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    browser::Browser,
    ceremonies::Ticket,
    passkeys::{COUNTER, Refusal},
    sign_in::{Started, seat, start_session},
    store,
    tries::note_refused_passkey,
};
use crate::{app::App, platform::http::Failure};

/// Checks the passkey that a stranger's browser found, and starts a session. Failures before do not slow
/// it down: a passkey can't be guessed.
pub async fn with_passkey(
    app: &App,
    ticket: &Ticket,
    answer: PublicKeyCredential,
    browser: &Browser,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let Some(asked) = app.sign_in.passkeys.sign_ins.take(&ticket.hash(), now) else {
        note_refused_passkey(app, None, Refusal("challenge"), now).await?;
        return Err(Failure::PasskeyRefused);
    };
    let credential_id = answer.raw_id.clone();
    let passkey = app
        .db
        .read(move |connection| store::passkeys::by_credential(connection, &credential_id))
        .await?;
    let Some(passkey) = passkey else {
        note_refused_passkey(app, None, Refusal("unknown_passkey"), now).await?;
        return Err(Failure::PasskeyRefused);
    };
    let used = match app.sign_in.passkeys.signed_in(asked, &answer, &passkey) {
        Ok(used) => used,
        Err(refusal) => {
            note_refused_passkey(app, Some(&passkey), refusal, now).await?;
            return Err(Failure::PasskeyRefused);
        }
    };
    let person = passkey.person;
    let account = app
        .db
        .read(move |connection| store::people::account_of(connection, person, now))
        .await?;
    let Some(account) = account.filter(|account| !account.suspended) else {
        note_refused_passkey(app, Some(&passkey), Refusal("suspended"), now).await?;
        return Err(Failure::PasskeyRefused);
    };
    let counted = {
        let passkey = passkey.clone();
        app.db
            .write(move |connection| {
                store::passkeys::note_use(connection, &passkey, &used, now).map_err(Failure::from)
            })
            .await?
    };
    if !counted {
        note_refused_passkey(app, Some(&passkey), COUNTER, now).await?;
        return Err(Failure::PasskeyRefused);
    }
    let seat = seat(app, browser).await?;
    start_session(app, &account, seat, browser, ProofKind::Passkey, None).await
}

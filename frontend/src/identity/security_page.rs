//! The security page: everything one can sign in with, in one place, the same in every portal.

use fleetward_common::credentials::SecurityView;
use std::rc::Rc;
use yew::{Callback, Html, component, html};

use super::parts::{
    passkeys_panel::PasskeysPanel, password_panel::PasswordPanel, second_factor_panel::SecondFactorPanel,
    sessions_panel::SessionsPanel,
};
use crate::{
    api::{clock, credentials},
    hooks::use_query,
    shell::frame::Frame,
    ui::{async_view::AsyncView, icon::Icon},
};

#[component(SecurityPage)]
pub fn security_page() -> Html {
    let view = use_query((), |()| async {
        let view = credentials::security().await?;
        clock::heard(view.server_time);
        Ok(view)
    });
    let reload = view.reload.clone();
    let ready = Callback::from(move |view: Rc<SecurityView>| {
        html! {
            <div class="security">
                <PasskeysPanel passkeys={view.passkeys.clone()} reload={reload.clone()} />
                <SecondFactorPanel factor={view.second_factor.clone()} codes_left={view.recovery_codes_left} reload={reload.clone()} />
                <PasswordPanel password={view.password.clone()} login={view.login.clone()} shortest={view.shortest_password} reload={reload.clone()} />
            </div>
        }
    });
    html! {
        <Frame>
            <p><a class="back" href="/"><Icon name="left" />{ "Back to your start page" }</a></p>
            <div class="page-head"><div>
                <h1>{ "Security" }</h1>
                <p class="muted">{ "What you sign in with, and where you are signed in. With every change here a message goes to you, and the change goes on record." }</p>
            </div></div>
            <AsyncView<SecurityView> of={view} what="what you sign in with" {ready} />
            <div class="security"><SessionsPanel /></div>
        </Frame>
    }
}

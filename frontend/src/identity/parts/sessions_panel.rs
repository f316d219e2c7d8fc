//! Where this person is signed in: each place, one press to end it, and one to end them all.

use fleetward_common::{id::SessionId, sessions::OpenSession};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, Html, UseStateHandle, component, html, use_state_eq};

use crate::{
    api::{ApiError, clock, session},
    hooks::use_query,
    ui::{age::age_text, async_view::AsyncView, zone::Zone},
};

#[derive(Debug, Clone, PartialEq)]
enum Sending {
    Nothing,
    Asking,
    Sent,
    Failed(ApiError),
}

#[component(SessionsPanel)]
pub fn sessions_panel() -> Html {
    let open = use_query((), |()| session::open());
    let sending = use_state_eq(|| Sending::Nothing);
    let end_one = {
        let (sending, reload) = (sending.clone(), open.reload.clone());
        Callback::from(move |(id, is_this): (SessionId, bool)| {
            sending.set(Sending::Sent);
            let (sending, reload) = (sending.clone(), reload.clone());
            spawn_local(async move {
                match session::end_one(id).await {
                    Ok(()) if is_this => session::go_to_sign_in(),
                    Ok(()) => {
                        sending.set(Sending::Nothing);
                        reload.emit(());
                    }
                    Err(error) => sending.set(Sending::Failed(error)),
                }
            });
        })
    };
    let rows = Callback::from(move |open: Rc<Vec<OpenSession>>| rows(&open, &end_one));
    html! {
        <section class="panel sessions" aria-labelledby="sessions-title">
            <header><h2 id="sessions-title">{ "Where you are signed in" }</h2></header>
            <div class="body">
                <AsyncView<Vec<OpenSession>> of={open} what="where you are signed in" ready={rows} />
                { everywhere(&sending) }
            </div>
        </section>
    }
}

fn rows(open: &[OpenSession], end_one: &Callback<(SessionId, bool)>) -> Html {
    let (now, zone) = (clock::now(), Zone::of_viewer());
    html! {
        <table class="data">
            <thead><tr>
                <th scope="col">{ "Browser" }</th><th scope="col">{ "Network" }</th>
                <th scope="col">{ "Since" }</th><th scope="col">{ "Last used" }</th><td></td>
            </tr></thead>
            <tbody>
                { for open.iter().map(|session| {
                    let (id, is_this, end_one) = (session.id, session.is_this, end_one.clone());
                    let place = match &session.at_station {
                        Some(station) => format!("Ward screen {station}"),
                        None => session.browser.clone(),
                    };
                    let label = format!("End the session in {place}, since {}", zone.moment(session.since, now));
                    html! {
                        <tr key={id.to_string()}>
                            <th scope="row">{ &place }if is_this { <span class="chip plain">{ "This one" }</span> }</th>
                            <td>{ &session.network }</td>
                            <td>{ zone.moment(session.since, now) }</td>
                            <td>{ if is_this { "now".to_owned() } else { format!("{} ago", age_text(now.since(session.last_used))) } }</td>
                            <td><button type="button" class="button" aria-label={label} onclick={move |_| end_one.emit((id, is_this))}>{ "End" }</button></td>
                        </tr>
                    }
                }) }
            </tbody>
        </table>
    }
}

fn everywhere(sending: &UseStateHandle<Sending>) -> Html {
    let to = |next: Sending| {
        let sending = sending.clone();
        move |_: web_sys::MouseEvent| sending.set(next.clone())
    };
    let sign_out = {
        let sending = sending.clone();
        move |_: web_sys::MouseEvent| {
            sending.set(Sending::Sent);
            let sending = sending.clone();
            spawn_local(async move {
                match session::end_everywhere().await {
                    Ok(()) => session::go_to_sign_in(),
                    Err(error) => sending.set(Sending::Failed(error)),
                }
            });
        }
    };
    match &**sending {
        Sending::Nothing => html! {
            <button type="button" class="button" onclick={to(Sending::Asking)}>{ "Sign out everywhere" }</button>
        },
        Sending::Asking => html! {
            <p class="asking" role="group" aria-label="Sign out everywhere?">
                <span role="status">{ "Every browser, phone and ward screen, this one too." }</span>
                <button type="button" class="button primary" onclick={sign_out}>{ "Yes, sign out everywhere" }</button>
                <button type="button" class="button" onclick={to(Sending::Nothing)}>{ "Keep them" }</button>
            </p>
        },
        Sending::Sent => html! { <p role="status">{ "Sending …" }</p> },
        Sending::Failed(error) => html! {
            <p class="error-words" role="alert">
                { match error {
                    ApiError::Refused(body) => body.message.clone(),
                    _ => "The portal does not answer. You are still signed in where you were.".to_owned(),
                } }
                <button type="button" class="button" onclick={to(Sending::Nothing)}>{ "Go back" }</button>
            </p>
        },
    }
}

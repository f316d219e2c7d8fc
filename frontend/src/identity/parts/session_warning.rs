//! Two minutes before a session ends by itself: said, with a way to go on.

use fleetward_common::time::Instant;
use gloo::timers::callback::Interval;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlDialogElement;
use yew::{Callback, Html, classes, component, html, use_effect_with, use_node_ref, use_state_eq};

use super::{
    countdown::{Coming, WARN_BEFORE, coming},
    presence::use_presence,
};
use crate::{
    api::{clock, session},
    hooks::{use_pulse, use_session, use_session_desk},
    ui::age::stopwatch_text,
};

/// How often touches are told: well within the idle time, and often while someone acts for a moment.
const TELL_EVERY: u32 = 60;
const TELL_WHILE_ACTING: u32 = 15;

/// Also what keeps a session alive while someone is there.
#[component(SessionWarning)]
pub fn session_warning() -> Html {
    let known = use_session();
    let desk = use_session_desk();
    let acting = known
        .as_ref()
        .and_then(|session| session.station.as_ref())
        .is_some_and(|station| station.acting);
    let every = if acting { TELL_WHILE_ACTING } else { TELL_EVERY };
    // A screen that only watches is nobody's: there is no presence to tell of.
    let somebodys = known
        .as_ref()
        .is_some_and(|session| !session.only_the_board(clock::now()));
    use_presence(somebodys, every, desk.look_again.clone());

    let due = use_state_eq(|| Coming::Nothing);
    {
        let (due, look_again) = (due.clone(), desk.look_again.clone());
        // What the server said the time is changes with each answer, and is no news.
        let news = known
            .as_ref()
            .map(|session| (session.idle_until, session.expires_at, session.station.clone()));
        use_effect_with(news, move |_| {
            let mut before = Coming::Nothing;
            let mut asked_at_the_end = false;
            let mut look = move || {
                let Some(session) = &known else { return };
                let now = clock::now();
                let next = coming(session, now);
                if next != before {
                    before = next;
                    // Another tab may have been touched: the server knows.
                    if next != Coming::Nothing {
                        look_again.emit(());
                    }
                }
                due.set(next);
                let over = session.idle_until.min(session.expires_at) <= now;
                if over && !std::mem::replace(&mut asked_at_the_end, true) {
                    look_again.emit(());
                }
            };
            look();
            let watch = Interval::new(1_000, look);
            move || drop(watch)
        });
    }
    match *due {
        Coming::Nothing => html! {},
        Coming::Idle { at } => html! { <Warning {at} can_go_on={true} look_again={desk.look_again} /> },
        Coming::EndOfLife { at } => {
            html! { <Warning {at} can_go_on={false} look_again={desk.look_again} /> }
        }
    }
}

#[derive(yew::Properties, PartialEq)]
struct WarningProps {
    at: Instant,
    can_go_on: bool,
    look_again: Callback<()>,
}

#[component(Warning)]
fn warning(props: &WarningProps) -> Html {
    use_pulse(1_000);
    let dialog = use_node_ref();
    let failed = use_state_eq(|| false);
    let waved_away = use_state_eq(|| false);
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only for a dialog that is not in the page.
                let _ = dialog.show_modal();
            }
        });
    }
    let stay = {
        let (failed, look_again) = (failed.clone(), props.look_again.clone());
        Callback::from(move |_: web_sys::MouseEvent| {
            let (failed, look_again) = (failed.clone(), look_again.clone());
            spawn_local(async move {
                match session::present().await {
                    Ok(_) => look_again.emit(()),
                    Err(error) if error.needs_sign_in() => session::go_to_sign_in(),
                    Err(_) => failed.set(true),
                }
            });
        })
    };
    let leave = Callback::from(|_: web_sys::MouseEvent| {
        spawn_local(async {
            // Whether or not it was heard, the session ends in two minutes by itself.
            let _ = session::sign_out().await;
            session::go_to_sign_in();
        });
    });
    let wave_away = {
        let (dialog, waved_away) = (dialog.clone(), waved_away.clone());
        Callback::from(move |_: web_sys::MouseEvent| {
            waved_away.set(true);
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    let left = props.at.since(clock::now()).min(WARN_BEFORE);
    html! {
        <dialog class={classes!("session-warning", waved_away.then_some("is-closed"))} ref={dialog} role="alertdialog"
            aria-labelledby="warning-title" aria-describedby="warning-words">
            <h2 id="warning-title">{ if props.can_go_on { "Are you still there?" } else { "Your shift’s session ends" } }</h2>
            <p id="warning-words">
                if props.can_go_on {
                    { "Nobody has touched this page for a while. In two minutes you will be signed out, so that nobody else finds it open." }
                } else {
                    { "A session lasts so long and no longer. Sign in again to go on; what you have not sent is lost otherwise." }
                }
            </p>
            <p class="session-left" aria-hidden="true">{ stopwatch_text(left) }</p>
            <p class="hidden" role="status">{ spoken(left.as_secs()) }</p>
            if *failed { <p class="error-words" role="alert">{ "The portal does not answer. Press again." }</p> }
            <div class="actions">
                if props.can_go_on {
                    <button type="button" class="button primary" onclick={stay}>{ "Stay signed in" }</button>
                    <button type="button" class="button" onclick={leave}>{ "Sign out" }</button>
                } else {
                    <button type="button" class="button primary" onclick={leave}>{ "Sign in again" }</button>
                    <button type="button" class="button" onclick={wave_away}>{ "Go on until then" }</button>
                }
            </div>
        </dialog>
    }
}

/// Said at two moments and not each second.
fn spoken(seconds: u64) -> &'static str {
    match seconds {
        0..=30 => "30 seconds left",
        31..=60 => "One minute left",
        _ => "",
    }
}

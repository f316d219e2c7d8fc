//! The banner of an open emergency access: who, why, how long, and the way out. On every page.

use fleetward_common::{emergency::OpenEmergency, time::Instant};
use gloo::timers::callback::Timeout;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, Html, Properties, component, html, use_effect_with, use_state_eq};

use super::{countdown, extend_dialog::ExtendDialog};
use crate::{
    api::{self, clock},
    hooks::use_pulse,
    ui::{icon::Icon, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct EmergencyBannerProps {
    pub open: Rc<OpenEmergency>,
    pub reload: Callback<()>,
}

#[component(EmergencyBanner)]
pub fn emergency_banner(props: &EmergencyBannerProps) -> Html {
    use_pulse(500);
    let extending = use_state_eq(|| false);
    let failed = use_state_eq(|| false);
    let open = &props.open;
    use_end(open.closes_at, props.reload.clone());
    let (now, zone) = (clock::now(), Zone::of_viewer());
    let name = open.identity.as_ref().map_or_else(
        || "one patient".to_owned(),
        |identity| format!("{} {}", identity.given_name, identity.family_name),
    );
    let end = {
        let (reload, failed) = (props.reload.clone(), failed.clone());
        move |_| {
            let (reload, failed) = (reload.clone(), failed.clone());
            spawn_local(async move {
                // Someone who thinks it is closed and it is not is worse off than one who knows.
                failed.set(api::emergency::end().await.is_err());
                reload.emit(());
            });
        }
    };
    let set_extending = |to: bool| {
        let extending = extending.clone();
        Callback::from(move |()| extending.set(to))
    };
    let extended = {
        let (extending, reload) = (extending.clone(), props.reload.clone());
        Callback::from(move |()| {
            extending.set(false);
            reload.emit(());
        })
    };
    html! {
        <section class="emergency" aria-label="Emergency access">
            <div class="stripes" aria-hidden="true"></div>
            <div class="emergency-body">
                <Icon name="emergency" class="large" />
                <div class="emergency-whom">
                    <h2>{ "Emergency access to " }{ name }{ " only" }</h2>
                    <p><span>{ open.reason.title() }{ ": " }</span>if let Some(sentence) = &open.sentence { <q>{ sentence }</q> }</p>
                </div>
                <p class="emergency-told">
                    <Icon name="check" />
                    <span>{ told(open, &zone) }<br />{ views(open.views) }</span>
                </p>
                <p class="emergency-left" role="timer" aria-label="Time left">
                    <b>{ countdown::left(open.closes_at, now) }</b><span>{ "closes " }{ zone.clock(open.closes_at) }</span>
                </p>
                <div class="emergency-acts">
                    if open.can_extend {
                        <button type="button" class="button tall" onclick={{ let open = set_extending(true); move |_| open.emit(()) }}>{ "Extend" }</button>
                    }
                    <button type="button" class="button tall" onclick={end}><Icon name="stop" />{ "End now" }</button>
                </div>
                if *failed { <p class="emergency-failed" role="alert">{ "Not ended: the portal does not answer. It closes by itself at " }{ zone.minute(open.closes_at) }{ "." }</p> }
            </div>
            <div class="stripes" aria-hidden="true"></div>
            <p class="hidden" role="status">{ spoken(open, now, &zone) }</p>
            <ExtendDialog open={*extending} on_close={set_extending(false)} on_extended={extended} />
        </section>
    }
}

/// A moment after the end, so that the answer is that it has ended.
#[yew::hook]
fn use_end(closes_at: Instant, reload: Callback<()>) {
    use_effect_with(closes_at, move |closes_at| {
        let wait = closes_at.since(clock::now()).as_millis();
        let wait = u32::try_from(wait).unwrap_or(u32::MAX).saturating_add(300);
        let timeout = Timeout::new(wait, move || reload.emit(()));
        move || drop(timeout)
    });
}

fn told(open: &OpenEmergency, zone: &Zone) -> String {
    let names: Vec<&str> = open.told.iter().map(|told| told.name.as_str()).collect();
    let at = zone.minute(open.opened_at);
    if names.is_empty() {
        format!("On record since {at}")
    } else {
        format!("{} told {at}", names.join(", "))
    }
}

fn views(views: u64) -> String {
    match views {
        1 => "1 view recorded so far".to_owned(),
        views => format!("{views} views recorded so far"),
    }
}

fn spoken(open: &OpenEmergency, now: Instant, zone: &Zone) -> String {
    countdown::spoken(open.closes_at, now).map_or_else(
        || format!("Emergency access is open until {}.", zone.minute(open.closes_at)),
        str::to_owned,
    )
}

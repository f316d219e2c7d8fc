//! In the header of a ward's screen: nobody, or who acts there and for how long still.

use fleetward_common::identity::SessionView;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, Html, Properties, component, html};

use crate::{
    api::{clock, session},
    hooks::{use_pulse, use_session_desk},
    ui::age::stopwatch_text,
};

#[derive(Properties, PartialEq)]
pub struct StationBadgeProps {
    pub session: Rc<SessionView>,
    /// Says who they are before they want anything in particular.
    pub on_act: Callback<()>,
    pub on_done: Callback<()>,
}

#[component(StationBadge)]
pub fn station_badge(props: &StationBadgeProps) -> Html {
    use_pulse(1_000);
    let desk = use_session_desk();
    let Some(station) = &props.session.station else {
        return html! {};
    };
    if !station.acting {
        let on_act = props.on_act.clone();
        return html! {
            <div class="person station">
                <div class="who"><b>{ "Nobody signed in" }</b><span>{ &station.name }{ ", read only" }</span></div>
                <button type="button" class="button" onclick={move |_| on_act.emit(())}>{ "Act" }</button>
            </div>
        };
    }
    let done = {
        let (on_done, look_again) = (props.on_done.clone(), desk.look_again.clone());
        move |_| {
            let (on_done, look_again) = (on_done.clone(), look_again.clone());
            on_done.emit(());
            spawn_local(async move {
                // If it was not heard, acting ends two minutes after the last touch all the same.
                let _ = session::sign_out().await;
                look_again.emit(());
            });
        }
    };
    let left = props.session.idle_until.since(clock::now());
    html! {
        <div class="person station is-acting">
            <div class="who"><b>{ &props.session.name }</b><span>{ "acts on " }{ &station.name }{ ", " }{ stopwatch_text(left) }</span></div>
            <button type="button" class="button" onclick={done}>{ "Done" }</button>
        </div>
    }
}

//! The alarms of the open bed, and what its nurse does about them: acknowledge, pause the sound, switch
//! off. All of it changes this board only, and says so.

use fleetward_common::{
    access::{Action, Kind},
    alarms::{OffReason, SwitchOff},
    id::BedId,
};
use std::time::Duration;
use web_sys::{HtmlElement, HtmlSelectElement, KeyboardEvent};
use yew::{
    Callback, Html, NodeRef, Properties, classes, component, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use super::{
    super::alarms::Shown,
    alarm_block::{full, look, silence},
    limit_editor::LimitEditor,
};
use crate::{
    api::{alarms, clock},
    care::ward::BoardStore,
    hooks::{use_keys, use_permitted, use_permitted_on, use_pulse},
    identity::{Deed, parts::step_up_dialog::Needs, use_deed},
    ui::{icon::Icon, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct BedAlarmsProps {
    pub bed: BedId,
    pub store: BoardStore,
    pub zone: Zone,
}

#[component(BedAlarmsPanel)]
pub fn bed_alarms(props: &BedAlarmsProps) -> Html {
    use_pulse(1_000);
    let now = clock::now();
    let deed = use_deed(Needs::Strong);
    let (shown, state) = props.store.alarms_of(props.bed);
    let here = use_permitted_on(Kind::Bed, props.bed);
    let may = |action| here.ready().is_some_and(|caps| caps.may(Kind::Bed, action));
    let (may_pause, may_off) = (may(Action::PauseAlarms), may(Action::SwitchOffAlarms));
    let may_acknowledge = use_permitted(Kind::Patient, Action::Acknowledge);
    let may_limit = use_permitted(Kind::Patient, Action::ChangeLimits);
    let asking = use_state_eq(|| Asking::Nothing);
    let pause_button = use_node_ref();
    {
        let pause_button = pause_button.clone();
        // Enter confirms.
        use_effect_with(*asking, move |asking| {
            if *asking == Asking::Pause {
                focus(&pause_button);
            }
        });
    }
    let calls = shown.iter().any(Shown::calls);
    let patient = props.store.bed(props.bed).and_then(|bed| bed.occupancy.patient());

    let acknowledge = {
        let (deed, store) = (deed.clone(), props.store.clone());
        Callback::from(move |alarm: Shown| {
            let Some(patient) = store.patient_of(alarm.id) else {
                return;
            };
            deed.run(move || async move { Ok(alarms::acknowledge(patient, alarm.id).await?) });
        })
    };
    let (bed, run) = (props.bed, deed.clone());
    let pause = Callback::from({
        let asking = asking.clone();
        move |()| {
            asking.set(Asking::Nothing);
            run.run(move || async move { Ok(alarms::pause_sound(bed).await?) });
        }
    });
    use_keys({
        let (asking, acknowledge) = (asking.clone(), acknowledge.clone());
        let first = shown.iter().find(|alarm| alarm.calls()).cloned();
        Callback::from(move |event: KeyboardEvent| match (event.key().as_str(), &first) {
            ("a", Some(alarm)) if may_acknowledge => acknowledge.emit(alarm.clone()),
            ("s", Some(_)) if may_pause => {
                event.prevent_default();
                asking.set(Asking::Pause);
            }
            _ => {}
        })
    });
    if shown.is_empty() && state.off.is_none() && !may_off && !may_limit {
        return html! {};
    }
    let ask = |what: Asking| {
        let asking = asking.clone();
        move |_| asking.set(what)
    };
    html! {
        <section class="bed-alarms" aria-label="Alarms of this bed">
            { for shown.iter().map(|alarm| {
                let (acknowledge, this) = (acknowledge.clone(), alarm.clone());
                html! {
                    <div class="bed-actions" key={alarm.id.to_string()}>
                        <div class={classes!("alarm-block", look(alarm))}>{ full(alarm, None, now) }</div>
                        if alarm.owner.is_none() && may_acknowledge {
                            <button type="button" class="button primary" disabled={deed.is_sending()} onclick={move |_| acknowledge.emit(this.clone())}>{ "Acknowledge " }<kbd>{ "a" }</kbd></button>
                        }
                    </div>
                }
            }) }
            <div class="bed-silence">
                { silence(&state, |at| props.zone.minute(at), now) }
                if let Some(until) = state.off {
                    <span>{ format!("Alarms of this bed are off on every board until {}", props.zone.minute(until)) }
                        if let Some(by) = props.store.off_by(bed) { { format!(", by {by}") } }{ "." }</span>
                }
                if state.pause.is_some() && may_pause {
                    <button type="button" class="button" disabled={deed.is_sending()} onclick={on(&deed, move || alarms::resume_sound(bed))}>{ "Sound again" }</button>
                } else if calls && may_pause {
                    if *asking == Asking::Pause {
                        <button type="button" class="button primary" ref={pause_button.clone()} disabled={deed.is_sending()} onclick={{ let pause = pause.clone(); move |_| pause.emit(()) }}>{ "Pause the sound now" }</button>
                        <button type="button" class="button" onclick={ask(Asking::Nothing)}>{ "Leave it" }</button>
                    } else {
                        <button type="button" class="button" onclick={ask(Asking::Pause)}>{ "Pause the sound 2 min " }<kbd>{ "s" }</kbd></button>
                    }
                }
                if may_off {
                    if state.off.is_some() {
                        <button type="button" class="button" disabled={deed.is_sending()} onclick={on(&deed, move || alarms::switch_on(bed))}>{ "Alarms on again" }</button>
                    } else if *asking == Asking::Off {
                        <OffForm {bed} deed={deed.clone()} on_done={{ let asking = asking.clone(); Callback::from(move |()| asking.set(Asking::Nothing)) }} />
                    } else {
                        <button type="button" class="button" onclick={ask(Asking::Off)}>{ "Alarms off…" }</button>
                    }
                }
                if patient.is_some() && may_limit && *asking != Asking::Limits {
                    <button type="button" class="button" onclick={ask(Asking::Limits)}>{ "Limits…" }</button>
                }
                <span class="caption"><Icon name="info" />{ "On this board only. The bedside device keeps its own alarms and limits." }</span>
            </div>
            if let Some(patient) = patient.filter(|_| *asking == Asking::Limits) {
                <LimitEditor {patient} zone={props.zone.clone()} on_done={{ let asking = asking.clone(); Callback::from(move |()| asking.set(Asking::Nothing)) }} />
            }
            { deed.outcome() }
        </section>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Nothing,
    Pause,
    Off,
    Limits,
}

fn on<F>(deed: &Deed, work: impl Fn() -> F + Copy + 'static) -> Callback<yew::MouseEvent>
where
    F: Future<Output = Result<(), crate::api::ApiError>> + 'static,
{
    let deed = deed.clone();
    Callback::from(move |_| deed.run(move || async move { Ok(work().await?) }))
}

fn focus(field: &NodeRef) {
    if let Some(field) = field.cast::<HtmlElement>() {
        // An element that can't take focus just doesn't.
        let _ = field.focus();
    }
}

#[derive(Properties, PartialEq)]
struct OffFormProps {
    bed: BedId,
    deed: Deed,
    on_done: Callback<()>,
}

const MINUTES: [(u64, &str); 5] = [
    (15, "15 min"),
    (30, "30 min"),
    (60, "1 h"),
    (240, "4 h"),
    (720, "12 h"),
];

/// A reason and an end: nobody switches off for good.
#[component(OffForm)]
fn off_form(props: &OffFormProps) -> Html {
    let (reason, length) = (use_node_ref(), use_node_ref());
    let submit = {
        let (deed, bed, on_done) = (props.deed.clone(), props.bed, props.on_done.clone());
        let (reason, length) = (reason.clone(), length.clone());
        move |event: yew::SubmitEvent| {
            event.prevent_default();
            let chosen = |field: &NodeRef| field.cast::<HtmlSelectElement>().map(|field| field.value());
            let reason = chosen(&reason).and_then(|word| OffReason::parse(&word));
            let minutes = chosen(&length).and_then(|text| text.parse::<u64>().ok());
            let (Some(reason), Some(minutes)) = (reason, minutes) else {
                return;
            };
            let on_done = on_done.clone();
            deed.run(move || {
                let on_done = on_done.clone();
                async move {
                    let until = clock::now() + Duration::from_secs(minutes * 60);
                    alarms::switch_off(bed, &SwitchOff { reason, until }).await?;
                    on_done.emit(());
                    Ok(())
                }
            });
        }
    };
    let leave = props.on_done.clone();
    html! {
        <form class="off-form" onsubmit={submit}>
            <label>{ "Why " }<select ref={reason}>
                { for OffReason::ALL.iter().map(|reason| html! { <option value={reason.as_str()}>{ reason_words(*reason) }</option> }) }
            </select></label>
            <label>{ "For " }<select ref={length}>
                { for MINUTES.iter().map(|(minutes, words)| html! { <option value={minutes.to_string()}>{ *words }</option> }) }
            </select></label>
            <button type="submit" class="button primary" disabled={props.deed.is_sending()}>{ "Switch off now" }</button>
            <button type="button" class="button" onclick={move |_| leave.emit(())}>{ "Leave it" }</button>
        </form>
    }
}

const fn reason_words(reason: OffReason) -> &'static str {
    match reason {
        OffReason::Care => "Care at the bed",
        OffReason::Procedure => "A procedure, staff present",
        OffReason::Away => "The patient is away",
        OffReason::Comfort => "Comfort care",
    }
}

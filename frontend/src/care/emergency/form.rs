//! Finding one patient, saying why, proving who one is: three steps, and the patient is open.

use fleetward_common::{
    emergency::{EmergencyReason, EmergencyWard, FoundPatient, LookUp},
    id::{BedId, PatientId, UnitId},
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, HtmlSelectElement, InputEvent, KeyboardEvent, SubmitEvent};
use yew::{
    AttrValue, Callback, Html, Properties, TargetCast, UseStateHandle, component, html, use_state,
    use_state_eq,
};

use super::{
    asking::{self, Next},
    effect::Effect,
    patient_line::PatientLine,
    prove::ProveDialog,
    reason::{ReasonFields, Why},
};
use crate::{
    api,
    hooks::{use_keys, use_query},
    ui::{icon::Icon, panel::Panel},
};

/// What is known about whom is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Nothing,
    /// The address of this page names a bed.
    Bed(BedId),
}

#[derive(Properties, PartialEq)]
pub struct EmergencyFormProps {
    pub start: Start,
    pub on_open: Callback<PatientId>,
}

#[component(EmergencyForm)]
pub fn emergency_form(props: &EmergencyFormProps) -> Html {
    let found = use_state(|| None::<FoundPatient>);
    let complaint = use_state_eq(|| None::<String>);
    let busy = use_state_eq(|| false);
    let look_up = {
        let (found, complaint, busy) = (found.clone(), complaint.clone(), busy.clone());
        Callback::from(move |by: LookUp| {
            let (found, complaint, busy) = (found.clone(), complaint.clone(), busy.clone());
            busy.set(true);
            complaint.set(None);
            spawn_local(async move {
                match api::emergency::look_up(&by).await {
                    Ok(patient) => found.set(Some(patient)),
                    Err(error) => complaint.set(Some(said(&error))),
                }
                busy.set(false);
            });
        })
    };
    let start_over = {
        let found = found.clone();
        Callback::from(move |()| found.set(None))
    };
    html! {
        match (*found).clone() {
            None => html! {
                <Finder start={props.start} busy={*busy} complaint={(*complaint).clone()} on_look_up={look_up} />
            },
            Some(found) => html! { <Opening {found} on_open={props.on_open.clone()} {start_over} /> },
        }
    }
}

fn said(error: &api::ApiError) -> String {
    match asking::after(error) {
        Next::Say(words) => words,
        Next::Prove => "Prove who you are first.".to_owned(),
    }
}

#[derive(Properties, PartialEq)]
struct FinderProps {
    start: Start,
    busy: bool,
    complaint: Option<String>,
    on_look_up: Callback<LookUp>,
}

#[component(Finder)]
fn finder(props: &FinderProps) -> Html {
    let wards = use_query((), |()| api::emergency::wards());
    let number = use_state_eq(String::new);
    let ward = use_state_eq(|| None::<UnitId>);
    let bed = use_state_eq(String::new);
    let wards: Vec<EmergencyWard> = wards.ready().map(|wards| (**wards).clone()).unwrap_or_default();
    let by_number = {
        let (number, on_look_up) = (number.clone(), props.on_look_up.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            on_look_up.emit(LookUp::RecordNumber {
                record_number: (*number).clone(),
            });
        }
    };
    let by_place = {
        let (ward, bed, on_look_up) = (ward.clone(), bed.clone(), props.on_look_up.clone());
        let first = wards.first().map(|ward| ward.ward);
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(ward) = (*ward).or(first) {
                on_look_up.emit(LookUp::Place {
                    ward,
                    bed: (*bed).clone(),
                });
            }
        }
    };
    html! {
        <section class="panel bg-form" aria-labelledby="bg-find-title">
            <div class="stripes" aria-hidden="true"></div>
            <header><h2 id="bg-find-title">{ "Open in an emergency" }</h2><p>{ "The patient comes first. You decide; nobody has to approve it. Find the one patient exactly: each search is recorded." }</p></header>
            <div class="bg-find">
                if let Start::Bed(bed) = props.start {
                    <div class="bg-find-one">
                        <p class="legend">{ "The bed of this address" }</p>
                        <button type="button" class="button primary tall" disabled={props.busy} onclick={{
                            let on_look_up = props.on_look_up.clone();
                            move |_| on_look_up.emit(LookUp::Bed { bed })
                        }}><Icon name="search" />{ "Find who lies there" }</button>
                    </div>
                }
                <form class="bg-find-one" onsubmit={by_number}>
                    <label class="legend" for="bg-number">{ "Record number" }</label>
                    <div class="bg-row">
                        <input id="bg-number" autocomplete="off" spellcheck="false" required=true value={(*number).clone()} oninput={typed(&number)} />
                        <button type="submit" class="button tall" disabled={props.busy}>{ "Find by number" }</button>
                    </div>
                </form>
                <form class="bg-find-one" onsubmit={by_place}>
                    <p class="legend" id="bg-place">{ "Or ward and bed" }</p>
                    <div class="bg-row" role="group" aria-labelledby="bg-place">
                        <select aria-label="Ward" onchange={{
                            let ward = ward.clone();
                            move |event: yew::Event| {
                                if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
                                    ward.set(select.value().parse().ok());
                                }
                            }
                        }}>
                            { for wards.iter().map(|ward| html! { <option value={ward.ward.to_string()}>{ &ward.name }</option> }) }
                        </select>
                        <input class="bg-bed" aria-label="Bed" autocomplete="off" required=true size="4" value={(*bed).clone()} oninput={typed(&bed)} />
                        <button type="submit" class="button tall" disabled={props.busy || wards.is_empty()}>{ "Find by bed" }</button>
                    </div>
                </form>
                if let Some(complaint) = &props.complaint { <p class="bg-wrong" role="alert">{ complaint }</p> }
            </div>
        </section>
    }
}

fn typed(into: &UseStateHandle<String>) -> Callback<InputEvent> {
    let into = into.clone();
    Callback::from(move |event: InputEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            into.set(input.value());
        }
    })
}

#[derive(Properties, PartialEq)]
struct OpeningProps {
    found: FoundPatient,
    on_open: Callback<PatientId>,
    start_over: Callback<()>,
}

#[component(Opening)]
fn opening(props: &OpeningProps) -> Html {
    let found = &props.found;
    let why = use_state_eq(Why::default);
    let complaint = use_state_eq(|| None::<String>);
    let busy = use_state_eq(|| false);
    let proving = use_state_eq(|| false);
    let send = {
        let (why, complaint, busy, proving) = (why.clone(), complaint.clone(), busy.clone(), proving.clone());
        let (patient, on_open) = (found.patient, props.on_open.clone());
        Callback::from(move |()| {
            let asked = match asking::complete(&why) {
                Ok(asked) => asked,
                Err(missing) => return complaint.set(Some(missing.to_owned())),
            };
            let (complaint, busy, proving) = (complaint.clone(), busy.clone(), proving.clone());
            let on_open = on_open.clone();
            complaint.set(None);
            busy.set(true);
            spawn_local(async move {
                match api::emergency::open(patient, &asked).await {
                    Ok(_) => on_open.emit(patient),
                    Err(error) => match asking::after(&error) {
                        Next::Prove => proving.set(true),
                        Next::Say(words) => complaint.set(Some(words)),
                    },
                }
                busy.set(false);
            });
        })
    };
    use_keys({
        let why = why.clone();
        Callback::from(move |event: KeyboardEvent| {
            let key: Option<usize> = event.key().parse().ok();
            let reason = key.and_then(|key| EmergencyReason::ALL.get(key.checked_sub(1)?));
            if let Some(reason) = reason {
                event.prevent_default();
                why.set(Why {
                    reason: Some(*reason),
                    ..(*why).clone()
                });
            }
        })
    });
    let on_submit = {
        let send = send.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(());
        }
    };
    let on_keydown = {
        let send = send.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                send.emit(());
            }
        }
    };
    let place = found
        .place
        .as_ref()
        .map(|place| format!("{}, bed {}", place.ward_name, place.bed_label));
    let proven = {
        let (send, proving) = (send.clone(), proving.clone());
        Callback::from(move |()| {
            proving.set(false);
            send.emit(());
        })
    };
    let start_over = {
        let start_over = props.start_over.clone();
        move |_| start_over.emit(())
    };
    html! {
        <>
            <PatientLine identity={found.identity.clone()} place={place.map(AttrValue::from)}>
                <p class="hint">{ "Compare two of these with the patient." }<br /><button type="button" class="button quiet" onclick={start_over}>{ "Someone else" }</button></p>
            </PatientLine>
            if found.already_open {
                <Panel title="Open to you already"><p class="body">{ "This patient is one of yours, so there is nothing to open." }</p></Panel>
            } else {
                <div class="bg-columns">
                    <form class="panel bg-form" aria-labelledby="bg-title" onsubmit={on_submit} onkeydown={on_keydown}>
                        <div class="stripes" aria-hidden="true"></div>
                        <header><h2 id="bg-title">{ "Open in an emergency" }</h2><p>{ "The patient comes first. You decide; nobody has to approve it." }</p></header>
                        <ReasonFields id="bg" why={(*why).clone()} on_change={{ let why = why.clone(); Callback::from(move |next| why.set(next)) }} complaint={(*complaint).clone().map(AttrValue::from)} />
                        <div class="bg-step">
                            <p class="legend"><span class="mark" aria-hidden="true">{ "3" }</span>{ "Show that it is you" }</p>
                            <div class="bg-go">
                                <button type="submit" class="button primary tall" disabled={*busy}><Icon name="key" />{ "Confirm and open " }<kbd>{ "Ctrl Enter" }</kbd></button>
                                <span class="muted">{ "Passkey, or password and code" }</span>
                            </div>
                        </div>
                    </form>
                    <Effect found={found.clone()} />
                </div>
            }
            <ProveDialog open={*proving} on_proven={proven} on_close={{ let proving = proving.clone(); Callback::from(move |()| proving.set(false)) }} />
        </>
    }
}

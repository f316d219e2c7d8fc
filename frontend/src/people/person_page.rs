//! One person's access: what it is, what it was, what it opens, and every change of it.

use fleetward_common::{
    id::MembershipId,
    people::{
        IdentityCheck, MemberChange, MemberState, MemberView, OrganisationView, RecoveryStarted, RolePreview,
    },
    time::Instant,
};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew_router::prelude::*;

use super::{
    parts::{AccessForm, AskFirst, Deed, Preview, ProofFirst, Wanted, moment, use_deed},
    words::state_chip,
};
use crate::{
    api::{clock, people},
    hooks::{Query, use_keys, use_query, use_session},
    shell::staff::StaffRoute,
    ui::{age::age_text, async_view::AsyncView, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct PersonPageProps {
    pub membership: MembershipId,
}

#[component(PersonPage)]
pub fn person_page(props: &PersonPageProps) -> Html {
    let member = use_query(props.membership, people::member);
    let navigator = use_navigator();
    use_keys(Callback::from(move |event: KeyboardEvent| {
        if let ("Escape", Some(navigator)) = (event.key().as_str(), &navigator) {
            navigator.push(&StaffRoute::People);
        }
    }));
    let reload = member.reload.clone();
    let ready = Callback::from(move |member: Rc<MemberView>| {
        let reload = reload.clone();
        let key = member.membership.to_string();
        html! { <Person {key} {member} {reload} /> }
    });
    html! {
        <>
            <p class="way-up"><Link<StaffRoute> to={StaffRoute::People}>{ "People" }</Link<StaffRoute>></p>
            <AsyncView<MemberView> of={member} what="this person" {ready} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PersonProps {
    member: Rc<MemberView>,
    reload: Callback<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Suspend,
    End,
    Recover,
}

#[component(Person)]
fn person(props: &PersonProps) -> Html {
    let member = &props.member;
    let organisation_id = use_session().map(|session| session.organisation);
    let organisation = use_query(organisation_id, |id| async move {
        let id = id.ok_or(crate::api::ApiError::NoAnswer)?;
        people::organisation(id).await
    });
    let deed = use_deed();
    let asked = use_state_eq(|| Asked::Nothing);
    let code = use_state_eq(|| None::<RecoveryStarted>);
    let known_by = use_state_eq(|| None::<IdentityCheck>);
    let (now, zone) = (clock::now(), Zone::of_viewer());
    let id = member.membership;
    let changed = {
        let (reload, navigator) = (props.reload.clone(), use_navigator());
        Callback::from(move |after: MemberView| {
            // A new role is an interval of its own, with an address of its own.
            match &navigator {
                Some(navigator) if after.membership != id => navigator.replace(&StaffRoute::Person {
                    membership: after.membership,
                }),
                _ => reload.emit(()),
            }
        })
    };
    let ask = |what: Asked| {
        let asked = asked.clone();
        Callback::from(move |_: MouseEvent| asked.set(what))
    };
    let stop = {
        let asked = asked.clone();
        Callback::from(move |()| asked.set(Asked::Nothing))
    };
    let suspend = {
        let (deed, asked, changed) = (deed.clone(), asked.clone(), changed.clone());
        Callback::from(move |()| {
            asked.set(Asked::Nothing);
            deed.send(
                move || people::suspend(id),
                "Suspended. Every open session has ended.",
                changed.clone(),
            );
        })
    };
    let lift = {
        let (deed, changed) = (deed.clone(), changed.clone());
        Callback::from(move |_: MouseEvent| {
            deed.send(
                move || people::lift_suspension(id),
                "Lifted. They sign in as before.",
                changed.clone(),
            );
        })
    };
    let end = {
        let (deed, asked, changed) = (deed.clone(), asked.clone(), changed.clone());
        Callback::from(move |()| {
            asked.set(Asked::Nothing);
            deed.send(
                move || people::end(id),
                "Ended. Their history stays on record.",
                changed.clone(),
            );
        })
    };
    let recover = {
        let (deed, asked, code, known_by) = (deed.clone(), asked.clone(), code.clone(), known_by.clone());
        Callback::from(move |()| {
            let Some(proven_by) = *known_by else { return };
            asked.set(Asked::Nothing);
            known_by.set(None);
            let code = code.clone();
            let show = Callback::from(move |started: RecoveryStarted| code.set(Some(started)));
            deed.send(
                move || people::start_recovery(id, proven_by),
                "The link is on its way to them.",
                show,
            );
        })
    };
    let take_back = {
        let (deed, changed) = (deed.clone(), changed.clone());
        Callback::from(move |_: MouseEvent| {
            deed.send(
                move || people::take_back_plan(id),
                "The planned change is off.",
                changed.clone(),
            );
        })
    };
    let planned = member
        .history
        .iter()
        .skip(1)
        .map(|interval| interval.from)
        .chain(
            member
                .history
                .iter()
                .flat_map(|interval| interval.units.iter().map(|unit| unit.from)),
        )
        .filter(|from| *from > now && *from != member.since)
        .min();
    let changeable = member.not_changeable.is_none();
    let open = matches!(member.state, MemberState::Active | MemberState::NotYet);
    let first_name = member.name.split(' ').next().unwrap_or_default().to_owned();
    let ready = {
        let (member, deed, changed) = (member.clone(), deed.clone(), changed.clone());
        Callback::from(move |organisation: Rc<OrganisationView>| {
            html! { <Access member={member.clone()} {organisation} deed={deed.clone()} on_changed={changed.clone()} /> }
        })
    };
    html! {
        <>
            { head(member, &zone, now) }
            if let Some(why) = &member.not_changeable { <p class="not-changeable">{ why }</p> }
            { deed.say() }
            if let Some(at) = planned {
                <p class="planned">
                    <span>{ "A change is planned from " }<b>{ zone.moment(at, now) }</b></span>
                    if changeable { <button type="button" class="button" onclick={take_back}>{ "Take it back" }</button> }
                </p>
            }
            <div class="person-grid">
                <div>
                    if open && changeable && planned.is_none() {
                        <AsyncView<OrganisationView> of={organisation} what="the roles and units" {ready} />
                    }
                    { history(member, &zone, now) }
                </div>
                if changeable && member.state != MemberState::Ended {
                    <section class="panel take-away" aria-label="Taking access away, and giving it back">
                        if member.state == MemberState::Suspended {
                            <div class="suspend"><p><b>{ "Access is suspended" }</b><span>{ "Passkeys and units stay as they are." }</span></p>
                                <button type="button" class="button primary" onclick={lift}>{ "Lift the suspension" }</button></div>
                        } else {
                            <div class="suspend"><p><b>{ "Suspend access" }</b><span>{ format!("Signs {first_name} out everywhere within 1 s. Passkeys stay. You can lift it.") }</span></p>
                                <button type="button" class="button" onclick={ask(Asked::Suspend)}>{ "Suspend…" }</button></div>
                        }
                        if member.state == MemberState::Active {
                            <div class="suspend"><p><b>{ "Lost every way to sign in?" }</b><span>{ format!("Starts a way back, once you know that it is {first_name} who asks.") }</span></p>
                                <button type="button" class="button" onclick={ask(Asked::Recover)}>{ "Recover…" }</button></div>
                        }
                        <div class="suspend"><p><b>{ "End access" }</b><span>{ "For good. Who they were and what they did stays on record." }</span></p>
                            <button type="button" class="button" onclick={ask(Asked::End)}>{ "End…" }</button></div>
                        if let Some(started) = (*code).clone() { { code_panel(&started, &first_name, &zone, now) } }
                    </section>
                }
            </div>
            <AskFirst open={*asked == Asked::Suspend} title={format!("Suspend {}?", member.name)} deed="Suspend now" on_yes={suspend} on_no={stop.clone()}>
                <p>{ format!("{first_name} is signed out on every screen within 1 s and can’t sign in to this organisation. You can lift it.") }</p>
            </AskFirst>
            <AskFirst open={*asked == Asked::End} title={format!("End the access of {}?", member.name)} deed="End it now" on_yes={end} on_no={stop.clone()}>
                <p>{ "This can’t be undone: to come back they are invited anew." }</p>
            </AskFirst>
            <AskFirst open={*asked == Asked::Recover} title={format!("A way back for {}?", member.name)} deed="I know them: start" on_yes={recover} on_no={stop} not_yet={known_by.is_none()}>
                <fieldset class="known-by">
                    <legend>{ format!("I know that it is {first_name} who asks: they …") }</legend>
                    { for IdentityCheck::ALL.iter().map(|check| {
                        let (known_by, check) = (known_by.clone(), *check);
                        html! {
                            <label><input type="radio" name="known-by" checked={*known_by == Some(check)} onchange={move |_| known_by.set(Some(check))} />
                                <span>{ check.in_words() }</span></label>
                        }
                    }) }
                </fieldset>
                <p>{ "A link goes to their mail address; you get a code to tell them. It takes both. What you say here is on record, and the privacy officers hear of it." }</p>
            </AskFirst>
            <ProofFirst deed={deed.clone()} waiting={deed.proof()} />
        </>
    }
}

fn head(member: &MemberView, zone: &Zone, now: Instant) -> Html {
    let (word, chip) = state_chip(member.state);
    let seen = member.last_sign_in.map_or_else(
        || "never signed in".to_owned(),
        |at| format!("last sign-in {} ago", age_text(now.since(at))),
    );
    let with = if member.signs_in_with.is_empty() {
        "no way to sign in yet".to_owned()
    } else {
        format!("signs in with {}", member.signs_in_with.join(", "))
    };
    html! {
        <div class="page-head">
            <div>
                <h1>{ &member.name }</h1>
                <p class="muted">{ format!("{}, with us since {}; {seen}; {with}", member.email.as_ref().unwrap_or(&member.login), zone.date(member.since)) }</p>
            </div>
            <div class="end">{ chip.map_or_else(|| html! { <span class="muted">{ word }</span> }, |class| html! { <span {class}>{ word }</span> }) }</div>
        </div>
    }
}

fn code_panel(started: &RecoveryStarted, first_name: &str, zone: &Zone, now: Instant) -> Html {
    let (a, b) = started.code.split_at(started.code.len() / 2);
    html! {
        <div class="recovery-code" role="status">
            <p>{ format!("Tell {first_name} this code, in person or by phone. It is shown once.") }</p>
            <p class="code mono">{ format!("{a} {b}") }</p>
            <p class="caption">{ "Works until " }{ zone.moment(started.expires_at, now) }{ ", together with the link in their mail." }</p>
        </div>
    }
}

fn history(member: &MemberView, zone: &Zone, now: Instant) -> Html {
    html! {
        <section class="panel history" aria-label="Roles and units over time">
            <header><h2>{ "Over time" }</h2></header>
            <ol>
                { for member.history.iter().rev().map(|interval| {
                    let end = match interval.until {
                        None => "no end".to_owned(),
                        Some(until) => zone.moment(until, now),
                    };
                    html! {
                        <li class={if interval.from > now { "is-planned" } else { "" }}>
                            <p><b>{ interval.role.title() }</b>{ ", " }{ zone.moment(interval.from, now) }{ " to " }{ end }
                                if interval.from > now { { " (planned)" } }</p>
                            <ul>
                                { for interval.units.iter().map(|unit| html! {
                                    <li class="caption">{ &unit.name }{ ", from " }{ zone.moment(unit.from, now) }
                                        if let Some(until) = unit.until { { format!(" to {}", zone.moment(until, now)) } }</li>
                                }) }
                            </ul>
                        </li>
                    }
                }) }
            </ol>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct AccessProps {
    member: Rc<MemberView>,
    organisation: Rc<OrganisationView>,
    deed: Deed,
    on_changed: Callback<MemberView>,
}

/// Role, units, end and beginning, with what they would open.
#[component(Access)]
fn access(props: &AccessProps) -> Html {
    let member = &props.member;
    let held = Wanted {
        role: member.role,
        units: member.units.clone(),
        until: member.until,
    };
    let wanted = {
        let held = held.clone();
        use_state_eq(move || held)
    };
    let later = use_state_eq(String::new);
    let organisation = props.organisation.id;
    let now_key = (held.role, held.unit_ids());
    let wanted_key = (wanted.role, wanted.unit_ids());
    let present: Query<RolePreview> = use_query(now_key, move |(role, units)| async move {
        people::preview(organisation, role, &units).await
    });
    let proposed: Query<RolePreview> = use_query(wanted_key, move |(role, units)| async move {
        people::preview(organisation, role, &units).await
    });
    let dirty = *wanted != held;
    let set = {
        let wanted = wanted.clone();
        Callback::from(move |next: Wanted| wanted.set(next))
    };
    let undo = {
        let (wanted, held, later) = (wanted.clone(), held.clone(), later.clone());
        Callback::from(move |_: MouseEvent| {
            wanted.set(held.clone());
            later.set(String::new());
        })
    };
    let on_later = {
        let later = later.clone();
        move |event: Event| later.set(event.target_unchecked_into::<HtmlInputElement>().value())
    };
    let save = {
        let (wanted, later, deed, done, id) = (
            wanted.clone(),
            later.clone(),
            props.deed.clone(),
            props.on_changed.clone(),
            member.membership,
        );
        move |event: SubmitEvent| {
            event.prevent_default();
            let change = MemberChange {
                role: wanted.role,
                units: wanted.units.clone(),
                until: wanted.until,
                from: moment(&later),
            };
            deed.send(
                move || {
                    let change = change.clone();
                    async move { people::change(id, &change).await }
                },
                "Saved, and recorded with your name.",
                done.clone(),
            );
        }
    };
    let sending = props.deed.is_sending();
    let role_changes = wanted.role != held.role;
    let name = member.name.clone();
    let before = present.ready().cloned();
    let ready = Callback::from(move |proposed: Rc<RolePreview>| {
        html! { <Preview name={name.clone()} wanted={proposed} present={before.clone()} /> }
    });
    html! {
        <section class="panel person-access" aria-label="Access">
            <form onsubmit={save}>
                <AccessForm organisation={props.organisation.clone()} wanted={(*wanted).clone()} on_change={set} disabled={sending} />
                <AsyncView<RolePreview> of={proposed} what="what this opens" {ready} />
                <div class="field begin">
                    <label for="begin">{ "Begins" }</label>
                    <input id="begin" type="datetime-local" value={(*later).clone()} onchange={on_later} aria-describedby="begin-hint" />
                    <span id="begin-hint" class="caption">{ "Empty: now. Never in the past." }</span>
                </div>
                <div class="person-go">
                    <button type="submit" class="button primary tall" disabled={!dirty || sending} title={(!dirty).then_some("Nothing is changed yet")}>{ "Save the change" }</button>
                    <button type="button" class="button quiet" disabled={!dirty} onclick={undo}>{ "Undo" }</button>
                    <p class="caption">
                        { "Takes effect within 1 s, on every open screen. Recorded with your name." }
                        if role_changes { { " A new role signs them out once." } }
                    </p>
                </div>
            </form>
        </section>
    }
}

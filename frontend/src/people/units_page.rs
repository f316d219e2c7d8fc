//! Sites and units of the organisation: adding, renaming, and closing a unit that is empty.

use fleetward_common::{
    id::{SiteId, UnitId},
    people::{NewUnit, OrganisationView, SiteForm, SiteView, UnitName, UnitView},
};
use std::rc::Rc;
use yew::prelude::*;

use super::parts::{AskFirst, DeadlinesForm, SiteFields, use_deed};
use crate::{
    api::{ApiError, clock, people},
    hooks::{use_query, use_session},
    ui::{async_view::AsyncView, name_form::NameForm, zone::Zone},
};

#[component(UnitsPage)]
pub fn units_page() -> Html {
    let organisation_id = use_session().map(|session| session.organisation);
    let organisation = use_query(organisation_id, |id| async move {
        people::organisation(id.ok_or(ApiError::NoAnswer)?).await
    });
    let reload = organisation.reload.clone();
    let ready = Callback::from(move |organisation: Rc<OrganisationView>| {
        html! { <Units {organisation} reload={reload.clone()} /> }
    });
    html! {
        <>
            <div class="page-head"><div>
                <h1>{ "Sites and units" }</h1>
                <p class="muted">{ "A unit is a ward or a clinic. Who works in one sees who is in it." }</p>
            </div></div>
            <AsyncView<OrganisationView> of={organisation} what="the sites and units" {ready} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct UnitsProps {
    organisation: Rc<OrganisationView>,
    reload: Callback<()>,
}

/// What is being written: a new unit of a site, or another name.
#[derive(Clone, PartialEq)]
enum Writing {
    Nothing,
    NewSite,
    Site(SiteId),
    New(SiteId),
    Name(UnitId, String),
    Closing(UnitId, String),
}

#[component(Units)]
fn units(props: &UnitsProps) -> Html {
    let deed = use_deed();
    let writing = use_state_eq(|| Writing::Nothing);
    let id = props.organisation.id;
    let done = |said: &'static str| {
        let (writing, reload) = (writing.clone(), props.reload.clone());
        (
            said,
            Callback::from(move |()| {
                writing.set(Writing::Nothing);
                reload.emit(());
            }),
        )
    };
    let save_site = {
        let (deed, writing) = (deed.clone(), writing.clone());
        let (added, changed) = (done("Added."), done("Changed."));
        Callback::from(move |form: SiteForm| {
            let shown = |then: Callback<()>| Callback::from(move |_: OrganisationView| then.emit(()));
            match *writing {
                Writing::Site(site) => deed.send(
                    move || {
                        let form = form.clone();
                        async move { people::change_site(id, site, &form).await }
                    },
                    changed.0,
                    shown(changed.1.clone()),
                ),
                _ => deed.send(
                    move || {
                        let form = form.clone();
                        async move { people::add_site(id, &form).await }
                    },
                    added.0,
                    shown(added.1.clone()),
                ),
            }
        })
    };
    let save = {
        let (deed, writing) = (deed.clone(), writing.clone());
        let (added, renamed) = (done("Added."), done("Renamed."));
        Callback::from(move |name: String| match (*writing).clone() {
            Writing::New(site) => {
                let then = added.1.clone();
                deed.send(
                    move || {
                        let name = name.clone();
                        async move { people::add_unit(id, &NewUnit { site, name }).await }
                    },
                    added.0,
                    Callback::from(move |_: OrganisationView| then.emit(())),
                );
            }
            Writing::Name(unit, _) => deed.send(
                move || {
                    let name = UnitName { name: name.clone() };
                    async move { people::rename_unit(unit, &name).await }
                },
                renamed.0,
                renamed.1.clone(),
            ),
            Writing::Nothing | Writing::NewSite | Writing::Site(_) | Writing::Closing(..) => {}
        })
    };
    let close = {
        let (deed, writing) = (deed.clone(), writing.clone());
        let (said, then) = done("Closed. What happened in it stays on record.");
        Callback::from(move |()| {
            if let Writing::Closing(unit, _) = *writing {
                deed.send(move || people::close_unit(unit), said, then.clone());
            }
            writing.set(Writing::Nothing);
        })
    };
    let write = {
        let writing = writing.clone();
        Callback::from(move |what: Writing| writing.set(what))
    };
    let stop = {
        let writing = writing.clone();
        Callback::from(move |()| writing.set(Writing::Nothing))
    };
    let closing = match &*writing {
        Writing::Closing(_, name) => Some(name.clone()),
        _ => None,
    };
    let add_site = {
        let write = write.clone();
        move |_| write.emit(Writing::NewSite)
    };
    html! {
        <>
            { deed.say() }
            if props.organisation.sites.is_empty() {
                <p class="muted">{ "There is no site yet. A site is where units are: a hospital, a branch." }</p>
            }
            { for props.organisation.sites.iter().map(|site| site_panel(site, &writing, &write, &save, &save_site)) }
            if *writing == Writing::NewSite {
                <section class="panel units-table" aria-label="A new site"><div class="table-foot">
                    <SiteFields name="" time_zone={Zone::of_viewer().name().to_owned()} on_save={save_site} on_leave={stop.clone()} />
                </div></section>
            } else { <p><button type="button" class="button" onclick={add_site}>{ "Add a site" }</button></p> }
            if let Some(deadlines) = props.organisation.review_deadlines {
                <DeadlinesForm organisation={id} {deadlines} on_saved={props.reload.clone()} />
            }
            <AskFirst open={closing.is_some()} title={format!("Close {}?", closing.unwrap_or_default())} deed="Close it" on_yes={close} on_no={stop}>
                <p>{ "Nobody and nothing can be put into it any more. What happened in it stays on record." }</p>
            </AskFirst>
        </>
    }
}

fn site_panel(
    site: &SiteView,
    writing: &Writing,
    write: &Callback<Writing>,
    save: &Callback<String>,
    save_site: &Callback<SiteForm>,
) -> Html {
    let to = |what: Writing| {
        let write = write.clone();
        move |_: MouseEvent| write.emit(what.clone())
    };
    let leave = write.reform(|()| Writing::Nothing);
    html! {
        <section class="panel units-table" aria-label={site.name.clone()}>
            if *writing == Writing::Site(site.id) {
                <div class="table-foot"><SiteFields name={site.name.clone()} time_zone={site.time_zone.clone()} on_save={save_site.clone()} on_leave={leave.clone()} /></div>
            } else {
                <header><h2>{ &site.name }</h2><span class="caption">{ format!("makers know it as {}; times in {}", site.spoken_code, site.time_zone) }</span>
                    <span class="end"><button type="button" class="button quiet" onclick={to(Writing::Site(site.id))} aria-label={format!("Change {}", site.name)}>{ "Change" }</button></span></header>
            }
            <div class="table-scroll" tabindex="0" role="region" aria-label={format!("Units of {}", site.name)}>
                <table class="data">
                    <thead><tr><th scope="col">{ "Unit" }</th><th scope="col" class="num">{ "Beds" }</th><th scope="col" class="num">{ "People" }</th><th scope="col">{ "State" }</th><th scope="col"><span class="hidden">{ "Changes" }</span></th></tr></thead>
                    <tbody>
                        { for site.units.iter().map(|unit| unit_row(unit, writing, write, save)) }
                        if site.units.is_empty() { <tr><td colspan="5" class="muted">{ "No unit yet" }</td></tr> }
                    </tbody>
                </table>
            </div>
            <div class="table-foot">
                if *writing == Writing::New(site.id) { <NameForm label="Name of the new unit" name="" on_save={save.clone()} on_leave={leave} /> }
                else { <button type="button" class="button" onclick={to(Writing::New(site.id))}>{ "Add a unit" }</button> }
            </div>
        </section>
    }
}

fn unit_row(unit: &UnitView, writing: &Writing, write: &Callback<Writing>, save: &Callback<String>) -> Html {
    let (now, zone, id) = (clock::now(), Zone::of_viewer(), unit.id);
    let rename = {
        let (write, name) = (write.clone(), unit.name.clone());
        move |_| write.emit(Writing::Name(id, name.clone()))
    };
    let close = {
        let (write, name) = (write.clone(), unit.name.clone());
        move |_| write.emit(Writing::Closing(id, name.clone()))
    };
    let is_renamed = matches!(writing, Writing::Name(renamed, _) if *renamed == id);
    let why_not = (!unit.holds.is_empty()).then(|| format!("Still in it: {}", unit.holds.join(", ")));
    html! {
        <tr>
            <td>if is_renamed { <NameForm label="New name" name={unit.name.clone()} on_save={save.clone()} on_leave={write.reform(|()| Writing::Nothing)} /> } else { <b>{ &unit.name }</b> }</td>
            <td class="num">{ unit.beds }</td>
            <td class="num">{ unit.people }</td>
            <td>{ unit.closed_at.map_or_else(|| "Open".to_owned(), |at| format!("Closed {}", zone.moment(at, now))) }</td>
            <td class="row-go">
                if unit.closed_at.is_none() {
                    <button type="button" class="button quiet" onclick={rename} aria-label={format!("Rename {}", unit.name)}>{ "Rename" }</button>
                    <button type="button" class="button quiet" onclick={close} disabled={why_not.is_some()} title={why_not.clone()} aria-label={format!("Close {}", unit.name)}>{ "Close…" }</button>
                    if let Some(why) = &why_not { <span class="caption">{ why }</span> }
                }
            </td>
        </tr>
    }
}

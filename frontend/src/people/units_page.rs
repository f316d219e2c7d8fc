//! Sites and units of the organisation: adding, renaming, and closing what is empty.

use fleetward_common::{
    id::{SiteId, UnitId},
    people::{NewUnit, OrganisationView, SiteView, UnitName, UnitView},
};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::parts::{AskFirst, use_deed};
use crate::{
    api::{ApiError, clock, people},
    hooks::{use_query, use_session},
    ui::{async_view::AsyncView, zone::Zone},
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
    New(SiteId),
    Name(UnitId, String),
    Closing(UnitId, String),
}

#[component(Units)]
fn units(props: &UnitsProps) -> Html {
    let deed = use_deed();
    let writing = use_state_eq(|| Writing::Nothing);
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with((*writing).clone(), move |_| {
            if let Some(field) = field.cast::<HtmlInputElement>() {
                // A field that can't take focus just doesn't.
                let _ = field.focus();
            }
        });
    }
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
    let save = {
        let (deed, writing, field) = (deed.clone(), writing.clone(), field.clone());
        let (added, renamed) = (done("Added."), done("Renamed."));
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let name = field
                .cast::<HtmlInputElement>()
                .map(|field| field.value())
                .unwrap_or_default();
            match (*writing).clone() {
                Writing::New(site) => {
                    let then = added.1.clone();
                    deed.send(
                        move || {
                            let unit = NewUnit {
                                site,
                                name: name.clone(),
                            };
                            async move { people::add_unit(id, &unit).await }
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
                Writing::Nothing | Writing::Closing(..) => {}
            }
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
    html! {
        <>
            { deed.say() }
            { for props.organisation.sites.iter().map(|site| site_panel(site, &writing, &write, &save, &field)) }
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
    save: &Callback<SubmitEvent>,
    field: &NodeRef,
) -> Html {
    let add = {
        let (write, id) = (write.clone(), site.id);
        move |_| write.emit(Writing::New(id))
    };
    html! {
        <section class="panel units-table" aria-label={site.name.clone()}>
            <header><h2>{ &site.name }</h2><span class="caption">{ format!("makers know it as {}; times in {}", site.spoken_code, site.time_zone) }</span></header>
            <div class="table-scroll" tabindex="0" role="region" aria-label={format!("Units of {}", site.name)}>
                <table class="data">
                    <thead><tr><th scope="col">{ "Unit" }</th><th scope="col" class="num">{ "Beds" }</th><th scope="col" class="num">{ "People" }</th><th scope="col">{ "State" }</th><th scope="col"><span class="hidden">{ "Changes" }</span></th></tr></thead>
                    <tbody>{ for site.units.iter().map(|unit| unit_row(unit, writing, write, save, field)) }</tbody>
                </table>
            </div>
            <div class="table-foot">
                if *writing == Writing::New(site.id) { { name_form("Name of the new unit", "", save, field, write) } }
                else { <button type="button" class="button" onclick={add}>{ "Add a unit" }</button> }
            </div>
        </section>
    }
}

fn unit_row(
    unit: &UnitView,
    writing: &Writing,
    write: &Callback<Writing>,
    save: &Callback<SubmitEvent>,
    field: &NodeRef,
) -> Html {
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
    let why_not = (!unit.holds.is_empty()).then(|| format!("Still {} in it", unit.holds.join(", ")));
    html! {
        <tr>
            <td>if is_renamed { { name_form("New name", &unit.name, save, field, write) } } else { <b>{ &unit.name }</b> }</td>
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

fn name_form(
    label: &'static str,
    name: &str,
    save: &Callback<SubmitEvent>,
    field: &NodeRef,
    write: &Callback<Writing>,
) -> Html {
    let write = write.clone();
    html! {
        <form class="name-form" onsubmit={save.clone()}>
            <input ref={field.clone()} aria-label={label} placeholder={label} value={name.to_owned()} required=true maxlength="80" />
            <button type="submit" class="button primary">{ "Save" }</button>
            <button type="button" class="button" onclick={move |_| write.emit(Writing::Nothing)}>{ "Leave it" }</button>
        </form>
    }
}

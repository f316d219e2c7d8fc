//! Role, units and end of access: the same fields for somebody who is invited and somebody who is here.

use fleetward_common::{
    access::Role,
    id::UnitId,
    people::{OrganisationView, UnitGrant, works_in_units},
    time::Instant,
};
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::{Callback, Event, Html, Properties, TargetCast, component, html};

use super::when::{as_date, end_of_day};

/// What is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub role: Role,
    pub units: Vec<UnitGrant>,
    pub until: Option<Instant>,
}

impl Wanted {
    pub fn unit_ids(&self) -> Vec<UnitId> {
        self.units.iter().map(|grant| grant.unit).collect()
    }
}

#[derive(Properties, PartialEq)]
pub struct AccessFormProps {
    pub organisation: Rc<OrganisationView>,
    pub wanted: Wanted,
    pub on_change: Callback<Wanted>,
    #[prop_or(false)]
    pub disabled: bool,
}

#[component(AccessForm)]
pub fn access_form(props: &AccessFormProps) -> Html {
    let change = |alter: fn(&mut Wanted, String)| {
        let (wanted, on_change) = (props.wanted.clone(), props.on_change.clone());
        move |value: String| {
            let mut wanted = wanted.clone();
            alter(&mut wanted, value);
            on_change.emit(wanted);
        }
    };
    let to_role = change(|wanted, word| {
        if let Some(role) = Role::parse(&word) {
            wanted.role = role;
            if !works_in_units(role) {
                wanted.units.clear();
            }
        }
    });
    let to_until = change(|wanted, day| wanted.until = end_of_day(&day));
    let disabled = props.disabled;
    html! {
        <div class="person-fields">
            <div class="field">
                <label for="role">{ "Role" }</label>
                <select id="role" {disabled} onchange={move |event: Event| to_role(event.target_unchecked_into::<HtmlSelectElement>().value())}>
                    { for props.organisation.roles.iter().map(|role| html! {
                        <option value={role.as_str()} selected={*role == props.wanted.role}>{ role.title() }</option>
                    }) }
                </select>
            </div>
            <div class="field">
                <label for="until">{ "Access until" }</label>
                <input id="until" type="date" {disabled} value={as_date(props.wanted.until)} aria-describedby="until-hint"
                    onchange={move |event: Event| to_until(event.target_unchecked_into::<HtmlInputElement>().value())} />
                <span id="until-hint" class="caption">{ "Empty: no end" }</span>
            </div>
            if works_in_units(props.wanted.role) { { units(props) } }
        </div>
    }
}

fn units(props: &AccessFormProps) -> Html {
    let disabled = props.disabled;
    let several_sites = props.organisation.sites.len() > 1;
    let open = props
        .organisation
        .sites
        .iter()
        .flat_map(|site| site.units.iter().map(move |unit| (site, unit)))
        .filter(|(_, unit)| unit.closed_at.is_none());
    html! {
        <fieldset class="field units">
            <legend>{ "Units" }</legend>
            <ul class="unit-set">
                { for open.map(|(site, unit)| {
                    let id = unit.id;
                    let granted = props.wanted.units.iter().find(|grant| grant.unit == id);
                    let toggle = {
                        let (wanted, on_change) = (props.wanted.clone(), props.on_change.clone());
                        move |_| {
                            let mut wanted = wanted.clone();
                            if wanted.units.iter().any(|grant| grant.unit == id) {
                                wanted.units.retain(|grant| grant.unit != id);
                            } else {
                                wanted.units.push(UnitGrant { unit: id, until: None });
                            }
                            on_change.emit(wanted);
                        }
                    };
                    let limit = {
                        let (wanted, on_change) = (props.wanted.clone(), props.on_change.clone());
                        move |event: Event| {
                            let mut wanted = wanted.clone();
                            let day = event.target_unchecked_into::<HtmlInputElement>().value();
                            for grant in wanted.units.iter_mut().filter(|grant| grant.unit == id) {
                                grant.until = end_of_day(&day);
                            }
                            on_change.emit(wanted);
                        }
                    };
                    html! {
                        <li>
                            <label class="unit-choice">
                                <input type="checkbox" {disabled} checked={granted.is_some()} onchange={toggle} />
                                <span>{ &unit.name }if several_sites { <span class="caption">{ ", " }{ &site.name }</span> }</span>
                            </label>
                            if let Some(grant) = granted {
                                <label class="unit-until">
                                    <span class="caption">{ "until" }</span>
                                    <input type="date" {disabled} aria-label={format!("{} until", unit.name)} value={as_date(grant.until)} onchange={limit} />
                                </label>
                            }
                        </li>
                    }
                }) }
            </ul>
        </fieldset>
    }
}

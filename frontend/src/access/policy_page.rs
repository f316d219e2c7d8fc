//! Who may do what: roles by class of data, read off the policy in force.

use fleetward_common::access::{DataClass, PolicyRule, PolicyView, Role};
use std::rc::Rc;
use yew::{Callback, Html, Properties, component, html, use_state_eq};

use super::{
    cell::{Cell, Mark, cell},
    told::{as_kept, told},
};
use crate::{
    api::access,
    hooks::use_query,
    ui::{async_view::AsyncView, zone::Zone},
};

const CLASSES: [(DataClass, &str, &str); 6] = [
    (DataClass::Identity, "Identity", "who the patient is"),
    (DataClass::Clinical, "Clinical", "values, alarms, therapy"),
    (DataClass::Technical, "Technical", "faults, software, logs"),
    (DataClass::Usage, "Usage", "hours, functions"),
    (DataClass::Commercial, "Commercial", "contracts, parts"),
    (
        DataClass::Administrative,
        "Administrative",
        "accounts, consent, audit",
    ),
];

const GROUPS: [(&str, &[Role]); 5] = [
    (
        "Hospital",
        &[
            Role::Nurse,
            Role::ChargeNurse,
            Role::Physician,
            Role::BiomedicalEngineer,
            Role::PrivacyOfficer,
            Role::HospitalAdministrator,
            Role::WardStation,
        ],
    ),
    (
        "Home care",
        &[
            Role::ProviderClinician,
            Role::RespiratoryTechnician,
            Role::ProviderAdministrator,
        ],
    ),
    ("Patient", &[Role::Patient, Role::Proxy]),
    (
        "Manufacturer",
        &[
            Role::SupportAgent,
            Role::FieldTechnician,
            Role::ReleaseEngineer,
            Role::ProductSecurity,
            Role::ProductManager,
            Role::ManufacturerAdministrator,
        ],
    ),
    ("Portal", &[Role::PlatformOperator]),
];

#[component(PolicyPage)]
pub fn policy_page() -> Html {
    let policy = use_query((), |()| access::policy());
    let ready = Callback::from(|policy: Rc<PolicyView>| html! { <PolicyTable {policy} /> });
    html! {
        <>
            <div class="page-head">
                <div>
                    <h1>{ "Who may do what" }</h1>
                    <p class="muted">{ "Read only. Every page, list and live stream asks this table; what it does not give is refused." }</p>
                </div>
                <p class="end policy-key">
                    <span>{ mark(Mark::May) }{ "may" }</span>
                    <span>{ mark(Mark::UnderCondition) }{ "only under a condition" }</span>
                    <span>{ mark(Mark::Never) }{ "never, nothing overrides it" }</span>
                </p>
            </div>
            <AsyncView<PolicyView> of={policy} what="the policy" {ready} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PolicyTableProps {
    policy: Rc<PolicyView>,
}

type Chosen = (Role, DataClass);

#[component(PolicyTable)]
fn policy_table(props: &PolicyTableProps) -> Html {
    let chosen = use_state_eq(|| (Role::Nurse, DataClass::Clinical));
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |cell: Chosen| chosen.set(cell))
    };
    let of = |role, class| -> Vec<&PolicyRule> {
        let rules = props.policy.rules.iter();
        rules
            .filter(|rule| (rule.role, rule.class) == (role, class))
            .collect()
    };
    let groups = GROUPS.iter().map(|(group, roles)| {
        let rows = roles.iter().enumerate().map(|(at, role)| {
            let first = (at == 0).then(|| {
                html! {
                    <th class="org" scope="rowgroup" rowspan={roles.len().to_string()}>{ *group }</th>
                }
            });
            let cells = CLASSES.iter().map(|(class, name, _)| {
                let label = format!("{}, {}", role.title(), name);
                drawn(&cell(&of(*role, *class)), *chosen == (*role, *class), label, {
                    let (choose, cell) = (choose.clone(), (*role, *class));
                    Callback::from(move |()| choose.emit(cell))
                })
            });
            html! { <tr>{ first }<th scope="row">{ role.title() }</th>{ for cells }</tr> }
        });
        html! { <tbody>{ for rows }</tbody> }
    });
    let (role, class) = *chosen;
    html! {
        <div class="policy-grid">
            <section class="panel policy-wrap" aria-label="Roles by class of data" tabindex="0">
                <table class="policy">
                    <caption class="hidden">{ "Roles by class of data" }</caption>
                    <thead><tr>
                        <th colspan="2" scope="col">{ "Role" }</th>
                        { for CLASSES.iter().map(|(_, name, holds)| html! { <th scope="col">{ *name }<small>{ *holds }</small></th> }) }
                    </tr></thead>
                    { for groups }
                </table>
            </section>
            { aside(role, class, &of(role, class), &props.policy) }
        </div>
    }
}

fn drawn(cell: &Cell, chosen: bool, label: String, on_choose: Callback<()>) -> Html {
    let (class, does, condition) = match cell.mark {
        Mark::May => ("may", cell.does.as_str(), cell.condition.as_str()),
        Mark::UnderCondition => ("half", cell.does.as_str(), cell.condition.as_str()),
        Mark::Never => ("never", "Never", ""),
        Mark::NotGiven => ("not", "not given", ""),
    };
    html! {
        <td {class}>
            <button type="button" data-cell={label.clone()} aria-pressed={chosen.to_string()}
                onclick={move |_| on_choose.emit(())}>
                { mark(cell.mark) }
                <span class="hidden">{ label }{ ": " }</span>
                <span>{ does }if !condition.is_empty() { { " " }<small>{ condition }</small> }</span>
            </button>
        </td>
    }
}

fn aside(role: Role, class: DataClass, rules: &[&PolicyRule], policy: &PolicyView) -> Html {
    let told = told(rules);
    let name = CLASSES.iter().find(|(known, ..)| *known == class);
    let list = |title: &'static str, mark_of: Mark, sentences: &[String]| {
        let items = sentences
            .iter()
            .map(|sentence| html! { <li>{ mark(mark_of) }<span>{ sentence }</span></li> });
        html! { if !sentences.is_empty() { <section><h3>{ title }</h3><ul>{ for items }</ul></section> } }
    };
    let kept = rules.iter().map(|rule| {
        let word = if rule.denies { "deny" } else { "allow" };
        html! { <li>{ as_kept(rule) }{ " " }<b>{ word }</b></li> }
    });
    let zone = Zone::of_viewer();
    let since = policy.in_force_since;
    html! {
        <aside class="panel policy-told" aria-live="polite">
            <header><p class="muted">{ name.map_or("", |(_, name, _)| name) }{ " data" }</p><h2>{ role.title() }</h2></header>
            if rules.is_empty() {
                <section><p>{ "No rule gives this, so it is refused. A rule could be added." }</p></section>
            }
            { list("may", Mark::May, &told.may) }
            { list("may in an emergency", Mark::UnderCondition, &told.in_emergency) }
            { list("may never", Mark::Never, &told.may_not) }
            if !rules.is_empty() {
                <section><h3>{ "The rules, as kept" }</h3><ol class="mono">{ for kept }</ol></section>
            }
            <p class="policy-foot">
                { format!("In force since {}, {}, release {}. ", zone.date(since), zone.clock(since), policy.release) }
                { "Changes come with a signed release that two people agreed to." }
            </p>
        </aside>
    }
}

fn mark(mark: Mark) -> Html {
    let inside = match mark {
        Mark::May => {
            html! { <><circle class="solid" cx="12" cy="12" r="7.5" /><path class="on" d="M8.5 12.3l2.5 2.5 4.7-5" /></> }
        }
        Mark::UnderCondition => {
            html! { <><circle cx="12" cy="12" r="7.5" /><path class="solid" d="M12 4.5a7.5 7.5 0 0 1 0 15z" /></> }
        }
        Mark::Never => {
            html! { <><circle cx="12" cy="12" r="7.5" /><path d="M6.9 17.1L17.1 6.9" /></> }
        }
        Mark::NotGiven => return html! {},
    };
    let class = match mark {
        Mark::May => "mark may",
        Mark::UnderCondition => "mark half",
        _ => "mark never",
    };
    html! { <svg {class} viewBox="0 0 24 24" aria-hidden="true">{ inside }</svg> }
}

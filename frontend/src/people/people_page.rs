//! Everybody with access to the organisation, and who is invited.

use fleetward_common::{
    access::{Action, Kind},
    people::{MemberCounts, MemberSummary, PeoplePage as Page},
    time::Instant,
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;
use yew_router::prelude::*;

use super::words::state_chip;
use crate::{
    api::{
        clock,
        people::{self, PeopleFilter},
    },
    hooks::{use_keys, use_permitted, use_query, use_refresh, use_text},
    shell::staff::StaffRoute,
    ui::{age::age_text, async_view::AsyncView, help_dialog::HelpDialog, icon::Icon, zone::Zone},
};

const KEYS: &[(&str, &str)] = &[
    ("/", "search by name, role or unit"),
    ("j k", "next, previous person"),
    ("Enter", "open the person in focus"),
    ("i", "invite someone"),
    ("?", "this list"),
];

/// Filters live in the address. It holds no name that is not typed into it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct PeopleQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[component(PeoplePage)]
pub fn people_page() -> Html {
    let query = use_location()
        .and_then(|location| location.query::<PeopleQuery>().ok())
        .unwrap_or_default();
    let navigator = use_navigator();
    let may_invite = use_permitted(Kind::Organisation, Action::Administer);
    let help = use_state_eq(|| false);
    let current = use_state_eq(|| None::<usize>);
    let search = use_text(query.q.clone().unwrap_or_default());
    let filter = PeopleFilter {
        q: query.q.clone(),
        state: query.state.clone(),
        after: query.after.clone(),
    };
    let page = use_query(filter, |filter| async move { people::list(&filter).await });
    use_refresh(page.reload.clone(), 30_000);
    let go = {
        let navigator = navigator.clone();
        Callback::from(move |query: PeopleQuery| {
            if let Some(navigator) = &navigator {
                // A query of plain words always encodes.
                let _ = navigator.push_with_query(&StaffRoute::People, query);
            }
        })
    };
    use_keys({
        let (search, help, current, navigator) =
            (search.clone(), help.clone(), current.clone(), navigator.clone());
        let rows = page.ready().map_or(0, |page| page.items.len());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "/" => {
                event.prevent_default();
                if let Some(field) = search.cast::<HtmlInputElement>() {
                    // A field that can't take focus just doesn't.
                    let _ = field.focus();
                    field.select();
                }
            }
            "j" => walk(&current, rows, true),
            "k" => walk(&current, rows, false),
            "i" if may_invite => {
                if let Some(navigator) = &navigator {
                    navigator.push(&StaffRoute::Invite);
                }
            }
            "?" => help.set(true),
            _ => {}
        })
    });
    let submit = {
        let (go, search, state) = (go.clone(), search.clone(), query.state.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let text = search.cast::<HtmlInputElement>().map(|field| field.value());
            go.emit(PeopleQuery {
                q: text
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty()),
                state: state.clone(),
                after: None,
            });
        }
    };
    let ready = {
        let (query, go, current) = (query.clone(), go.clone(), *current);
        Callback::from(move |page: Rc<Page>| table(&page, &query, &go, current))
    };
    html! {
        <>
            <div class="page-head">
                <div>
                    <h1>{ "People" }</h1>
                    <p class="muted">{ page.ready().map_or_else(String::new, |page| head_words(page)) }</p>
                </div>
                <div class="end">
                    <form class="search" role="search" onsubmit={submit}>
                        <Icon name="search" />
                        <input ref={search} type="search" aria-label="Search by name, role or unit" placeholder="Name, role or unit"
                            autocomplete="off" spellcheck="false" />
                        <kbd aria-hidden="true">{ "/" }</kbd>
                    </form>
                    if may_invite {
                        <Link<StaffRoute> to={StaffRoute::Invite} classes="button primary">{ "Invite someone" }</Link<StaffRoute>>
                    }
                </div>
            </div>
            { filters(&query, page.ready().map(|page| page.counts), &go) }
            <AsyncView<Page> of={page} what="the people" {ready} />
            <HelpDialog keys={KEYS} open={*help} on_close={Callback::from(move |()| help.set(false))} />
        </>
    }
}

fn head_words(page: &Page) -> String {
    let soon = match page.counts.ends_soon {
        0 => "nobody loses access within 30 days".to_owned(),
        1 => "1 loses access within 30 days".to_owned(),
        many => format!("{many} lose access within 30 days"),
    };
    let people = if page.counts.all == 1 { "person" } else { "people" };
    format!("{} {people} at {}; {soon}", page.counts.all, page.organisation)
}

fn filters(query: &PeopleQuery, counts: Option<MemberCounts>, go: &Callback<PeopleQuery>) -> Html {
    let chip = |label: &'static str, count: Option<u64>, state: Option<&'static str>| {
        let (go, q) = (go.clone(), query.q.clone());
        let pressed = query.state.as_deref() == state;
        let onclick = move |_| {
            go.emit(PeopleQuery {
                q: q.clone(),
                state: state.map(str::to_owned),
                after: None,
            });
        };
        html! {
            <button type="button" class="filter" aria-pressed={pressed.to_string()} {onclick}>
                { label }if let Some(count) = count { <b>{ count }</b> }
            </button>
        }
    };
    html! {
        <div class="filters" role="group" aria-label="Which people">
            { chip("All", counts.map(|counts| counts.all), None) }
            { chip("Invited", counts.map(|counts| counts.invited), Some("invited")) }
            { chip("Ends soon", counts.map(|counts| counts.ends_soon), Some("ends_soon")) }
            { chip("Suspended", counts.map(|counts| counts.suspended), Some("suspended")) }
            { chip("Ended", counts.map(|counts| counts.ended), Some("ended")) }
        </div>
    }
}

fn walk(current: &UseStateHandle<Option<usize>>, rows: usize, forward: bool) {
    let last = rows.saturating_sub(1);
    let next = match (**current, forward) {
        (None, _) => 0,
        (Some(row), true) => (row + 1).min(last),
        (Some(row), false) => row.saturating_sub(1),
    };
    current.set(Some(next));
    let link = gloo::utils::document()
        .query_selector(&format!("[data-row=\"{next}\"] a"))
        .ok()
        .flatten();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        // Enter on it opens the person, as on any link.
        let _ = link.focus();
    }
}

fn table(page: &Page, query: &PeopleQuery, go: &Callback<PeopleQuery>, current: Option<usize>) -> Html {
    if page.items.is_empty() {
        return no_hits(query, go);
    }
    let (now, zone) = (clock::now(), Zone::of_viewer());
    let to = |after: Option<String>| {
        let (go, query) = (go.clone(), query.clone());
        move |_| {
            go.emit(PeopleQuery {
                after: after.clone(),
                ..query.clone()
            });
        }
    };
    html! {
        <section class="panel people-table" aria-label="People">
            <div class="table-scroll" tabindex="0" role="region" aria-label="People, table">
                <table class="data">
                    <thead><tr>
                        <th scope="col">{ "Person" }</th><th scope="col">{ "Role" }</th><th scope="col">{ "Units" }</th>
                        <th scope="col">{ "Access until" }</th><th scope="col">{ "Signs in with" }</th>
                        <th scope="col">{ "Last sign-in" }</th><th scope="col">{ "State" }</th>
                    </tr></thead>
                    <tbody>
                        { for page.items.iter().enumerate().map(|(index, person)| row(person, index, current == Some(index), &zone, now)) }
                    </tbody>
                </table>
            </div>
            <p class="table-foot">
                <span>{ format!("{} of {} shown", page.items.len(), page.total) }</span>
                <span class="keys"><span><kbd>{ "j" }</kbd>{ " " }<kbd>{ "k" }</kbd>{ " row" }</span><span><kbd>{ "Enter" }</kbd>{ " open" }</span><span><kbd>{ "?" }</kbd>{ " all keys" }</span></span>
                <span class="end">
                    if query.after.is_some() { <button type="button" class="button" onclick={to(None)}>{ "First page" }</button> }
                    if page.next.is_some() { <button type="button" class="button" onclick={to(page.next.clone())}>{ "Next page" }</button> }
                </span>
            </p>
        </section>
    }
}

fn no_hits(query: &PeopleQuery, go: &Callback<PeopleQuery>) -> Html {
    let go = go.clone();
    html! {
        <section class="panel"><div class="page">
            <h2>{ "Nobody matches" }</h2>
            <p>
                { match (&query.q, &query.state) {
                    (Some(q), Some(_)) => format!("Nobody with “{q}” in this group."),
                    (Some(q), None) => format!("Nobody whose name, role or unit has “{q}” in it."),
                    (None, _) => "Nobody is in this group now.".to_owned(),
                } }
            </p>
            <p><button type="button" class="button" onclick={move |_| go.emit(PeopleQuery::default())}>{ "Clear the filter" }</button></p>
        </div></section>
    }
}

fn row(person: &MemberSummary, index: usize, current: bool, zone: &Zone, now: Instant) -> Html {
    let route = match (person.membership, person.invitation) {
        (Some(membership), _) => StaffRoute::Person { membership },
        (None, Some(invitation)) => StaffRoute::Invitation { invitation },
        (None, None) => return html! {},
    };
    let (word, chip) = state_chip(person.state);
    html! {
        <tr data-row={index.to_string()} class={classes!(current.then_some("is-current"))}>
            <td><b><Link<StaffRoute> to={route}>{ &person.name }</Link<StaffRoute>></b></td>
            <td>{ person.role.title() }</td>
            <td>{ units_words(&person.units) }</td>
            <td>{ person.until.map_or_else(|| html! { <span class="muted">{ "no end" }</span> }, |until| html! { { zone.date(until) } }) }</td>
            <td>{ if person.signs_in_with.is_empty() { "none yet".to_owned() } else { person.signs_in_with.join(", ") } }</td>
            <td>{ person.last_sign_in.map_or_else(
                || html! { <span class="muted">{ "never" }</span> },
                |at| html! { <span class="age">{ age_text(now.since(at)) }{ " ago" }</span> },
            ) }</td>
            <td>{ chip.map_or_else(|| html! { { word } }, |class| html! { <span {class}>{ word }</span> }) }</td>
        </tr>
    }
}

fn units_words(units: &[String]) -> Html {
    match units {
        [] => html! { <span class="muted">{ "none" }</span> },
        [one] => html! { { one } },
        [first, rest @ ..] => {
            html! { <span title={units.join(", ")}>{ format!("{first} and {} more", rest.len()) }</span> }
        }
    }
}
